"""Neighbours: the record of the neighbourhood, from the broad and old to the narrow and recent."""

import math

import numpy as np
import pandas as pd
import pytest
from measured_case import (
    INCIDENTS,
    LABELS,
    NAMED_WITH_REST,
    amounts,
    bound,
    day,
    distance,
    measured_case,
    recorded,
    relabelled,
    same,
    without,
)
from small_case import CHANNELS, CONFIG, LABEL, NEIGHBOURS, small_case

from attribution.case.config import parse_config
from attribution.channels import neighbours
from attribution.channels.evidence import Evidence, case_evidence, empty_labels, empty_statements

IDS = [row["incident_id"] for row in INCIDENTS]
#: Kilometres or the column of places, half-life and concentration: what NEIGHBOURS says.
SCALES = ((100.0, "", math.inf, 2.0), (None, "province", 365.0, 1.0), (10.0, "", 90.0, 2.0))
#: Columns that are shares of one whole, and the residual ones among all.
BLOCKS = (((0, 2, 3), (1,), (4, 5)), ())
BLOCKS_WITH_REST = (((0, 2, 3, 4), (1,), (5,), (6, 7, 8)), (4, 5, 8))


def expected_scores(row, record, blocks, *, least=0.0, residual=0.5):
    """Log of the shares of all columns for one incident, in plain loops from the formula."""
    wholes, left = blocks
    seen = {
        name: shares
        for name, shares in record.items()
        if name != row["incident_id"] and day(INCIDENTS[IDS.index(name)]) <= day(row)
    }
    own = {row["incident_id"]} & set(record)
    whole_record = len(seen) + len(own) == len(record)
    scores = {}
    for whole in wholes:
        known = [
            c in left
            or whole_record
            or sum(shares.get(c, 0.0) for shares in seen.values()) >= least - 1e-6
            for c in whole
        ]
        rest = [c for c in whole if c in left]
        share = []
        for c, listed in zip(whole, known, strict=True):
            if not rest or len(rest) == len(whole):
                start = 1 / len(whole)
            elif c in left:
                start = residual / len(rest)
            else:
                start = (1 - residual) / (len(whole) - len(rest))
            share.append(start if listed else start / 1000)
        share = [value / sum(share) for value in share]
        for kilometres, column, half_life, concentration in SCALES:
            counts = dict.fromkeys(whole, 0.0)
            for name, shares in seen.items():
                other = INCIDENTS[IDS.index(name)]
                if column:
                    near = float(same(row, other, column))
                else:
                    apart = distance(row, other)
                    near = 0.0 if math.isnan(apart) else math.exp(-apart / kilometres)
                weight = near * 2 ** (-(day(row) - day(other)) / half_life)
                for c, listed in zip(whole, known, strict=True):
                    for taker in [c] if listed else rest:
                        part = 1 if listed else len(rest)
                        counts[taker] += weight * shares.get(c, 0.0) / part
            total = sum(counts.values())
            share = [
                (counts[c] + concentration * m) / (total + concentration)
                for c, m in zip(whole, share, strict=True)
            ]
        scores.update({c: math.log(len(whole) * m) for c, m in zip(whole, share, strict=True)})
    return [scores[c] for c in sorted(scores)]


@pytest.fixture(scope="module")
def measured():
    return amounts(measured_case(NEIGHBOURS), "neighbours")


def test_scores_are_those_of_the_formula_in_plain_loops(measured):
    record = recorded()
    assert measured.shape == (8, 2, 6)
    for row, found in zip(INCIDENTS, measured[:, 0], strict=True):
        np.testing.assert_allclose(found, expected_scores(row, record, BLOCKS), atol=1e-9)
    # No actor stands for others.
    assert not measured[:, 1].any()
    assert np.ptp(measured[:, 0], axis=0).max() > 0.5


@pytest.mark.parametrize("least", [0.0, 0.7, 1.5])
@pytest.mark.parametrize("residual", [0.5, 0.2])
def test_residual_actors_take_their_share_and_whoever_is_not_on_the_list_yet(least, residual):
    options = f"established = {least}\nresidual = {residual}\nscales"
    entry = NEIGHBOURS.replace("scales", options)
    labels = (*LABELS, {"incident_id": "f", "group_id": "bees", "labeller": "one"})
    found = amounts(measured_case(entry, labels, rest=True), "neighbours")
    record = recorded(labels, named=NAMED_WITH_REST)
    for row, scores in zip(INCIDENTS, found[:, 0], strict=True):
        expected = expected_scores(row, record, BLOCKS_WITH_REST, least=least, residual=residual)
        np.testing.assert_allclose(scores, expected, atol=1e-9)
    assert found[:, 1].tolist() == [[0, 0, 0, 0, 1, 1, 0, 0, 1]] * 8


def test_shares_sum_to_one_within_every_family_and_between_families(measured):
    for whole in BLOCKS[0]:
        total = np.exp(measured[:, 0, list(whole)]).sum(axis=1) / len(whole)
        np.testing.assert_allclose(total, 1.0, rtol=1e-12)
    # A family of one has nobody to share with.
    assert not measured[:, 0, 1].any()


def test_the_actor_next_door_becomes_likelier():
    labels = [{"incident_id": "a", "group_id": "gamma", "confidence": "certain"}]
    found = amounts(measured_case(NEIGHBOURS, labels), "neighbours")
    near, far = found[IDS.index("b"), 0], found[IDS.index("g"), 0]
    assert near[3] > near[0] == near[2]
    assert near[4] > near[5]
    # g is of another province and has no coordinates: nothing is known there.
    np.testing.assert_allclose(far, 0.0, atol=1e-12)


@pytest.mark.parametrize("least", [0.0, 0.7])
@pytest.mark.parametrize("incident", IDS)
def test_neither_later_labels_nor_its_own_change_what_an_incident_sees(incident, least):
    entry = NEIGHBOURS.replace("scales", f"established = {least}\nscales")
    row = IDS.index(incident)
    unseen = {incident} | {
        name for name, other in zip(IDS, INCIDENTS, strict=True) if day(other) > day(INCIDENTS[row])
    }
    usual = amounts(measured_case(entry), "neighbours")
    for group in ("gamma", "state", "backed"):
        changed = amounts(measured_case(entry, relabelled(LABELS, unseen, group)), "neighbours")
        np.testing.assert_array_equal(changed[row], usual[row])
        # ... although they change what others see.
        if incident in {"a", "b", "c"}:
            assert np.abs(changed - usual).max() > 0.05


def test_earlier_labels_do_change_it(measured):
    changed = amounts(measured_case(NEIGHBOURS, relabelled(LABELS, {"b"}, "gamma")), "neighbours")
    moved = np.abs(changed - measured).max(axis=(1, 2)) > 1e-3
    seen = [day(row) >= day(INCIDENTS[1]) and row["incident_id"] != "b" for row in INCIDENTS]
    # d and g are of another province and have no coordinates.
    seen[IDS.index("d")] = seen[IDS.index("g")] = False
    assert moved.tolist() == seen


def test_the_order_of_rows_does_not_matter(measured):
    backwards = small_case(
        channels=measured_channels(),
        incidents=INCIDENTS[::-1],
        labels=[label for label in LABELS if label.get("group_id") != "anyone"][::-1],
        statements=[],
    )
    found = amounts(backwards, "neighbours")[::-1]
    np.testing.assert_allclose(found, measured, atol=1e-12)


def measured_channels():
    return [NEIGHBOURS, CHANNELS[-1]]


def test_without_any_label_everyone_has_the_start():
    plain = amounts(measured_case(NEIGHBOURS, labels=()), "neighbours")
    np.testing.assert_allclose(plain, 0.0, atol=1e-12)
    with_rest = amounts(measured_case(NEIGHBOURS, labels=(), rest=True), "neighbours")
    start = [4 * 0.5 / 3] * 4
    start[1] = 1.0
    expected = np.log([start[0], 1.0, start[2], start[3], 4 * 0.5, 1.0, 0.75, 0.75, 1.5])
    np.testing.assert_allclose(with_rest[:, 0], np.tile(expected, (8, 1)), atol=1e-12)


def test_foreign_rows_of_which_little_is_known_are_measured_without_fault():
    case = measured_case(NEIGHBOURS)
    blank = pd.DataFrame(
        {
            "incident_id": ["x", "y", "a", ""],
            "date": pd.to_datetime([None, "2021-07-01", "2021-07-01", "2021-07-01"]),
            "country": ["", "Iraq", "Iraq", "Iraq"],
            "province": ["", "North", "North", "Elsewhere"],
        }
    )
    evidence = Evidence(blank, empty_statements(), empty_labels())
    found = bound(case, "neighbours").measure(evidence)
    assert np.isfinite(found).all()
    # Of what has no date nothing is earlier; another province without coordinates has no record.
    np.testing.assert_allclose(found[[0, 3]], 0.0, atol=1e-12)
    # A row that bears the name of an incident on record does not see that one.
    assert np.abs(found[1] - found[2]).max() > 0.01
    none = bound(case, "neighbours").measure(evidence.take([]))
    assert none.shape == (0, 2, 6)


def test_the_record_is_described():
    def text(labels, incident):
        case = measured_case(NEIGHBOURS, labels)
        return bound(case, "neighbours").describe(case_evidence(case), IDS.index(incident), -1)

    alphas = [{"incident_id": name, "confidence": "certain"} for name in ("a", "b", "c")]
    assert text(alphas, "c") == (
        "Neighbours: 2 attributed incidents before (same province, 365 days), most of them Alpha"
    )
    assert text(alphas, "a") == "Neighbours: no attributed incident near by before"
    assert text(alphas, "g") == "Neighbours: no attributed incident near by before"
    # Most of them name the family and no member of it.
    broad = [*relabelled(alphas, {"a", "b"}, "backed")]
    assert text(broad, "h") == (
        "Neighbours: 1 attributed incident before (same province, 365 days)"
    )


@pytest.mark.parametrize(
    ("scales", "message"),
    [
        ("[]", "options.scales must list at least one scale"),
        ("3", "options.scales must list at least one scale"),
        ("[3]", "each scale needs either kilometres or same"),
        ("[{ half_life_days = 3 }]", "each scale needs either kilometres or same"),
        ('[{ kilometres = 3, same = "place" }]', "each scale needs either kilometres or same"),
        ('[{ same = "town" }]', "same must be one of country, province, place"),
        ('[{ same = "" }]', "same must be one of country, province, place"),
        ("[{ kilometres = 0 }]", "kilometres must be a positive number"),
        ("[{ kilometres = nan }]", "kilometres must be a positive number"),
        ('[{ kilometres = "far" }]', "kilometres must be a positive number"),
        ("[{ kilometres = 3, half_life_days = -1 }]", "half_life_days must be a positive number"),
        ("[{ kilometres = 3, half_life = 9 }]", "unknown half_life"),
        ("[{ kilometres = 3 }]\nresidual = 1", "options.residual must lie between 0 and 1"),
        ('[{ kilometres = 3 }]\nresidual = "all"', "options.residual must lie between 0 and 1"),
    ],
)
def test_options_that_do_not_fit_are_refused(scales, message):
    head, _, _ = NEIGHBOURS.partition("scales")
    with pytest.raises(ValueError, match=message) as caught:
        bound(measured_case(f"{head}scales = {scales}\n"), "neighbours")
    assert str(caught.value).startswith("case.toml: channel neighbours: ")


def test_weights_have_the_prior_of_the_case():
    usual = bound(measured_case(NEIGHBOURS), "neighbours")
    assert usual.prior == ((0.5, 0.5), (0.0, 0.5))
    entry = NEIGHBOURS.replace("scales", "weight = [1, 0.25]\nscales")
    assert bound(measured_case(entry), "neighbours").prior == ((1.0, 0.25), (0.0, 0.5))


def test_who_looks_back_sees_later_labels_but_never_its_own():
    entry = NEIGHBOURS.replace("scales", "later = true\nscales")
    usual = amounts(measured_case(entry), "neighbours")
    for row, incident in enumerate(IDS):
        changed = amounts(
            measured_case(entry, relabelled(LABELS, {incident}, "state")), "neighbours"
        )
        np.testing.assert_array_equal(changed[row], usual[row])
    # The first incident sees the last one's label, as strongly as the last one would the first's.
    labels = [{"incident_id": "h", "group_id": "gamma", "confidence": "certain"}]
    found = amounts(measured_case(entry, labels), "neighbours")[IDS.index("a")]
    labels = [{"incident_id": "a", "group_id": "gamma", "confidence": "certain"}]
    other = amounts(measured_case(entry, labels), "neighbours")[IDS.index("h")]
    np.testing.assert_allclose(found, other, atol=1e-12)
    assert found[0, 3] > 0.05
    case = measured_case(entry)
    text = bound(case, "neighbours").describe(case_evidence(case), IDS.index("a"), -1)
    assert "attributed incidents before or after" in text


def test_on_many_incidents_everything_is_measured(iraq):
    """The bundled case, whose configuration need not list the channel."""
    (_, spec) = parse_config(CONFIG + LABEL + NEIGHBOURS)[0].channels
    found = neighbours.bind(spec, iraq).measure(case_evidence(iraq))
    assert found.shape[0] == len(iraq.incidents)
    assert np.isfinite(found).all()
    # Not all see the same.
    assert (np.ptp(found[:, 0], axis=0) > 0.5).sum() > 5


def test_a_case_without_the_first_labels_begins_later(measured):
    found = amounts(measured_case(NEIGHBOURS, without(LABELS, {"a", "b", "c"})), "neighbours")
    np.testing.assert_allclose(found[IDS.index("e")][:, [0, 2, 3]], 0.0, atol=1e-12)
    assert np.abs(found - measured).max() > 0.1
