"""Fewer draws: evenly spaced ones of the same model, and never more than there are."""

import numpy as np
import pytest

from attribution.posterior.store import bundled_model_folder, load
from attribution.posterior.thinning import thinned
from attribution.scoring.errors import LeftoverError
from attribution.scoring.files import ScoreSettings, score_file
from attribution.scoring.journal import Leftovers


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


def test_a_run_with_other_draws_is_not_resumed(posterior, tmp_path):
    """What a journal compares must tell models of different numbers of draws apart."""
    few, all_of_them = thinned(posterior, 50), posterior
    assert few.manifest.as_dict() != all_of_them.manifest.as_dict()
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("date\n2020-01-02\n", encoding="utf-8")
    score_file(few, source, out)
    with pytest.raises(LeftoverError, match="model differs"):
        score_file(all_of_them, source, out, ScoreSettings(leftovers=Leftovers.RESUME))
