"""Fewer draws: evenly spaced ones of the same model, and never more than there are."""

import numpy as np
import pytest

from attribution.posterior.store import bundled_model_folder, load
from attribution.posterior.thinning import thinned


@pytest.fixture(scope="module")
def posterior():
    return load(bundled_model_folder())


def test_draws_are_evenly_spaced_ones_of_the_model(posterior):
    few = thinned(posterior, 3)
    last = posterior.manifest.draws - 1
    assert few.manifest.draws == 3
    for name, values in posterior.tables.items():
        np.testing.assert_array_equal(few.tables[name], values[[0, round(last / 2), last]])
    for name, values in posterior.reported.items():
        np.testing.assert_array_equal(few.reported[name], values[[0, round(last / 2), last]])


def test_answers_are_those_of_all_draws_but_for_chance(posterior):
    told = posterior.attribute(["20210215-erbil-airport"])
    for draws, error in ((posterior.manifest.draws, 0.0), (200, 0.1)):
        same = thinned(posterior, draws).attribute(["20210215-erbil-airport"])
        for actor in posterior.actors:
            assert same[f"p_{actor}"][0] == pytest.approx(told[f"p_{actor}"][0], abs=error)


@pytest.mark.parametrize("draws", [0, -1, 10**6])
def test_a_number_that_the_model_cannot_give_is_refused(posterior, draws):
    with pytest.raises(ValueError, match=f"the model has {posterior.manifest.draws}"):
        thinned(posterior, draws)
