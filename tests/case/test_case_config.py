import dataclasses
from datetime import date

import pytest

from attribution.case.case import Case
from attribution.case.config import parse_config
from attribution.case.load import bundled_case_folder

SMALL = """
name = "small"
title = "A small case"
[vocabularies]
weapon_type = ["rocket"]
[[actors]]
id = "reds"
name = "Reds"
militia = true
iran_backed = true
groups = ["reds"]
[[actors]]
id = "others"
name = "Others"
militia = false
iran_backed = false
residual = true
[[sets]]
name = "alliance"
members = [{ actor = "reds", start = 2020-01-01, end = 2020-12-31 }]
[[channels]]
name = "weapon"
columns = ["weapon_type"]
[channels.options]
scale = 0.5
classes = { rocket = "air" }
words = ["a", "b"]
"""


def test_what_the_file_says_is_what_the_configuration_holds() -> None:
    config, faults = parse_config(SMALL)
    assert faults == ()
    assert config is not None
    assert config.actor_ids == ("reds", "others")
    assert config.actors[1].residual
    assert config.actors[1].groups == ()
    (member,) = config.sets[0].members
    assert (member.start, member.end) == (date(2020, 1, 1), date(2020, 12, 31))
    assert config.channels[0].options == {
        "scale": 0.5,
        "classes": {"rocket": "air"},
        "words": ("a", "b"),
    }
    assert config.vocabularies["weapon_type"] == ("rocket",)
    assert config.text == SMALL
    assert hash(config) == hash(parse_config(f"# a comment\n{SMALL}")[0])
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.name = "other"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "militia = true",
            "militja = true",
            (
                "case.toml, actors[0].militja: 'militja' is no entry here. Did you mean 'militia'? "
                "Allowed: id, name, militia, iran_backed, groups, residual."
            ),
        ),
        (
            'title = "A small case"',
            "",
            "case.toml, title: this entry is missing.",
        ),
        (
            "militia = true",
            'militia = "yes"',
            "case.toml, actors[0].militia: 'yes' does not do: input should be a valid boolean.",
        ),
        (
            "start = 2020-01-01",
            'start = "2020-01-01"',
            (
                "case.toml, sets[0].members[0].start: '2020-01-01' does not do: input should be a "
                "valid date."
            ),
        ),
        (
            "start = 2020-01-01",
            "strat = 2020-01-01",
            (
                "case.toml, sets[0].members[0].strat: 'strat' is no entry here. Did you mean "
                "'start'? Allowed: actor, start, end."
            ),
        ),
        (
            'id = "reds"',
            'id = "The Reds"',
            (
                "case.toml, actors[0].id: 'The Reds' does not do: string should match pattern "
                "'^[a-z0-9][a-z0-9_]*$'."
            ),
        ),
        (
            "[channels.options]",
            "[channels.option]",
            (
                "case.toml, channels[0].option: 'option' is no entry here. Did you mean 'options'? "
                "Allowed: name, columns, options."
            ),
        ),
        (
            'name = "small"',
            'name = "small',
            "case.toml, row 2: not readable as TOML: Illegal character '\\n'.",
        ),
        (
            "start = 2020-01-01",
            "start = 2020-02-30",
            "case.toml, row 20: not readable as TOML: Invalid date or datetime.",
        ),
    ],
)
def test_faults_of_the_file_are_named_by_place(old: str, new: str, line: str) -> None:
    assert old in SMALL
    config, faults = parse_config(SMALL.replace(old, new, 1))
    assert config is None
    assert line in [str(fault) for fault in faults]


def test_several_faults_are_listed_together() -> None:
    text = SMALL.replace("militia = true", "militia = 1").replace('title = "A small case"', "")
    _, faults = parse_config(text)
    assert {fault.column for fault in faults} == {"title", "actors[0].militia"}


def test_a_nest_without_end_is_a_fault() -> None:
    config, (fault,) = parse_config("a = " + "[" * 100_000)
    assert config is None
    assert fault.file == "case.toml"


@pytest.mark.parametrize(
    ("old", "new", "place", "message", "nearest"),
    [
        (
            'groups = ["isis"]',
            'groups = ["isiss"]',
            "actors[6].groups[0]",
            "'isiss' is no group_id of groups.csv",
            "isis",
        ),
        (
            'name = "fasail"',
            'name = "fasayil"',
            "sets[1].name",
            "'fasayil' is no group_id of groups.csv",
            "fasail",
        ),
        (
            'uninformative = ["unknown"]',
            'uninformative = ["unknwon"]',
            "uninformative[0]",
            "'unknwon' is no group_id of groups.csv",
            "unknown",
        ),
        (
            '{ actor = "kataib_hezbollah" }',
            '{ actor = "kataib_hizbollah" }',
            "sets[0].members[0].actor",
            "'kataib_hizbollah' is no actor",
            "kataib_hezbollah",
        ),
        (
            "start = 2023-10-17",
            "start = 2023-10-17, end = 2023-10-01",
            "sets[3].members[0].end",
            "'2023-10-01' is before start '2023-10-17'",
            None,
        ),
        (
            'name = "fasail"',
            'name = "pmf"',
            "sets",
            "'pmf' stands 2 times",
            None,
        ),
        (
            'groups = ["isis"]',
            'groups = ["isis", "kataib_hezbollah"]',
            "actors.groups",
            "'kataib_hezbollah' stands 2 times",
            None,
        ),
        (
            'id = "isis"',
            'id = "iran_state"',
            "actors",
            "'iran_state' stands 2 times",
            None,
        ),
        (
            'groups = ["isis"]',
            "groups = []",
            "actors[6].groups",
            "the actor 'isis' names no groups and is not residual",
            None,
        ),
        (
            'groups = ["isis"]',
            'groups = ["isis"]\nresidual = true',
            "actors[6].groups",
            "the residual actor 'isis' takes what is left: it names no groups",
            None,
        ),
        (
            "residual = true",
            'groups = ["badr"]',
            "actors",
            (
                "no actor takes 22 groups of kind militia ('abbas_combat_division' is one); "
                "name them or add a residual actor"
            ),
            None,
        ),
        (
            'columns = ["weapon_type"]',
            'columns = ["weapon_typ"]',
            "channels[0].columns[0]",
            "the channel weapon reads 'weapon_typ', which is no column",
            "weapon_type",
        ),
        (
            '"statements:speaker_id"',
            '"statements:speaker"',
            "channels[claim].columns[1]",
            "the channel claim reads 'statements:speaker', which is no column",
            "statements:speaker_id",
        ),
        (
            'name = "denial"',
            'name = "claim"',
            "channels",
            "'claim' stands 2 times",
            None,
        ),
        (
            "target_type = [",
            "target_tpye = [",
            "vocabularies.target_tpye",
            "no column has a vocabulary 'target_tpye'",
            "target_type",
        ),
        (
            'country = ["Iraq",',
            'country = ["Iraq", "Iraq",',
            "vocabularies.country",
            "'Iraq' stands 2 times",
            None,
        ),
        (
            'uninformative = ["unknown"]',
            'uninformative = ["unknown", "fasail"]',
            "sets[1].name",
            "'fasail' is already said to be uninformative",
            None,
        ),
        (
            'name = "fasail"',
            'name = "saraya_al_salam"',
            "sets[1].name",
            "'saraya_al_salam' is already the actor saraya_al_salam",
            None,
        ),
    ],
)
def test_what_the_file_names_must_exist(  # noqa: PLR0917
    folder, iraq: Case, old: str, new: str, place: str, message: str, nearest: str | None
) -> None:
    folder.replace("case.toml", old, new)
    claim = [channel.name for channel in iraq.config.channels].index("claim")
    place = place.replace("[claim]", f"[{claim}]")
    found = {(fault.column, fault.message): fault for fault in folder.faults()}
    assert (place, message) in found, [str(fault) for fault in found.values()]
    fault = found[place, message]
    assert (fault.file, fault.row, fault.nearest) == ("case.toml", None, nearest)


def test_a_required_vocabulary_may_not_be_left_out(folder) -> None:
    folder.replace("case.toml", "target_type = [", "labeller_kind = [")
    messages = {fault.column: fault.message for fault in folder.faults()}
    assert messages["vocabularies.target_type"] == "this vocabulary is missing or empty"


def test_faults_of_the_tables_are_listed_beside_those_of_the_file(folder) -> None:
    folder.replace("case.toml", "iran_backed = true", "iran_backed = maybe")
    folder.edit("incidents", 12, "latitude", "133")
    folder.edit("labels", 12, "group_id", "nobody")
    assert [fault.file for fault in folder.faults()] == [
        "case.toml",
        "incidents.csv",
        "labels.csv",
    ]


def test_the_bundled_vocabularies_hold_every_word_once_and_no_other_case_is_assumed(
    iraq: Case,
) -> None:
    for column in ("weapon_type", "target_type", "country"):
        assert set(iraq.incidents[column]) == set(iraq.config.vocabularies[column])
    provinces = set(iraq.incidents["province"]) | set(iraq.territory["province"])
    assert provinces - {""} <= set(iraq.config.vocabularies["province"])


def test_every_class_of_a_channel_is_a_word_of_its_column(iraq: Case) -> None:
    channels = {channel.name: channel for channel in iraq.config.channels}
    weapons = set(iraq.config.vocabularies["weapon_type"])
    assert set(channels["weapon"].options["classes"]) == weapons - {"unknown"}
    assert set(channels["target"].options["classes"]) == set(
        iraq.config.vocabularies["target_type"]
    )


def test_dated_members_rest_on_a_source_of_the_case(iraq: Case) -> None:
    # Each source in brackets in a comment of case.toml is one of sources.csv.
    text = (bundled_case_folder() / "case.toml").read_text(encoding="utf-8")
    comments = " ".join(line[1:] for line in text.splitlines() if line.startswith("#"))
    cited = [
        source.strip()
        for bracket in comments.split("[")[1:]
        for source in bracket.split("]")[0].split(",")
    ]
    assert len(cited) >= 10
    assert set(cited) <= set(iraq.sources["source_id"])
