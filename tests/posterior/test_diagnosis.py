"""Power-scaling: what moves with the prior, what with the data, and what is only noise."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from attribution.posterior.diagnosis import (
    NOT_RECORDED,
    SENSITIVITY_COLUMNS,
    THRESHOLD,
    Densities,
    power_scaling,
)
from attribution.posterior.posterior import Posterior
from attribution.posterior.share_sensitivity import (
    AS_FITTED,
    ActorShare,
    ShareSensitivity,
    VariantShares,
)
from attribution.posterior.store import ChangedDataError, ModelFolderError, load

DRAWS = 2000


@pytest.fixture(scope="module")
def conjugate():
    """Three means with a normal prior: data that outweigh it, no data, and data against it."""
    rng = np.random.default_rng(7)
    informed = rng.normal(1.0, 0.05, DRAWS)
    unknown = rng.normal(0.0, 1.0, DRAWS)
    torn = rng.normal(2.0, np.sqrt(0.5), DRAWS)
    unrelated = rng.normal(0.0, 1.0, (DRAWS, 20))
    densities = Densities(
        {
            "informed": -0.5 * informed**2 / 400,
            "unknown": -0.5 * unknown**2,
            "torn": -0.5 * torn**2,
            "unrelated": -0.5 * (unrelated**2).sum(axis=1),
        },
        -0.5 * ((informed - 1.0) / 0.05) ** 2 - 0.5 * (torn - 4.0) ** 2,
    )
    quantities = {"informed": informed, "unknown": unknown, "torn": torn, "fixed": np.ones(DRAWS)}
    return power_scaling(quantities, densities, seed=1).set_index("quantity")


def test_each_quantity_moves_with_what_holds_it(conjugate):
    words = conjugate["diagnosis"]
    assert words["informed"] == "moves with the data, hardly with the priors"
    assert words["unknown"] == "moves with the priors, hardly with the data"
    assert words["torn"] == "moves with the priors and with the data"
    assert words["fixed"] == "hardly moves with either"
    assert conjugate.loc["unknown", "prior_of"] == "unknown"
    assert conjugate.loc["torn", "prior_of"] == "torn"


def test_the_figures_are_those_of_known_normal_distributions(conjugate):
    # Doubling the power of the torn one's N(0, 1) prior, its likelihood being N(4, 1), moves its
    # posterior from N(2, 1/2) to N(4/3, 1/3), nearly a standard deviation: three times what goes
    # with the threshold, and by symmetry as far as doubling the likelihood's.
    assert 0.1 < conjugate.loc["torn", "prior"] < 0.3
    assert conjugate.loc["torn", "likelihood"] == pytest.approx(
        conjugate.loc["torn", "prior"], rel=0.5
    )
    assert conjugate.loc["fixed", ["prior", "likelihood"]].tolist() == [0.0, 0.0]


def test_draws_that_have_nothing_to_do_with_it_hardly_ever_count():
    rng = np.random.default_rng(3)
    # A block of parameters as large as the largest channel's of the bundled case.
    log_prior = -0.5 * (rng.normal(size=(500, 400)) ** 2).sum(axis=1)
    log_likelihood = -0.5 * (rng.normal(size=(500, 60)) ** 2).sum(axis=1)
    quantities = {str(n): rng.normal(size=500) for n in range(40)}
    table = power_scaling(quantities, Densities({"one": log_prior}, log_likelihood), seed=1)
    # Their figures alone would have many of them above the published threshold.
    assert (table["prior"] > THRESHOLD).mean() > 0.5
    assert (table["diagnosis"] != "hardly moves with either").sum() <= 1


def test_without_densities_nothing_is_made_up():
    table = power_scaling({"a": np.arange(5.0)}, None, seed=1)
    assert list(table.columns) == SENSITIVITY_COLUMNS
    assert table["diagnosis"].tolist() == [NOT_RECORDED]
    assert table[["prior", "likelihood"]].isna().to_numpy().all()


def densities_of(posterior: Posterior) -> Densities:
    rng = np.random.default_rng(1)
    count = posterior.manifest.draws
    names = [channel.name for channel in posterior.stack.channels]
    return Densities({name: rng.normal(size=count) for name in names}, rng.normal(size=count))


def test_older_models_say_that_nothing_was_recorded(posterior: Posterior) -> None:
    older = replace(posterior, densities=None)
    table = older.diagnose().sensitivity
    assert table["quantity"].tolist() == list(posterior.actors)
    assert set(table["diagnosis"]) == {NOT_RECORDED}


def test_shares_follow_the_log_likelihood_that_is_theirs(posterior: Posterior) -> None:
    """A density that rises with an actor's share is found to move it."""
    shares = posterior.shares().set_index("actor")["share"]
    actor = str(shares.idxmax())
    own = densities_of(posterior)
    draws = _draws_of_share(posterior, actor)
    own = replace(own, log_likelihood=20 * (draws - draws.mean()) / draws.std())
    table = replace(posterior, densities=own).diagnose().sensitivity.set_index("quantity")
    assert table.loc[actor, "likelihood"] > 1.0
    assert "with the data" in table.loc[actor, "diagnosis"]


def _draws_of_share(posterior: Posterior, actor: str) -> np.ndarray:
    from attribution.posterior.kernel import mean_probabilities

    found = mean_probabilities(posterior._draws, posterior._query)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    shares = posterior.shares().set_index("actor")["share"]
    np.testing.assert_allclose(found.mean(axis=0), shares[list(posterior.actors)], rtol=1e-9)
    return found[:, posterior.actors.index(actor)]


def sensitivity_of(posterior: Posterior) -> ShareSensitivity:
    shares = tuple(ActorShare(actor, 0.1, 0.05, 0.2) for actor in posterior.actors)
    return ShareSensitivity(
        start="2020-01-01",
        end="2020-09-30",
        where={"weapon_type": ("rocket",)},
        n_incidents=3,
        seed=1,
        draws=600,
        created="2026-01-01T00:00:00+00:00",
        package_version="0",
        case_fingerprint=posterior.manifest.case_fingerprint,
        variants=(VariantShares(AS_FITTED, 10, shares),),
    )


@pytest.fixture(scope="module")
def saved(posterior: Posterior, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "full.model"
    measured = replace(
        posterior, densities=densities_of(posterior), share_sensitivity=sensitivity_of(posterior)
    )
    measured.save(folder)
    return folder


def test_densities_and_sensitivity_are_saved_and_read_again(
    posterior: Posterior, saved: Path
) -> None:
    again = load(saved)
    assert again.densities is not None
    expected = densities_of(posterior)
    np.testing.assert_array_equal(again.densities.log_likelihood, expected.log_likelihood)
    assert set(again.densities.log_prior) == set(expected.log_prior)
    for name, values in expected.log_prior.items():
        np.testing.assert_array_equal(again.densities.log_prior[name], values)
    assert again.share_sensitivity is not None
    assert again.share_sensitivity.as_dict() == sensitivity_of(posterior).as_dict()
    full = replace(posterior, densities=expected)
    pd.testing.assert_frame_equal(again.diagnose().sensitivity, full.diagnose().sensitivity)


def test_a_model_without_them_is_saved_and_read_as_before(
    posterior: Posterior, tmp_path: Path
) -> None:
    replace(posterior, densities=None, share_sensitivity=None).save(tmp_path / "plain.model")
    assert not (tmp_path / "plain.model" / "sensitivity.json").exists()
    plain = load(tmp_path / "plain.model")
    assert plain.densities is None
    assert plain.share_sensitivity is None


def test_densities_of_another_number_of_draws_are_refused(
    posterior: Posterior, tmp_path: Path
) -> None:
    short = Densities({"label": np.zeros(3)}, np.zeros(3))
    replace(posterior, densities=short).save(tmp_path / "x.model")
    with pytest.raises(ModelFolderError, match="densities"):
        load(tmp_path / "x.model")


@pytest.mark.parametrize("text", ["{", "{}", "[]", '{"start": 1}'])
def test_a_broken_sensitivity_is_a_fault_of_the_folder(
    saved: Path, tmp_path: Path, text: str
) -> None:
    copy = tmp_path / "copy.model"
    shutil.copytree(saved, copy)
    (copy / "sensitivity.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelFolderError, match=r"sensitivity\.json"):
        load(copy)


def test_a_sensitivity_measured_on_other_tables_is_refused(
    posterior: Posterior, tmp_path: Path
) -> None:
    other = replace(sensitivity_of(posterior), case_fingerprint="0" * 64)
    replace(posterior, share_sensitivity=other).save(tmp_path / "x.model")
    with pytest.raises(ChangedDataError, match="other tables"):
        load(tmp_path / "x.model")
