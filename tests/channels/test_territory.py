"""Territory: how near the incident is to ground where an actor is known to be."""

import math
from datetime import date

import numpy as np
import pytest
from measured_case import INCIDENTS, NAMED, amounts, bound, distance, measured_case
from small_case import TERRITORY

from attribution.channels.evidence import Evidence, case_evidence, empty_labels, empty_statements

GROUND = (
    {"group_id": "alpha", "place": "Fort", "latitude": 34.1, "longitude": 44.0, "role": "base"},
    {"group_id": "alpha", "place": "Flat", "latitude": 34.0, "longitude": 44.1, "role": "cells"},
    {"group_id": "beta", "place": "Cellar", "latitude": 34.5, "longitude": 44.0, "role": "cells"},
    {"group_id": "backed", "place": "Camp", "latitude": 33.0, "longitude": 44.0, "role": "base"},
    {"group_id": "state", "place": "City", "latitude": 35.0, "longitude": 45.0, "role": "base"},
    # Only attacked there, and a name that crosses families: neither is anybody's ground.
    {"group_id": "gamma", "place": "Sq", "latitude": 34.0, "longitude": 44, "role": "target_area"},
    {"group_id": "anyone", "place": "Road", "latitude": 34.0, "longitude": 44.0, "role": "base"},
)
ROLES = {"base": 1.0, "cells": 0.5}


def case_of(ground=GROUND, entry=TERRITORY, **tables):
    return measured_case(entry, territory=ground, **tables)


def test_amounts_are_those_of_the_formula_in_plain_loops():
    found = amounts(case_of(), "territory")
    assert found.shape == (8, 2, 6)
    for row, values in zip(INCIDENTS, found, strict=True):
        for level, length in enumerate((10.0, 40.0)):
            for column in range(6):
                expected = 0.0
                for place in GROUND:
                    apart, worth = distance(row, place), ROLES.get(place["role"], 0.0)
                    if column in NAMED[place["group_id"]] and not math.isnan(apart):
                        expected = max(expected, worth * math.exp(-apart / length))
                assert values[level, column] == pytest.approx(expected, abs=1e-9)
    # Nobody is known to be where gamma was only attacked.
    assert not found[:, :, 3].any()
    assert found[:, :, [0, 1, 2, 4, 5]].any(axis=(0, 1)).all()


def test_on_the_spot_is_one_and_far_away_nothing():
    row = {"latitude": [34.1, -34.0], "longitude": [44.0, -136.0]}
    case = case_of()
    rows = case.incidents.iloc[[0, 0]].assign(**row).reset_index(drop=True)
    evidence = Evidence(rows, empty_statements(), empty_labels())
    found = bound(case, "territory").measure(evidence)
    assert found[0, :, 0] == pytest.approx(1.0)
    assert found[1].max() < 1e-100


def test_without_coordinates_or_ground_there_is_nothing():
    case = case_of()
    half = case.incidents.assign(longitude=np.nan)
    for incidents in (half, case.incidents.drop(columns=["latitude", "longitude"])):
        evidence = Evidence(incidents, empty_statements(), empty_labels())
        assert not bound(case, "territory").measure(evidence).any()
    empty = case_of(ground=())
    assert amounts(empty, "territory").shape == (8, 2, 6)
    assert not amounts(empty, "territory").any()


def test_ground_whose_source_is_later_is_not_known_yet():
    sources = [
        {"source_id": "s"},
        {"source_id": "old", "date": "2019-01-01"},
        {"source_id": "new", "date": "2021-01-01"},
    ]
    ground = [
        {**GROUND[0], "source_id": "new"},
        {**GROUND[2], "source_id": "old"},
        {**GROUND[4], "source_id": "s"},
    ]
    case = case_of(ground, sources=sources)
    full = bound(case, "territory")
    assert len(full.ground.name) == 3
    for day, count in ((date(2020, 12, 31), 2), (date(2021, 1, 1), 3)):
        known = case.known_by(day)
        for channel in (bound(known, "territory"), full.revised(known)):
            assert len(channel.ground.name) == count
            # Old ground and that of a source without a date are there all along.
            assert channel.ground.worth[:, [1, 2]].sum(axis=0).tolist() == [1.0, 0.5]


@pytest.mark.parametrize(
    ("ground", "incident", "text"),
    [
        (GROUND, 0, "Territory: 9 km from Flat (Alpha, cells)"),
        (GROUND, 2, "Territory: 0 km from Cellar (Beta, cells)"),
        (GROUND, 3, "Territory: coordinates not recorded"),
        (GROUND[5:], 0, "Territory: no ground of any actor is known"),
    ],
)
def test_the_nearest_ground_that_counts_is_described(ground, incident, text):
    case = case_of(ground)
    assert bound(case, "territory").describe(case_evidence(case), incident, -1) == text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kilometres = [10, 40]", "", "options.kilometres must be a list of lengths"),
        ("[10, 40]", "[]", "options.kilometres must be a list of lengths"),
        ("[10, 40]", "10", "options.kilometres must be a list of lengths"),
        ("[10, 40]", "[10, -1]", "options.kilometres must be a list of lengths"),
        ("[10, 40]", '["near"]', "options.kilometres must be a list of lengths"),
        ("{ base = 1.0, cells = 0.5 }", "{}", "options.roles must be a table of weights by role"),
        ("{ base = 1.0, cells = 0.5 }", '["base"]', "options.roles must be a table of weights"),
        ("cells = 0.5", "cells = 0", "options.roles must be a table of weights by role"),
        ("cells = 0.5", "cels = 0.5", "unknown cels; there are: base, cells, target_area"),
    ],
)
def test_options_that_do_not_fit_are_refused(old, new, message):
    assert old in TERRITORY
    with pytest.raises(ValueError, match=message) as caught:
        bound(case_of(entry=TERRITORY.replace(old, new)), "territory")
    assert str(caught.value).startswith("case.toml: channel territory: ")


def test_every_length_is_a_level_with_a_weight():
    channel = bound(case_of(), "territory")
    assert channel.levels == ("within about 10 km", "within about 40 km")
    assert channel.prior == ((0.3, 0.3),) * 2


def test_the_bundled_case_knows_ground_of_every_militia(iraq):
    channel = bound(iraq, "territory")
    ids = iraq.config.actor_ids
    for actor in ("kataib_hezbollah", "asaib_ahl_al_haq", "kataib_sayyid_al_shuhada"):
        assert channel.ground.worth[:, ids.index(actor)].any()
    assert not np.isnan(channel.ground.latitude).any()
    assert channel.ground.worth.any(axis=1).all()
    found = amounts(iraq, "territory")
    assert np.isfinite(found).all()
    assert ((found >= 0) & (found <= 1)).all()
