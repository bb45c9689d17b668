"""Every picture draws, on paper and for the page; its texts are readable and do not overlap."""

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pandas as pd
import pytest
import vl_convert
from drawn_texts import Drawn, drawn_texts
from small_case import CHANNELS, GROUP_ROWS, INCIDENT_ROWS, small_case

from attribution.case.case import Case
from attribution.pictures.brand_drift import brand_drift
from attribution.pictures.brands import brand_matrix
from attribution.pictures.colours import actor_colours
from attribution.pictures.history import history_picture
from attribution.pictures.incident_map import incident_map
from attribution.pictures.labellers import default_preferences, reliability_of_labellers
from attribution.pictures.over_time import over_time
from attribution.pictures.picture import COLUMN, PAGE, Picture, PictureError
from attribution.pictures.style import SMALL, apart, enumerated
from attribution.pictures.waterfall import Question, waterfall
from attribution.posterior.posterior import Posterior

ERBIL = "20210215-erbil-airport"
#: Names that break things: formulas, markup, very long words, another script.
LONG = "The Brigade of the " + "Very-" * 12 + "Long Name of " + "x" * 60
EVIL = "$\\frac{1}{$ </script><script>alert(1)</script> & كتائب"

type Make = Callable[[Posterior], Picture]

OF_A_MODEL: dict[str, Make] = {
    "over_time": lambda posterior: posterior.pictures.over_time(),
    "map": lambda posterior: posterior.pictures.map(),
    "brands": lambda posterior: posterior.pictures.brands(),
    "labellers": lambda posterior: posterior.pictures.labellers(),
    "preferences": lambda posterior: posterior.pictures.preferences(),
}
OF_IRAQ: dict[str, Make] = {
    **OF_A_MODEL,
    "waterfall": lambda posterior: posterior.explain(ERBIL).plot(),
    "rival": lambda posterior: posterior.explain(ERBIL, against="kataib_hezbollah").plot(),
    "history": lambda posterior: posterior.pictures.history(ERBIL),
    "brand_drift": lambda posterior: posterior.pictures.brand_drift("islamic_resistance_in_iraq"),
}
OF_THE_SMALL_CASE: dict[str, Make] = {
    **OF_A_MODEL,
    "waterfall": lambda posterior: posterior.explain("i1").plot(),
    "history": lambda posterior: posterior.pictures.history("i1"),
    "brand_drift": lambda posterior: posterior.pictures.brand_drift("front_split"),
}


@pytest.fixture(scope="module")
def iraqs(bundled: Posterior) -> Callable[[str], Picture]:
    return cache(lambda name: OF_IRAQ[name](bundled))


def check_chart(picture: Picture) -> None:
    """The chart is valid, holds its data, and Vega draws it without a complaint."""
    chart = picture.chart().to_dict()
    assert "url" not in {key for key, _ in pairs(chart) if key != "$schema"}
    assert chart["description"].startswith(picture.title)
    svg = vl_convert.vegalite_to_svg(json.dumps(chart))
    assert svg.count("<path") > 3
    assert len(svg) > 3000


def pairs(node: object):
    if isinstance(node, dict):
        yield from node.items()
        for value in node.values():
            yield from pairs(value)
    elif isinstance(node, list):
        for value in node:
            yield from pairs(value)


def check_texts(picture: Picture, width: float, *, crowded: bool = False) -> list[Drawn]:
    figure = picture.figure(width)
    texts = drawn_texts(figure)
    assert len(texts) > 4
    assert min(text.size for text in texts) >= SMALL
    right, top = figure.bbox.width, figure.bbox.height
    for text in texts:
        left, bottom, east, north = text.box
        outside = (max(-left, 0), max(-bottom, 0), max(east - right, 0), max(north - top, 0))
        assert max(outside) < 2, (text, outside)
    if not crowded:
        over = [(a.text, b.text) for a, b in itertools.combinations(texts, 2) if a.hides(b)]
        assert over == []
    return texts


@pytest.mark.parametrize("width", [PAGE, COLUMN])
@pytest.mark.parametrize("name", OF_IRAQ)
def test_pictures_of_iraq_are_readable(iraqs: Callable, name: str, width: float) -> None:
    # Names of countries may lie near one another on a map of many.
    check_texts(iraqs(name), width, crowded=name == "map")


@pytest.mark.parametrize("name", OF_IRAQ)
def test_charts_of_iraq_are_drawn_by_vega(iraqs: Callable, name: str) -> None:
    picture = iraqs(name)
    check_chart(picture)
    assert len(picture.text) > 60
    assert any(letter.isdigit() for letter in picture.text)
    assert len(picture.table) > 0


@pytest.fixture(scope="module")
def placed(small: Posterior) -> Posterior:
    """The small case with positions; its incidents had hardly any."""
    incidents = small.case.incidents
    north = incidents.assign(latitude=34.0 + incidents.index, longitude=44.0)
    tables = {**small.case.tables, "incidents": north}
    case = Case(small.case.config, tables)
    return replace(small, case=case, stack=small.stack.revised(case))


@pytest.mark.parametrize("name", OF_THE_SMALL_CASE)
def test_pictures_of_the_small_case(placed: Posterior, name: str) -> None:
    picture = OF_THE_SMALL_CASE[name](placed)
    check_texts(picture, PAGE, crowded=name == "map")
    check_texts(picture, COLUMN, crowded=name == "map")
    check_chart(picture)


def test_incidents_without_a_position_are_counted_and_not_drawn(placed: Posterior) -> None:
    incidents = placed.case.incidents
    some = incidents.assign(
        latitude=incidents["latitude"].where(incidents.index > 1),
        longitude=incidents["longitude"].where(incidents.index > 1),
    )
    case = Case(placed.case.config, {**placed.case.tables, "incidents": some})
    picture = replace(placed, case=case).pictures.map()
    assert f"{len(some) - 2} incidents" in picture.text
    assert "2 more have no position" in picture.text
    assert len(picture.table) == len(some)
    check_texts(picture, PAGE, crowded=True)
    drawn = json.dumps(picture.chart().to_dict())
    assert drawn.count('"incident_id": "i') == len(some) - 2


def test_nothing_to_draw_is_said(small: Posterior, placed: Posterior) -> None:
    empty = {"start": "1990-01-01", "end": "1990-12-31"}
    for make in (small.pictures.over_time, small.pictures.map):
        with pytest.raises(PictureError, match="from 1990-01-01 to 1990-12-31: there is no"):
            make(**empty)
    incidents = placed.case.incidents.assign(latitude=float("nan"), longitude=float("nan"))
    case = Case(placed.case.config, {**placed.case.tables, "incidents": incidents})
    with pytest.raises(PictureError, match="no incident has a position"):
        replace(placed, case=case).pictures.map()
    with pytest.raises(PictureError, match="no brand"):
        small.pictures.brands(most=0)


def test_one_incident_is_enough(placed: Posterior) -> None:
    incidents = placed.case.incidents
    day = incidents["date"].iloc[0]
    for picture in (placed.pictures.map(day, day), placed.pictures.over_time(day, day)):
        check_texts(picture, COLUMN, crowded=True)
        check_chart(picture)


@pytest.mark.parametrize("name", [LONG, EVIL])
def test_names_of_any_kind_are_drawn_as_they_are(name: str) -> None:
    groups = tuple(
        {**row, "name": name} if row["group_id"] in ("front_split", "front_a", "alpha") else row
        for row in GROUP_ROWS
    )
    from made_up import made_up

    posterior = made_up(small_case(channels=CHANNELS, groups=groups), draws=10)
    shown = [
        posterior.pictures.brands(),
        posterior.pictures.brand_drift("front_split"),
        posterior.explain("i1").plot(),
        posterior.pictures.history("i1"),
    ]
    for picture in shown:
        for width in (PAGE, COLUMN):
            check_texts(picture, width)
        check_chart(picture)
        assert "<script" not in picture.html()
        told = [picture.title, picture.text, *map(str, picture.table.to_numpy().ravel())]
        assert any(name in text for text in told)


def one_actor() -> list[Picture]:
    only, colours, names = "alpha", actor_colours(["alpha"]), {"alpha": "Alpha"}
    day = pd.Timestamp("2021-05-01")
    ends = {"actor": only, "lo": 1.0, "hi": 1.0}
    sure, share_of = {**ends, "p": 1.0}, {**ends, "share": 1.0}
    counted = {"expected_incidents": 3.0, "n_incidents": 3}
    share = pd.DataFrame([{"period": "2021Q2", "name": "Alpha", **share_of, **counted}])
    place = {"date": day, "place": "Camp", "latitude": 33.0, "longitude": 44.0}
    words = {"words": "almost certain", "evidence": "low", "name": "Alpha", "top_actor": only}
    incident = pd.DataFrame([{"incident_id": "i", **place, **words, **sure}])
    brand = {"brand_id": "front", "name": "Front", "claims": 2}
    kinds = pd.DataFrame([{"labeller_type": "media", **share_of}])
    labeller = {"labeller": "one", "name": "One", "type": "media", "labels": 1, "hit": 0.5}
    piece = {"piece": "base_rate", "channel": "base_rate", "text": "Base rate", "source_id": ""}
    total = {**piece, "piece": "total", "channel": "", "text": "Sum"}
    weight = {"date": "", "decibans": 0.0, "lo": 0.0, "hi": 0.0}
    return [
        over_time(share, "Q", colours, "case"),
        incident_map(incident, colours, "case"),
        brand_matrix(pd.DataFrame([{**brand, **share_of}]), names, colours, when="now", most=3),
        brand_drift(
            pd.DataFrame([{"on": d, **brand, "actor_name": "Alpha", **share_of} for d in (day,)]),
            "Front",
            colours,
        ),
        reliability_of_labellers(pd.DataFrame([{**labeller, "lo": 0.1, "hi": 0.9}]), 3),
        default_preferences(kinds, names, colours),
        history_picture(
            pd.DataFrame([{"as_of": day, "learned": "the incident", **sure}]), "i", names, colours
        ),
        waterfall(
            pd.DataFrame([{**piece, **weight}, {**total, **weight}]),
            Question("i", "Alpha", "", 0.5, 0.5, 0.5),
        ),
    ]


def test_one_actor_alone() -> None:
    for picture in one_actor():
        assert len(picture.figure(COLUMN).get_axes()) >= 1
        drawn_texts(picture.figure(COLUMN))
        check_chart(picture)
        assert "Alpha" in picture.text or "One" in picture.text


def test_a_width_that_cannot_be_laid_out_is_refused() -> None:
    picture = one_actor()[0]
    for width in (0.0, 1.0, 50.0, float("nan")):
        with pytest.raises(PictureError, match="from 3 to 20 inches"):
            picture.figure(width)


def test_incidents_at_one_place_are_fanned_out(placed: Posterior) -> None:
    table = placed.pictures.map().table
    same = pd.concat([table] * 30).assign(latitude=33.3, longitude=44.4)
    far = same.head(1).assign(latitude=36.0, longitude=40.0)
    picture = incident_map(pd.concat([same, far]), placed.pictures.colours, "case")
    spots = {
        (round(row["x"], 6), round(row["y"], 6))
        for rows in picture.chart().to_dict()["datasets"].values()
        for row in rows
        if "incident_id" in row
    }
    assert len(spots) == len(same) + 1
    assert max(abs(x - 44.4) for x, y in spots if y < 35) < 0.06 * 10
    assert len(INCIDENT_ROWS) * 30 == len(same)


def test_words_in_rows_and_labels_told_apart() -> None:
    assert enumerated([]) == ""
    assert enumerated(["a"]) == "a"
    assert enumerated(["a", "b", "c"]) == "a, b and c"
    labels = apart(["same", "other", "same"])
    assert len(set(labels)) == 3
    assert labels[0] == "same"
    assert labels[2].rstrip("\u200b") == "same"
