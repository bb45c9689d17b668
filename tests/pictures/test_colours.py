"""Colours: fixed, grey for residual classes, told apart by the colour-blind and in grey print."""

import itertools

import numpy as np
import pytest

from attribution.case.case import Case
from attribution.pictures.colours import (
    MARKERS,
    SHAPES,
    actor_colours,
    actor_markers,
    actor_shapes,
    is_dark,
)

#: Machado, Oliveira and Fernandes (2009), severity 1, for linear RGB.
EYES = {
    "normal": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = np.array([0.95047, 1.0, 1.08883])
#: A difference of 2 is just noticed side by side; marks apart on a page need several times that.
APART = 10.0
#: Lightness and chromaticities, and their CIEDE2000 difference, of Sharma, Wu and Dalal (2005).
KNOWN = (
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((50.0, 2.5, 0.0), (58.0, 24.0, 15.0), 19.4535),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0000),
)


def linear(colour: str) -> np.ndarray:
    c = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> tuple[float, float, float]:
    t = XYZ @ np.clip(rgb, 0, 1) / WHITE
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return float(116 * f[1] - 16), float(500 * (f[0] - f[1])), float(200 * (f[1] - f[2]))


def ciede2000(first, second) -> float:
    (l1, a1, b1), (l2, a2, b2) = first, second
    mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(mean**7 / (mean**7 + 25**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    hue = h1 + h2 if c1 * c2 == 0 else (h1 + turn / 2) % 360
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * np.cos(np.radians(hue - 30))
        + 0.24 * np.cos(np.radians(2 * hue))
        + 0.32 * np.cos(np.radians(3 * hue + 6))
        - 0.20 * np.cos(np.radians(4 * hue - 63))
    )
    s_l = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    s_c, s_h = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    turned = 2 * np.sqrt(chroma**7 / (chroma**7 + 25**7))
    r = -turned * np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    d_l, d_c = (l2 - l1) / s_l, (c2 - c1) / s_c
    d_h = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2)) / s_h
    return float(np.sqrt(d_l**2 + d_c**2 + d_h**2 + r * d_c * d_h))


@pytest.mark.parametrize(("first", "second", "difference"), KNOWN)
def test_the_measure_of_difference_is_right(first, second, difference) -> None:
    assert ciede2000(first, second) == pytest.approx(difference, abs=1e-4)


def nearest_pair(colours, matrix) -> tuple[float, str, str]:
    seen = {colour: lab(np.asarray(matrix) @ linear(colour)) for colour in colours}
    return min((ciede2000(seen[a], seen[b]), a, b) for a, b in itertools.combinations(seen, 2))


@pytest.mark.parametrize("eyes", EYES)
def test_actors_are_told_apart_by_everyone(iraq: Case, eyes: str) -> None:
    colours = actor_colours(iraq.config.actor_ids)
    assert len(set(colours.values())) == len(colours) == 9
    assert nearest_pair(colours.values(), EYES[eyes])[0] > APART


@pytest.mark.parametrize("eyes", EYES)
def test_so_are_the_most_that_a_palette_can_hold(eyes: str) -> None:
    many = actor_colours([f"a{k}" for k in range(8)] + ["other_militia", "other_actor"])
    assert nearest_pair(many.values(), EYES[eyes])[0] > APART


def test_a_palette_that_is_not_safe_is_found_out() -> None:
    assert nearest_pair(["#FF0000", "#008000", "#0000FF"], EYES["normal"])[0] > 40
    assert nearest_pair(["#CC3311", "#808000"], EYES["deutan"])[0] < APART


def test_a_colour_belongs_to_a_place_and_residual_classes_are_grey() -> None:
    colours = actor_colours(["a", "other_militia", "b", "other_actor"])
    assert list(colours) == ["a", "other_militia", "b", "other_actor"]
    assert colours["a"] == actor_colours(["a"])["a"]
    assert colours["b"] == actor_colours(["x", "b"])["b"]
    for name in ("other_militia", "other_actor"):
        assert len({colours[name][start : start + 2] for start in (1, 3, 5)}) == 1
    given = actor_colours(["rest", "b"], residual=["rest"])
    assert given["rest"] == colours["other_militia"]


def test_more_actors_than_the_palette_holds_have_colours_of_their_own() -> None:
    colours = actor_colours([f"a{k}" for k in range(24)])
    assert len(set(colours.values())) >= 23
    assert all(len(colour) == 7 and colour.startswith("#") for colour in colours.values())


def test_marks_are_as_many_in_both_worlds() -> None:
    assert len(MARKERS) == len(SHAPES) == len(set(MARKERS)) == len(set(SHAPES))
    names = [f"a{k}" for k in range(len(MARKERS))]
    assert len(set(actor_markers(names).values())) == len(names)
    assert len(set(actor_shapes(names).values())) == len(names)


def test_letters_on_a_colour_are_readable() -> None:
    assert is_dark("#000000")
    assert is_dark("#0072B2")
    assert not is_dark("#F0E442")
    assert not is_dark("#FFFFFF")
