import dataclasses
import math
import re
from io import StringIO

import pandas as pd
import pytest
from fake_posterior import FakePosterior
from rich.console import Console

from attribution.case.case import Case
from attribution.channels.base import spoken_word
from attribution.model.words import percent
from attribution.report.blocks import Bullets, Column, Heading, Paragraph, Table
from attribution.report.headline import headline
from attribution.report.incident import IncidentView, incident_view
from attribution.report.plain import plain_text, printable
from attribution.report.tables import brands_table, preferences_table, shares_table
from attribution.report.terminal import print_blocks
from attribution.report.text import (
    incident_blocks,
    render_headline,
    render_incident,
    signed,
    verdict,
)

ERBIL = "20210215-erbil-airport"


@pytest.fixture(scope="module")
def posterior(iraq: Case) -> FakePosterior:
    return FakePosterior(iraq)


@pytest.fixture(scope="module")
def erbil(posterior: FakePosterior) -> IncidentView:
    return incident_view(posterior.case, posterior.actor_names, posterior.explain(ERBIL))


def test_headline_says_what_is_counted_and_what_stayed_open(posterior: FakePosterior) -> None:
    head = headline(posterior)
    incidents = posterior.case.incidents
    counted = incidents[
        incidents["date"].between("2020-01-01", "2020-09-30")
        & (incidents["weapon_type"] == "rocket")
        & (incidents["country"] == "Iraq")
        & incidents["target_type"].isin(["us_coalition_base", "us_diplomatic", "contractor_site"])
    ]
    assert head.n_incidents == len(counted)
    assert [s.share for s in head.shares] == sorted((s.share for s in head.shares), reverse=True)
    text = render_headline(posterior)
    assert f"{len(counted)} incidents" in text
    assert "57 known attacks" in text
    assert "alarabiya_2021_03" in text
    assert "90 % interval" in text
    for name in posterior.actor_names.values():
        assert name in text


def test_incident_names_place_weapon_actors_and_sources(posterior: FakePosterior) -> None:
    text = render_incident(posterior, posterior.explain(ERBIL))
    for expected in (
        "2021-02-15, 21:30 local time",
        "Erbil Air Base / Erbil International Airport, Erbil, Iraq",
        "rocket, 107mm (Fajr-1), 14 reported",
        "US coalition base",
        "Confidence in the evidence base",
        "Washington Institute",
        "https://rudaw.net/english/kurdistan/030320212",
        "No address on record",
        "no finding of responsibility",
    ):
        assert expected in text
    assert text == render_incident(posterior, posterior.explain(ERBIL))
    assert not re.search(r"\bnan\b|\bNaT\b|None|<NA>", text)


def test_any_incident_of_the_case_can_be_shown(posterior: FakePosterior) -> None:
    for incident_id in posterior.case.incidents["incident_id"][::5]:
        text = render_incident(posterior, posterior.explain(incident_id))
        assert incident_id in text
        assert not re.search(r"\bnan\b|\bNaT\b|\bNone\b|<NA>", text), incident_id


def test_every_source_of_the_evidence_is_cited_once(erbil: IncidentView) -> None:
    cited = [source.source_id for source in erbil.sources]
    assert len(cited) == len(set(cited))
    assert set(cited) == {p.source.source_id for p in erbil.pieces if p.source}
    text = plain_text(incident_blocks(erbil))
    for number in range(1, len(cited) + 1):
        assert f"* [{number}] " in text


def test_what_is_missing_is_told(posterior: FakePosterior) -> None:
    labelled = set(posterior.case.labels["incident_id"])
    bare = next(i for i in posterior.case.incidents["incident_id"] if i not in labelled)
    view = incident_view(posterior.case, posterior.actor_names, posterior.explain(bare))
    assert "No official, analyst or medium is on record with a view of who did it" in view.missing


def test_changes_of_a_what_if_are_shown_as_facts(posterior: FakePosterior) -> None:
    view = incident_view(
        posterior.case,
        posterior.actor_names,
        posterior.explain(ERBIL),
        {"weapon_type": "drone", "province": ""},
    )
    facts = dict(view.facts)
    assert facts["Weapon"].startswith("drone")
    assert facts["Place"] == "Erbil Air Base / Erbil International Airport, Iraq"


@pytest.mark.parametrize(
    ("p", "start"),
    [
        (0.97, "Kataib Hezbollah is almost certainly behind it: 97 %"),
        (0.9, "Kataib Hezbollah is very likely to be behind it: 90 %"),
        (0.6, "Kataib Hezbollah is likely to be behind it: 60 %"),
        (0.5, "No actor stands out: Kataib Hezbollah comes first at 50 %"),
        (0.3, "No actor stands out: Kataib Hezbollah comes first at 30 %"),
    ],
)
def test_the_verdict_claims_no_more_than_the_probability(
    erbil: IncidentView, p: float, start: str
) -> None:
    first, second = (dataclasses.replace(c, lo=0.0, hi=1.0) for c in erbil.chances[:2])
    from attribution.model.words import icd203

    best = dataclasses.replace(first, name="Kataib Hezbollah", p=p, words=icd203(p))
    text = verdict(dataclasses.replace(erbil, chances=(best, second)))
    assert text.startswith(start)
    assert "90 % interval 0 to 100 %" in text
    assert f"Next comes {second.name}" in text


def test_a_rejected_incident_has_no_probabilities(erbil: IncidentView) -> None:
    rejected = dataclasses.replace(erbil, chances=(), status="rejected: no date")
    text = plain_text(incident_blocks(rejected))
    assert "Not attributed: rejected: no date." in text
    assert "%" not in text


def test_plain_tables_line_up() -> None:
    table = Table((Column("name"), Column("n", "right")), (("a", "1"), ("long name", "100")))
    assert plain_text([Heading("T"), table]) == (
        "T\n-\n\nname         n\na            1\nlong name  100"
    )
    assert plain_text([Table((Column("a"),), (), empty="None here.")]) == "None here."


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\x1b[31mred\x07", "a[31mred"),
        ("two\nlines\tand  blanks", "two lines and blanks"),
        ("right\u202eleft", "rightleft"),
        ("كتائب حزب الله", "كتائب حزب الله"),
    ],
)
def test_nothing_steers_the_terminal(raw: str, shown: str) -> None:
    assert printable(raw) == shown


def test_addresses_are_not_broken_in_plain_text() -> None:
    address = "https://example.org/" + "very-long-" * 12
    assert address in plain_text([Bullets((f"[1] Someone. {address} (id)",))])


def test_square_brackets_are_no_markup_on_a_terminal() -> None:
    out = StringIO()
    console = Console(file=out, force_terminal=True, width=80)
    text = "[Drone hits hotel] [/nonsense] [bold]"
    print_blocks(
        [
            Heading(text),
            Paragraph(text),
            Bullets((text,)),
            Table((Column("[x]"),), ((text,),)),
            Table((Column("y"),), ()),
        ],
        console,
    )
    assert out.getvalue().count("[/nonsense]") == 4
    assert "[x]" in out.getvalue()
    assert "Nothing to show." in out.getvalue()


@pytest.mark.parametrize(
    ("decibans", "text"), [(-0.04, "0.0"), (0.04, "0.0"), (-3.14, "-3.1"), (12.0, "+12.0")]
)
def test_weights_have_a_sign_unless_they_are_nothing(decibans: float, text: str) -> None:
    assert signed(decibans) == text


def test_vocabulary_words_for_people() -> None:
    assert spoken_word("us_coalition_base") == "US coalition base"
    assert spoken_word("ied") == "IED"
    assert spoken_word("") == ""


def test_shares_by_period_keep_the_periods_order(posterior: FakePosterior) -> None:
    table = shares_table(posterior.shares("2020-01-01", "2020-12-31", by="quarter"))
    assert table.columns[0].title == "period"
    assert list(dict.fromkeys(row[0] for row in table.rows)) == [
        "2020Q1",
        "2020Q2",
        "2020Q3",
        "2020Q4",
    ]
    whole = shares_table(posterior.shares())
    assert whole.columns[0].title == "actor"
    nothing = shares_table(posterior.shares("1990-01-01", "1990-01-02"))
    assert plain_text([nothing]) == "No incident of the case fits."


def test_brands_show_their_most_probable_actors(posterior: FakePosterior) -> None:
    table = brands_table(posterior.brands(), posterior.actor_names, most_actors=2)
    assert len(table.rows) == 2 * posterior.brands()["brand_id"].nunique()
    claims = [int(row[1]) for row in table.rows if row[0]]
    assert claims == sorted(claims, reverse=True)
    assert {row[3] for row in table.rows} <= set(posterior.actor_names.values())


def test_missing_figures_are_dashes(posterior: FakePosterior) -> None:
    frame = pd.DataFrame(
        [
            {
                "labeller_type": "media",
                "actor": "isis",
                "share": math.nan,
                "lo": math.nan,
                "hi": math.nan,
            }
        ]
    )
    assert preferences_table(frame, posterior.actor_names).rows == (
        ("media", "Islamic State", "-", "-"),
    )


def test_what_is_missing_is_told_with_what_it_could_change(posterior: FakePosterior) -> None:
    unlabelled = set(posterior.case.incidents["incident_id"]) - set(
        posterior.case.labels["incident_id"]
    )
    incident_id = min(unlabelled)
    table = posterior.missing(incident_id)
    view = incident_view(
        posterior.case, posterior.actor_names, posterior.explain(incident_id), missing=table
    )
    (lacking,) = view.lacking
    assert lacking.missing == "label"
    assert lacking.shift == table.at[0, "shift"]
    assert lacking.name == posterior.actor_names[table.at[0, "actor"]]
    (told,) = [text for text in view.missing if "view of who did it. One such view" in text]
    for number in (lacking.now, lacking.lowest, lacking.highest, lacking.overturned):
        assert percent(number) in told
    assert f"by {round(100 * lacking.shift)} point" in told
    assert "(a mouse)" in told
    assert "with a chance of 25 % another actor would come first" in told
    assert told in " ".join(render_incident(posterior, posterior.explain(incident_id)).split())
    unasked = incident_view(posterior.case, posterior.actor_names, posterior.explain(incident_id))
    assert unasked.lacking == ()
    assert not any("expected to move" in text for text in unasked.missing)


def test_every_piece_has_its_sources(iraq: Case, erbil: IncidentView) -> None:
    """What was done was read in all of the incident's sources, what was said in one."""
    row = iraq.incidents.set_index("incident_id").loc[ERBIL]
    named = tuple(row["source_ids"].split(";"))
    explanation = FakePosterior(iraq).explain(ERBIL)
    evidence = tuple(
        each._replace(source_id=row["source_ids"]) if each.piece == "weapon" else each
        for each in explanation.evidence
    )
    view = incident_view(
        iraq, FakePosterior(iraq).actor_names, dataclasses.replace(explanation, evidence=evidence)
    )
    weapon_piece = next(piece for piece in view.pieces if piece.piece == "weapon")
    assert tuple(source.source_id for source in weapon_piece.sources) == named
    assert weapon_piece.source is None
    assert view.sources[: len(named)] == weapon_piece.sources
    blocks = incident_blocks(view)
    lines = [row for block in blocks if isinstance(block, Table) for row in block.rows]
    assert any(f"[1-{len(named)}]" in cell for line in lines for cell in line)
    for piece in erbil.pieces:
        if piece.source is not None:
            assert piece.sources == (piece.source,)
