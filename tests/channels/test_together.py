"""Incidents coded together are coded as each would be alone, and as plain loops would."""

from bisect import bisect_right
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_case import (
    CHANNELS,
    INCIDENTS,
    LABEL_ROWS,
    LABELS,
    MEASURED,
    STATEMENT_ROWS,
    STATEMENTS,
    small_case,
    table,
)

from attribution.channels.base import COLUMN_PIECE
from attribution.channels.evidence import Evidence
from attribution.channels.links import LATER
from attribution.channels.stack import Stack, bind_stack

CROSSED = """
[[channels]]
name = "crossed"
columns = ["weapon_type", "province", "date"]
[channels.options]
crossings = [["weapon_type", "date"], ["province", "weapon_type"]]
"""
#: Another member joins the umbrella between these incidents.
ON_BOTH_SIDES_OF_A_CHANGE = (
    [
        {"incident_id": incident, "speaker_id": "umbrella", "kind": kind}
        for incident in ("i0", "i4")
        for kind in ("denial", "praise")
    ],
    [
        {"incident_id": incident, "group_id": "umbrella", "labeller": who}
        for incident in ("i0", "i4")
        for who in ("us", "one")
    ],
)
NAMES = ("front_a", "front_split", "front_late", "front_past", "umbrella", "alpha", "beta")
NOBODY = ("unknown", "", "a stranger")
DAYS = (
    None,
    "0001-01-01",
    "1999-01-01",
    "2020-12-31",
    "2021-01-01",
    "2021-02-12",
    "2021-06-30",
    "2021-07-01",
    "2022-05-05",
    "2031-01-01",
    "9999-12-31",
)


def choice(**values):
    return st.fixed_dictionaries({name: st.sampled_from(words) for name, words in values.items()})


incidents = choice(
    incident_id=("i0", "i1", "i4", "elsewhere"),
    date=DAYS,
    country=("Iraq", "Atlantis", ""),
    province=("North", "South", "West", ""),
    place=("Camp", "Hill", "Elsewhere", ""),
    location_precision=("town", "province"),
    weapon_type=("rocket", "mortar", "drone", "rokcet", "unknown", ""),
    target_type=("base", "shop", "sohp", ""),
    latitude=(float("nan"), 34.0, 34.2),
    longitude=(float("nan"), 44.0, 45.0),
)
statements = choice(
    speaker_id=(*NAMES, "umbrella", *NOBODY),
    kind=("claim", "claim", "denial", "praise", "condemnation", "other"),
)
labels = choice(
    labeller=("us", "one", "nobody"),
    labeller_type=("official", "official", "analyst"),
    group_id=("alpha", "beta", "backed", "umbrella", "umbrella", "unknown", "a stranger"),
    confidence=("likely", "likely", "possible"),
    contested=("yes", "no"),
    scope=("incident", "series"),
    basis=("direct", "brand"),
)


@st.composite
def evidences(draw) -> Evidence:
    """Some incidents, many of them alike, with what was said of them in any order."""
    usual, days = draw(incidents), st.sampled_from(DAYS)
    # Alike but for the day, or not alike at all.
    kind = st.one_of(days.map(lambda day: {**usual, "date": day}), incidents)
    about = draw(st.lists(kind, min_size=2, max_size=8))
    row = st.integers(0, len(about) - 1)
    said, named = (
        draw(st.lists(st.tuples(row, st.sampled_from(draw(few))), max_size=12))
        for few in (st.lists(each, min_size=1, max_size=3) for each in (statements, labels))
    )
    days = np.array([cells["date"] for cells in about], dtype="datetime64[us]")
    rows = table(INCIDENTS, [{**cells, "date": None} for cells in about]).assign(date=days)
    return Evidence(rows, attached(STATEMENTS, said), attached(LABELS, named))


def attached(usual, rows) -> pd.DataFrame:
    frame = table(usual, [cells for _, cells in rows]).drop(columns="incident_id")
    return frame.assign(row=pd.Series([row for row, _ in rows], dtype="int64"))


@pytest.fixture(scope="module")
def stack() -> Stack:
    return bind_stack(
        small_case(
            channels=(*CHANNELS, *MEASURED, CROSSED),
            statements=(*STATEMENT_ROWS, *ON_BOTH_SIDES_OF_A_CHANGE[0]),
            labels=(*LABEL_ROWS, *ON_BOTH_SIDES_OF_A_CHANGE[1]),
        )
    )


def alone(evidence: Evidence, row: int) -> Evidence:
    """One incident, its statements and labels keeping their indices."""
    said, named = (
        one[one["row"] == row].assign(row=0) for one in (evidence.statements, evidence.labels)
    )
    return Evidence(evidence.incidents.iloc[[row]].reset_index(drop=True), said, named)


@settings(deadline=None, max_examples=25)
@given(evidences())
def test_each_channel_says_of_every_incident_what_it_says_of_it_alone(stack, evidence):
    for channel in stack.channels:
        assert_said_alone(channel, evidence)


def assert_said_alone(channel, evidence: Evidence) -> None:
    together = channel.encode(evidence)
    listed = list(zip(together.code, together.weight, together.piece, strict=True))
    measured = channel.measure(evidence)
    for row in range(len(evidence)):
        one = alone(evidence, row)
        own = channel.encode(one)
        found = [each for each, of in zip(listed, together.row, strict=True) if of == row]
        assert found == list(zip(own.code, own.weight, own.piece, strict=True)), channel.name
        notes = [text for of, text in together.notes if of == row]
        assert notes == [text for _, text in own.notes], channel.name
        if measured is not None:
            np.testing.assert_allclose(measured[row], channel.measure(one)[0], rtol=1e-12)


def test_what_was_said_counts_by_the_day_of_each_incident(stack):
    """Every name on every day: members and names in use change between them."""
    days = np.array(DAYS, dtype="datetime64[us]")
    about = range(len(days))
    said = [
        (row, {"speaker_id": who, "kind": kind})
        for row in about
        for who in (*NAMES, *NOBODY)
        for kind in ("claim", "denial", "praise")
    ]
    named = [
        (row, {"labeller": who, "group_id": group})
        for row in about
        for who in ("us", "one", "nobody")
        for group in ("alpha", "backed", "umbrella", "unknown", "a stranger")
    ]
    rows = table(INCIDENTS, [{} for _ in about]).assign(date=days)
    evidence = Evidence(rows, attached(STATEMENTS, said), attached(LABELS, named))
    for name in ("claim", "denial", "label"):
        assert_said_alone(stack.channels[stack.position(name)], evidence)


@settings(deadline=None, max_examples=20)
@given(evidences())
def test_the_notes_of_all_channels_are_gathered_incident_by_incident(stack, evidence):
    wanted = [
        [
            text
            for channel in stack.channels
            for of, text in channel.encode(evidence).notes
            if of == row
        ]
        for row in range(len(evidence))
    ]
    assert [list(notes) for notes in stack.encode(evidence).notes] == wanted


def nested_code(channel, path) -> int:
    """The row of a path, of its nearest known parent's new child, or -1."""
    if not path:
        return -1
    paths = list(channel.paths)
    tried = [path, *((*path[:length], "(new)") for length in range(len(path) - 1, -1, -1))]
    return next(paths.index(each) for each in tried if each in paths)


def column_codes(stack, incident) -> dict[str, set[int]]:
    """Codes of one incident's columns, channel by channel."""
    by_name = {channel.name: channel for channel in stack.channels}
    kind = {"rocket": "indirect", "mortar": "indirect", "drone": "drone"}
    sort = {"base": "military", "convoy": "military", "shop": "shop"}
    weapon, target = incident["weapon_type"], incident["target_type"]
    where = []
    for column in ("country", "province", "place"):
        coarse = column == "place" and incident["location_precision"] == "province"
        if coarse or not incident[column]:
            break
        where.append(incident[column])
    codes = {
        "weapon": nested_code(by_name["weapon"], (kind[weapon], weapon) if weapon in kind else ()),
        "target": nested_code(by_name["target"], (sort[target], target) if target in sort else ()),
        "place": nested_code(by_name["place"], tuple(where)),
        "period": -1,
    }
    day = incident["date"]
    if not pd.isna(day):
        quarters = [pd.Period(level, freq="Q") for level in by_name["period"].levels]
        quarter = 4 * day.year + (day.month - 1) // 3
        first = 4 * quarters[0].year + quarters[0].quarter - 1
        codes["period"] = max(-1, min(quarter - first, len(quarters) - 1))
    found = {name: {code} - {-1} for name, code in codes.items()}
    words = {
        "weapon_type": kind.get(weapon, ""),
        "province": incident["province"],
        "date": "" if pd.isna(day) else str(day.year),
    }
    crossed = by_name["crossed"]
    found["crossed"] = set()
    for columns in crossed.crossings:
        if all(words[column] for column in columns):
            level = " × ".join(words[column] for column in columns)  # noqa: RUF001
            unseen = f"{' × '.join(columns)} (new)"  # noqa: RUF001
            seen = level if level in crossed.levels else unseen
            found["crossed"].add(crossed.levels.index(seen))
    return found


@settings(deadline=None, max_examples=50)
@given(evidences())
def test_columns_have_the_codes_of_a_plain_loop(stack, evidence):
    wanted = [column_codes(stack, row) for _, row in evidence.incidents.iterrows()]
    for name in wanted[0]:
        entries = stack.channels[stack.position(name)].encode(evidence)
        assert (entries.piece == COLUMN_PIECE).all()
        assert (entries.weight == 1).all()
        for row, codes in enumerate(wanted):
            assert set(entries.code[entries.row == row].tolist()) == codes[name]


def claims_of(channel, evidence):
    """Name, epoch and weight of every claim, one after the other."""
    read = []
    table = evidence.statements[evidence.statements["kind"] == "claim"]
    for piece, row, speaker in zip(table.index, table["row"], table["speaker_id"], strict=True):
        day = evidence.incidents["date"][row]
        if speaker in {"", "unknown"}:
            continue
        spans = [
            code
            for code, name in enumerate(channel.names)
            if name.group_id == speaker and (pd.isna(day) or name.start <= day <= name.end)
        ]
        on = LATER if pd.isna(day) else day
        epoch = max(0, bisect_right(channel.epochs, on) - 1)
        new = len(channel.names) - 1
        read.append((piece, row, speaker, spans[0] if spans else new, epoch))
    repeats = Counter((row, speaker) for _, row, speaker, _, _ in read)
    names = Counter(row for row, _ in repeats)
    for piece, row, speaker, code, epoch in read:
        weight = names[row] ** -0.5 / repeats[row, speaker]
        yield (row, code, weight, piece)
        yield (row, len(channel.names) + epoch, -weight, piece)


@settings(deadline=None, max_examples=50)
@given(evidences())
def test_claims_have_the_codes_of_a_plain_loop(stack, evidence):
    claim = stack.channels[stack.position("claim")]
    found = claim.encode(evidence)
    wanted = list(claims_of(claim, evidence))
    assert list(zip(found.row, found.code, found.piece, strict=True)) == [
        (row, code, piece) for row, code, _, piece in wanted
    ]
    np.testing.assert_allclose(found.weight, [weight for _, _, weight, _ in wanted], rtol=1e-15)
