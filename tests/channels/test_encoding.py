"""Codes of every channel: columns, statements and labels to rows of tables."""

import time

import numpy as np
import pandas as pd
import pytest
from small_case import (
    INCIDENT_ROWS,
    INCIDENTS,
    LABEL_ROWS,
    LABELS,
    STATEMENT_ROWS,
    STATEMENTS,
    small_case,
    table,
)

from attribution.channels.base import COLUMN_PIECE
from attribution.channels.evidence import Evidence, case_evidence, empty_labels, empty_statements
from attribution.channels.label import CONTESTED_WEIGHT, RHO, SERIES_POWER, SERIES_WEIGHT
from attribution.channels.stack import bind_stack


@pytest.fixture(scope="module")
def stack():
    return bind_stack(small_case())


def channel(stack, name):
    return stack.channels[stack.position(name)]


def foreign(incidents=(), statements=(), labels=()):
    """Evidence about incidents that no case lists; statements and labels name their ``row``."""
    said = table(STATEMENTS, statements).drop(columns="incident_id")
    named = table(LABELS, labels).drop(columns="incident_id")
    return Evidence(
        table(INCIDENTS, incidents),
        said.assign(row=[row.get("row", 0) for row in statements]).astype({"row": "int64"}),
        named.assign(row=[row.get("row", 0) for row in labels]).astype({"row": "int64"}),
    )


def levels(bound, entries):
    return [bound.levels[code] for code in entries.code]


def test_a_known_word_takes_its_row_and_a_missing_one_none(stack):
    weapon = channel(stack, "weapon")
    entries = weapon.encode(foreign([{}, {"weapon_type": "unknown"}, {"weapon_type": ""}]))
    assert levels(weapon, entries) == ["indirect › rocket"]  # noqa: RUF001
    assert entries.row.tolist() == [0]
    assert entries.weight.tolist() == [1.0]
    assert entries.piece.tolist() == [COLUMN_PIECE]
    assert entries.notes == ((2, "weapon_type is missing"),)


def test_an_unknown_word_leaves_a_note_with_the_nearest_and_no_entry(stack):
    entries = channel(stack, "weapon").encode(foreign([{"weapon_type": "rokcet"}]))
    assert len(entries.code) == 0
    assert entries.notes == ((0, "weapon_type 'rokcet' is not known (nearest: rocket)"),)


@pytest.mark.parametrize(
    ("cells", "level"),
    [
        ({"place": "Camp"}, "Iraq › North › Camp"),  # noqa: RUF001
        ({"place": "Elsewhere"}, "Iraq › North › (new)"),  # noqa: RUF001
        ({"place": ""}, "Iraq › North"),  # noqa: RUF001
        ({"place": "Camp", "location_precision": "province"}, "Iraq › North"),  # noqa: RUF001
        ({"province": "West", "place": "Camp"}, "Iraq › (new)"),  # noqa: RUF001
        ({"province": "", "place": "Camp"}, "Iraq"),
        ({"country": "Atlantis"}, "(new)"),
    ],
)
def test_unseen_places_are_new_children_and_missing_ones_end_the_path(stack, cells, level):
    place = channel(stack, "place")
    assert levels(place, place.encode(foreign([cells]))) == [level]


def test_no_place_at_all_leaves_a_note(stack):
    entries = channel(stack, "place").encode(foreign([{"country": ""}]))
    assert len(entries.code) == 0
    assert entries.notes == ((0, "country is missing"),)


def test_quarters_before_the_case_are_passed_over_and_later_ones_take_the_last(stack):
    period = channel(stack, "period")
    days = ["2020-12-31", "2021-01-01", "2019-05-05", "2031-01-01", None]
    entries = period.encode(foreign([{"date": day} for day in days]))
    assert levels(period, entries) == ["2020Q4", "2021Q1", "2022Q2"]
    assert entries.row.tolist() == [0, 1, 3]
    assert sorted(entries.notes) == [
        (2, "date 2019-05-05 is before the fitted period"),
        (3, "date 2031-01-01 is after the fitted period"),
    ]


def test_a_new_brand_is_drawn_from_the_population_and_an_unreadable_one_says_nothing(stack):
    claim = channel(stack, "claim")
    day = {"date": "2021-03-01"}
    said = [{"row": 0, "speaker_id": "never_heard_of"}, {"row": 1, "speaker_id": ""}]
    entries = claim.encode(foreign([day, day], said))
    assert levels(claim, entries) == ["(new)", "names in use from 2021-01-01"]
    assert entries.row.tolist() == [0, 0]
    assert entries.weight.tolist() == [1.0, -1.0]
    assert entries.notes == (
        (0, "claiming name 'never_heard_of' is new"),
        (1, "a claim under an unreadable name is not used"),
    )


def test_a_claim_under_a_name_that_says_nothing_is_no_evidence(stack):
    entries = channel(stack, "claim").encode(
        foreign([{"date": "2021-03-01"}], [{"speaker_id": "unknown"}])
    )
    assert len(entries.code) == 0
    assert entries.notes == ((0, "a claim by 'unknown' says nothing"),)


def test_claims_that_cannot_be_read_do_not_weaken_the_others(stack):
    claim = channel(stack, "claim")
    day = {"date": "2021-03-01"}
    alone = claim.encode(foreign([day], [{"speaker_id": "front_a"}]))
    beside = claim.encode(
        foreign([day], [{"speaker_id": "front_a"}, {"speaker_id": ""}, {"speaker_id": "unknown"}])
    )
    assert beside.weight.tolist() == alone.weight.tolist() == [1.0, -1.0]


def test_several_claims_share_and_a_repeated_one_counts_once(stack):
    claim = channel(stack, "claim")
    said = [{"speaker_id": who} for who in ("front_a", "front_split", "front_a")]
    entries = claim.encode(foreign([{"date": "2021-03-01"}], said))
    names = entries.weight[::2]
    np.testing.assert_allclose(names, np.array([0.5, 1.0, 0.5]) / np.sqrt(2))
    np.testing.assert_array_equal(entries.weight[1::2], -names)


def test_a_brand_competes_only_while_it_is_in_use(stack):
    claim = channel(stack, "claim")
    position = {name.group_id: code for code, name in enumerate(claim.names)}

    def alive(day):
        row = claim.alive[claim.epoch_code(pd.Timestamp(day)) - len(claim.names)]
        return {group for group, code in position.items() if row[code]}

    assert "front_late" not in alive("2021-12-31")
    assert "front_late" in alive("2022-01-01")
    assert "front_past" in alive("2020-12-31")
    assert "front_past" not in alive("2021-01-01")
    assert "(new)" in alive("1999-01-01")
    early = claim.encode(foreign([{"date": "2021-03-01"}], [{"speaker_id": "front_late"}]))
    assert early.notes == ((0, "front_late was not in use on that day"),)


def test_a_set_is_another_name_after_a_member_joined_its_founders(stack):
    claim = channel(stack, "claim")
    before, after = (claim.brand_codes(pd.Timestamp(d)) for d in ("2021-06-30", "2021-07-01"))
    assert claim.levels[before["umbrella"]] == "umbrella"
    assert claim.levels[after["umbrella"]] == "umbrella from 2021-07-01"
    prior = np.exp(claim.log_prior)
    assert prior[before["umbrella"], 2] < 0.05
    assert prior[after["umbrella"], 2] > 0.4


def test_a_statement_by_a_stranger_is_passed_over_with_a_note(stack):
    said = [
        {"speaker_id": "a stranger", "kind": "denial"},
        {"speaker_id": "", "kind": "praise"},
        {"speaker_id": "beta", "kind": "denial"},
        {"speaker_id": "unknown", "kind": "denial"},
    ]
    entries = channel(stack, "denial").encode(foreign([{"date": "2021-03-01"}], said))
    assert entries.code.tolist() == [0]  # nobody whose word is known said anything
    assert entries.notes == (
        (0, "denial by 'a stranger' is not used"),
        (0, "praise by an unreadable name is not used"),
        (0, "denial by 'beta' is not used"),
    )


def test_a_repeated_denial_counts_once(stack):
    said = [{"speaker_id": "alpha", "kind": "denial"}] * 3
    entries = channel(stack, "denial").encode(foreign([{"date": "2021-03-01"}], said))
    denial = channel(stack, "denial")
    assert levels(denial, entries) == ["nothing said", *["alpha denial"] * 3]
    np.testing.assert_allclose(entries.weight, [1, 1 / 3, 1 / 3, 1 / 3])


def test_a_label_of_an_unknown_group_or_labeller_is_passed_over_with_a_note(stack):
    named = [{"group_id": "a stranger"}, {"labeller": "nobody"}, {"group_id": "unknown"}]
    entries = channel(stack, "label").encode(foreign([{"date": "2021-03-01"}], (), named))
    assert len(entries.code) == 0
    assert entries.notes == (
        (0, "label by 'us' is not used"),
        (0, "label by 'nobody' is not used"),
    )


def weights(labels):
    """Weights of labels on incident 0 and their order, from a case that has a level for each."""
    case = small_case(labels=[{"incident_id": "i1", **label} for label in labels])
    bound = channel(bind_stack(case), "label")
    entries = bound.encode(case_evidence(case))
    return dict(zip(entries.piece.tolist(), entries.weight.tolist(), strict=True))


def test_a_single_direct_label_weighs_one():
    assert weights([{}]) == {0: 1.0}


def test_an_echo_group_counts_once():
    first, second = {"labeller": "echo_1"}, {"labeller": "echo_2"}
    assert weights([first]) == {0: 1.0}
    assert weights([first, second]) == {0: 0.5, 1: 0.5}
    # ... and beside another voice as much as one labeller would.
    team = weights([first, second, {"labeller": "one"}])
    assert team[0] + team[1] == pytest.approx(team[2]) == pytest.approx(2**-RHO)


def test_independent_voices_lose_weight():
    voices = weights([{"labeller": "us"}, {"labeller": "one"}, {"labeller": "two"}])
    assert list(voices.values()) == pytest.approx([3**-RHO] * 3)


def test_contested_labels_and_labels_of_a_series_weigh_less():
    assert CONTESTED_WEIGHT < 1
    assert SERIES_WEIGHT < 1
    assert weights([{"contested": "yes"}])[0] == pytest.approx(CONTESTED_WEIGHT)
    # More voices in one dispute settle nothing: together they are still contested.
    dispute = [{"labeller": who, "contested": "yes"} for who in ("us", "one", "two")]
    assert list(weights(dispute).values()) == pytest.approx([CONTESTED_WEIGHT * 3**-RHO] * 3)
    assert weights([{"scope": "series"}])[0] == pytest.approx(SERIES_WEIGHT)
    series = [{"scope": "series"}, {"scope": "series", "incident_id": "i2"}]
    assert list(weights(series).values()) == pytest.approx([SERIES_WEIGHT * 2**SERIES_POWER] * 2)


def test_a_label_that_repeats_the_brand_is_not_used_and_takes_nothing_from_others():
    repeated = weights([{"basis": "brand"}, {"labeller": "one"}])
    assert repeated == {1: 1.0}
    in_one_team = weights([{"labeller": "echo_1", "basis": "brand"}, {"labeller": "echo_2"}])
    assert in_one_team == {1: 1.0}


def test_a_label_that_says_nothing_takes_nothing_from_others():
    assert weights([{"group_id": "unknown"}, {"labeller": "one"}]) == {1: 1.0}


def test_weights_of_labels_are_never_negative(iraq):
    entries = channel(bind_stack(iraq), "label").encode(case_evidence(iraq))
    assert (entries.weight > 0).all()
    assert (entries.weight <= 1).all()


def shuffled(rows, seed):
    return [rows[i] for i in np.random.default_rng(seed).permutation(len(rows))]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_codes_do_not_depend_on_the_order_of_rows(seed):
    def bags(case):
        bound = bind_stack(case)
        evidence = case_evidence(case)
        codes = bound.encode(evidence)
        return bound.channels[-1].levels, {
            name: sorted(zip(codes.code[i].tolist(), codes.weight[i].round(12), strict=True))
            for i, name in enumerate(evidence.incidents["incident_id"])
        }

    assert bags(small_case()) == bags(
        small_case(
            incidents=shuffled(INCIDENT_ROWS, seed),
            statements=shuffled(STATEMENT_ROWS, seed),
            labels=shuffled(LABEL_ROWS, seed),
        )
    )


def test_codes_are_the_same_every_time(iraq):
    first, second = (bind_stack(iraq).encode(case_evidence(iraq)) for _ in range(2))
    for name in ("code", "weight", "channel", "piece"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_every_incident_of_the_bundled_case_is_read_without_a_note(iraq):
    assert not any(bind_stack(iraq).encode(case_evidence(iraq)).notes)


def test_slots_hold_what_the_channels_said(stack):
    case = small_case()
    evidence = case_evidence(case)
    codes = stack.encode(evidence)
    for position, bound in enumerate(stack.channels):
        entries = bound.encode(evidence)
        at = codes.channel == position
        found = sorted(
            (int(row), int(code) - stack.offsets[position], float(weight), int(piece))
            for row, code, weight, piece in zip(
                np.nonzero(at)[0], codes.code[at], codes.weight[at], codes.piece[at], strict=True
            )
        )
        listed = zip(entries.row, entries.code, entries.weight, entries.piece, strict=True)
        assert found == sorted((int(r), int(c), float(w), int(p)) for r, c, w, p in listed)
    empty = codes.channel < 0
    assert (codes.code[empty] == stack.zero_row).all()
    assert (codes.weight[empty] == 0).all()
    roles = [stack.channels[p].role for p in codes.channel[:, : codes.act_slots].ravel() if p >= 0]
    assert set(roles) == {"act"}


def test_a_hundred_thousand_foreign_rows_are_encoded_quickly(iraq):
    rows = np.arange(100_000) % len(iraq.incidents)
    incidents = iraq.incidents.iloc[rows].reset_index(drop=True)
    evidence = Evidence(incidents, empty_statements(), empty_labels())
    bound = bind_stack(iraq)
    # Processor time: a machine that is busy with other things is no slower.
    start = time.process_time()
    codes = bound.encode(evidence)
    assert time.process_time() - start < 20
    assert codes.factor.nbytes < 100e6
    assert len(codes.code) == 100_000


def test_no_incidents_have_no_codes(stack):
    codes = stack.encode(foreign())
    assert codes.code.shape == (0, codes.act_slots)


def test_taking_incidents_brings_their_statements_and_labels():
    evidence = case_evidence(small_case())
    taken = evidence.take([4, 1, 4])
    assert taken.incidents["incident_id"].tolist() == ["i4", "i1", "i4"]
    assert sorted(taken.statements["row"]) == [0, 0, 1, 1, 2, 2]
    assert sorted(taken.labels["row"]) == [0, 1, 1, 2]
    assert len(evidence.without_labels().labels) == 0
    nothing = evidence.take([])
    assert len(nothing) == len(nothing.statements) == len(nothing.labels) == 0


def test_pieces_are_described_in_words(stack):
    case = small_case()
    evidence = case_evidence(case)
    codes = stack.encode(evidence)
    found = {
        stack.channels[p].describe(evidence, row, int(piece))
        for row in range(len(evidence))
        for p, piece in zip(codes.channel[row], codes.piece[row], strict=True)
        if p >= 0
    }
    for text in (
        "Weapon: mortar, indirect",
        "Weapon: drone",
        "Place: Camp, North, Iraq",
        "Place: Hill, North, Iraq",
        "Period: quarter 4 of 2020",
        "Claimed by Front of Alpha",
        "Denied by Alpha",
        "Us named Gamma (possible, contested)",
        "Us named Alpha (likely, said of a series)",
    ):
        assert text in found, found
