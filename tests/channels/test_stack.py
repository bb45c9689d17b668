"""Binding the channels that a case lists; a new one is one file and one entry."""

import sys
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from types import ModuleType

import numpy as np
import pytest
from random_tables import draw_tables
from small_case import CHANNELS, CONFIG, LABEL, WEAPON, small_case

from attribution.channels.base import Channel, column_entries
from attribution.channels.effects import act_factor, families, normal_effects
from attribution.channels.evidence import case_evidence
from attribution.channels.stack import BASE_RATE, bind_stack, channel_names

TOY = """
[[channels]]
name = "toy"
columns = ["place"]
"""


@dataclass(frozen=True)
class Toy(Channel):
    """Whether the place's name is long."""

    @property
    def role(self):
        return "act"

    def table(self):
        return normal_effects(self.name, 2, act_factor(families(self.actors)))

    def encode(self, evidence):
        return column_entries([len(place) > 3 for place in evidence.incidents["place"]])

    def describe(self, evidence, row, piece):
        del piece
        return f"Toy: {evidence.incidents['place'].iloc[row]}"


@pytest.fixture
def toy(monkeypatch):
    """The one file."""
    module = ModuleType("attribution.channels.toy")
    module.__spec__ = ModuleSpec(module.__name__, None)
    module.bind = lambda spec, case: Toy(spec.name, case.config.actors, ("short", "long"))
    monkeypatch.setitem(sys.modules, module.__name__, module)


@pytest.mark.usefixtures("toy")
def test_one_file_and_one_entry_add_a_channel():
    case = small_case(channels=[LABEL, TOY])
    stack = bind_stack(case)
    assert [channel.name for channel in stack.channels] == [BASE_RATE, "toy", "label"]
    codes = stack.encode(case_evidence(case))
    start = stack.offsets[stack.position("toy")]
    at = codes.channel == stack.position("toy")
    assert (codes.code[at] - start).tolist() == [1, 1, 1, 0, 0, 0]
    drawn = draw_tables(stack, codes, 1, 2, seed=1)
    assert drawn.table("toy").shape == (2, 2, 6)


def test_act_channels_come_first_in_the_order_of_the_case():
    stack = bind_stack(small_case(channels=[LABEL, *CHANNELS[:-1]]))
    names = [channel.name for channel in stack.channels]
    acts, said = ["weapon", "target", "place", "period"], ["label", "claim", "denial"]
    assert names == [BASE_RATE, *acts, *said]
    sizes = [len(channel.levels) for channel in stack.channels]
    assert stack.offsets == tuple(np.cumsum([0, *sizes]))
    assert stack.zero_row == sum(sizes)


@pytest.mark.parametrize("name", ["wepon", "stack", "base", "os.path", "../evil", "links"])
def test_an_unknown_channel_is_refused_with_the_names_there_are(name):
    entry = TOY.replace('"toy"', f'"{name}"')
    with pytest.raises(ValueError, match="does not exist") as caught:
        bind_stack(small_case(channels=[LABEL, entry]))
    assert f"'{name}'" in str(caught.value)
    there_are = (
        "claim, crossed, denial, label, neighbours, period, place, recency, target, territory, "
        "triggers, weapon"
    )
    assert there_are in str(caught.value)


def test_every_channel_of_the_package_can_be_listed(iraq):
    listed = {spec.name for spec in iraq.config.channels}
    assert listed <= set(channel_names())


def test_a_channel_that_the_case_does_not_list_has_no_position():
    with pytest.raises(LookupError, match="no channel 'claim'"):
        bind_stack(small_case(channels=[LABEL])).position("claim")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (WEAPON.replace('drone = "air"\n', ""), "missing: drone; not in the vocabulary: none"),
        (WEAPON + 'sling = "air"\n', "missing: none; not in the vocabulary: sling"),
        (WEAPON.replace('"weapon_type"', '"weapon_type", "place"'), "reads one column, not 2"),
        (WEAPON.replace('"weapon_type"', '"place"'), "no vocabulary of place"),
        (TOY.replace('"toy"', '"place"'), "channel place reads 3 columns"),
    ],
)
def test_options_that_do_not_fit_are_refused(entry, message):
    with pytest.raises(ValueError, match=message):
        bind_stack(small_case(channels=[LABEL, entry]))


@pytest.mark.parametrize(
    ("blame", "message"),
    [
        ("offical = { alpha = 3.0 }", "unknown kind of labeller 'offical'"),
        ("official = { alpa = 3.0 }", "unknown actor 'alpa'"),
        ("official = { alpha = -1.0 }", "official.alpha must be a positive number, not -1.0"),
        ('official = { alpha = "much" }', "must be a positive number, not 'much'"),
    ],
)
def test_preferences_that_do_not_fit_are_refused(blame, message):
    entry = LABEL.replace("official = { alpha = 3.0 }", blame)
    with pytest.raises(ValueError, match=message):
        bind_stack(small_case(channels=[entry], config=CONFIG))
