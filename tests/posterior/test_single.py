"""Single incidents: what is kept and used again is what reading all of it anew would give."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from measured_case import measured_case
from small_case import CHANNELS, MEASURED, small_case

from attribution.channels.base import CLAIMS, LABELS, OTHER_STATEMENTS
from attribution.channels.crossed import CrossedChannel
from attribution.channels.evidence import Evidence, case_evidence
from attribution.channels.stack import Stack, bind_stack, read
from attribution.posterior.explanation import pieces_of, told
from attribution.posterior.single import SingleReader
from attribution.posterior.supposed import Cell, Supposition
from attribution.posterior.what_if import Change, supposition

if TYPE_CHECKING:
    from attribution.case.case import Case

CHANGES = (
    Change({}),
    Change({"weapon_type": "drone"}),
    Change({"weapon_type": ""}),
    Change({"date": "2021-08-01"}),
    Change({"date": ""}),
    Change({"place": "Hill"}),
    Change({"province": "South", "target_type": "shop"}),
    Change({}, claims=[]),
    Change({}, claims=["front_a", "a name nobody knows"]),
    Change({"date": "2022-02-02"}, claims=["front_late"]),
    Change({}, keep_labels=False),
    Change({"weapon_type": "mortar", "date": "2020-12-24"}, claims=["umbrella"], keep_labels=False),
)


@pytest.fixture(scope="module", params=["coded", "measured", "iraq"])
def case(request: pytest.FixtureRequest) -> Case:
    if request.param == "iraq":
        return request.getfixturevalue("iraq")
    small = (
        small_case(channels=CHANNELS)
        if request.param == "coded"
        else measured_case("".join(MEASURED))
    )
    tables = {**small.tables, "groups": small.groups.assign(aliases="")}
    return replace(small, tables=tables)


@pytest.fixture(scope="module")
def stack(case: Case) -> Stack:
    return bind_stack(case)


def fresh(stack: Stack, reader: SingleReader, asked: Supposition):
    """The same incident, all of its channels reading all of its evidence."""
    evidence = reader.evidence(asked)
    codes = stack.encode(evidence)
    readings = [read(channel, evidence) for channel in stack.channels]
    tellings = [
        told(channel, evidence, reading.entries)
        for channel, reading in zip(stack.channels, readings, strict=True)
    ]
    return codes, pieces_of(stack, codes, tellings)


def questions(case: Case, reader: SingleReader):
    rows = [None, *range(min(len(case.incidents), 4))]
    words = case.config.vocabularies
    names = set(case.groups["group_id"])
    for row, change in product(rows, CHANGES):
        kept = {
            column: text
            for column, text in change.columns.items()
            if column in case.incidents and (not text or text in words.get(column, (text,)))
        }
        claims = change.claims
        if claims:
            claims = [name if name in names else min(names) for name in claims]
        yield supposition(case, reader, row, replace(change, columns=kept, claims=claims))[0]


def test_what_is_used_again_is_what_would_be_read_anew(case: Case, stack: Stack) -> None:
    reader = SingleReader(case, stack, case_evidence(case))
    asked = list(questions(case, reader))
    for question in [*asked, *reversed(asked)]:
        found = reader.read(question)
        codes, pieces = fresh(stack, reader, question)
        for name in ("code", "weight", "channel", "piece", "factor"):
            np.testing.assert_array_equal(getattr(found.codes, name), getattr(codes, name))
        assert found.codes.notes == codes.notes
        assert found.codes.act_slots == codes.act_slots
        assert [(p.name, p.channel, p.text, p.source_id, p.date) for p in found.pieces] == [
            (p.name, p.channel, p.text, p.source_id, p.date) for p in pieces
        ]
        np.testing.assert_array_equal(
            np.array([p.slots for p in found.pieces]), np.array([p.slots for p in pieces])
        )


def test_an_incident_as_recorded_has_the_codes_of_the_whole_case(case: Case, stack: Stack) -> None:
    evidence = case_evidence(case)
    reader = SingleReader(case, stack, evidence)
    for row in range(0, len(case.incidents), max(1, len(case.incidents) // 25)):
        expected = stack.encode(evidence.take([row]))
        np.testing.assert_array_equal(reader.read(Supposition(row)).codes.code, expected.code)
        np.testing.assert_array_equal(reader.read(Supposition(row)).codes.weight, expected.weight)


def test_channels_read_what_they_say_and_nothing_else(case: Case, stack: Stack) -> None:
    """Spoil everything that a channel does not read: it must not notice."""
    evidence = case_evidence(case)
    rows = range(0, len(case.incidents), max(1, len(case.incidents) // 12))
    said_otherwise = case_evidence(case).take([0]).labels
    for channel in stack.channels:
        assert channel.reads is not None, channel.name
        for row in rows:
            one = evidence.take([row])
            spoilt = _spoilt(one, channel.reads, said_otherwise)
            expected, found = read(channel, one), read(channel, spoilt)
            np.testing.assert_array_equal(found.entries.code, expected.entries.code)
            np.testing.assert_array_equal(found.entries.weight, expected.entries.weight)
            np.testing.assert_array_equal(found.entries.piece, expected.entries.piece)
            if expected.factor is not None:
                np.testing.assert_array_equal(found.factor, expected.factor)
            assert [each.text for each in told(channel, spoilt, found.entries)] == [
                each.text for each in told(channel, one, expected.entries)
            ]


def _spoilt(evidence: Evidence, reads: frozenset[str], other_labels: pd.DataFrame) -> Evidence:
    incidents = evidence.incidents.copy()
    for column in incidents.columns:
        if column not in reads and column != "source_ids":
            kind = incidents[column].dtype
            value = "something else" if pd.api.types.is_string_dtype(kind) else None
            incidents[column] = pd.Series([value], dtype=kind)
    claims = evidence.statements["kind"] == "claim"
    statements = evidence.statements
    if CLAIMS not in reads:
        statements = statements[~claims]
    if OTHER_STATEMENTS not in reads:
        statements = statements[statements["kind"] == "claim"]
    labels = evidence.labels if LABELS in reads else other_labels
    return Evidence(incidents, statements, labels)


def test_a_channel_that_does_not_say_what_it_reads_reads_everything(iraq: Case) -> None:
    class Secretive(CrossedChannel):
        reads = None

    stack = bind_stack(iraq)
    position = next(n for n, c in enumerate(stack.channels) if isinstance(c, CrossedChannel))
    channel = stack.channels[position]
    secretive = Secretive(**{name: getattr(channel, name) for name in channel.__dataclass_fields__})
    channels = (*stack.channels[:position], secretive, *stack.channels[position + 1 :])
    reader = SingleReader(iraq, Stack(channels), case_evidence(iraq))
    plain = SingleReader(iraq, stack, case_evidence(iraq))
    for asked in (Supposition(3), Supposition(3, (Cell("weapon_type", "drone"),))):
        np.testing.assert_array_equal(reader.read(asked).codes.code, plain.read(asked).codes.code)


def test_an_answer_that_is_kept_cannot_be_changed() -> None:
    from attribution.posterior.store import bundled_model_folder, load

    posterior = load(bundled_model_folder("iraq"))
    before = posterior.what_if("20210215-erbil-airport", weapon_type="drone").before
    assert before is not None
    expected = before.copy()
    before["top_p"] = 0.0
    again = posterior.what_if("20210215-erbil-airport", weapon_type="rocket").before
    pd.testing.assert_frame_equal(again, expected)
