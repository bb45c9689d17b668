"""The approximation of a posterior: what it finds, what it refuses, that it repeats itself."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import sparse
from scipy.special import digamma, polygamma
from simulate import simulate

from attribution.model import fit as model_fit
from attribution.model import importance, laplace, near_normal
from attribution.model.fit import LARGEST_NUTS, method_for
from attribution.model.laplace import ApproximationError, approximate
from attribution.model.verdict import DiagnosticsError, Verdict
from attribution.posterior.fit import fit

#: The sampler's coordinates are the model's times this.
SCALE = 2.0


def skewed(monkeypatch, shape, size):
    """A model of independent logs of gamma variables of mean 1, the more skewed the less shape."""

    def density(_, point):
        x = point / SCALE
        return shape * float((x - np.exp(x)).sum()), shape * (1.0 - np.exp(x)) / SCALE

    monkeypatch.setattr(laplace, "log_density", density)
    monkeypatch.setattr(laplace, "precision", lambda _, x: np.diag(shape * np.exp(x)))
    monkeypatch.setattr(laplace, "from_model", lambda *_: SCALE * sparse.eye_array(size))
    monkeypatch.setattr(laplace, "parameters_at", lambda _, points: {"x": points / SCALE})
    model = SimpleNamespace(
        initial_point=lambda: {"x": np.full(size, 0.7)},
        free_RVs=["x"],
        rvs_to_values={"x": SimpleNamespace(name="x")},
    )
    sampler = SimpleNamespace(n_dim=size)
    return SimpleNamespace(model=model, sampler=sampler, coordinates=None)


def test_the_moments_are_those_of_the_posterior_and_not_of_its_peak(monkeypatch):
    shape, size = 100.0, 40
    found = approximate(skewed(monkeypatch, shape, size), draws=4000, seed=1)
    assert found.verdict.passed
    draws = found.parameters["x"]
    assert draws.shape == (4000, size)
    mean, deviation = digamma(shape) - np.log(shape), np.sqrt(polygamma(1, shape))
    # The peak is at 0, a twentieth of a standard deviation away in each of the directions.
    assert draws.mean() == pytest.approx(mean, abs=4 * deviation / np.sqrt(4000 * size) * 1.2)
    assert abs(mean) > 8 * deviation / np.sqrt(4000 * size)
    np.testing.assert_allclose(draws.std(axis=0), deviation, rtol=0.06)
    # Skewness is no property of a normal distribution: it comes from the weights.
    third = (((draws - draws.mean(axis=0)) / draws.std(axis=0)) ** 3).mean()
    assert third == pytest.approx(polygamma(2, shape) / deviation**3, abs=0.05)


def test_skewness_in_many_directions_does_not_pass(monkeypatch):
    found = approximate(skewed(monkeypatch, 2.0, 300), draws=500, seed=1)
    assert not found.verdict.passed
    khat = found.verdict.checks[0]
    assert khat.value > khat.limit


def test_a_seed_repeats_itself_and_another_does_not(monkeypatch):
    compiled = skewed(monkeypatch, 100.0, 5)
    one, same, other = (
        approximate(compiled, draws=50, seed=seed).parameters["x"] for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_posterior_without_a_peak_is_refused(monkeypatch):
    compiled = skewed(monkeypatch, 100.0, 5)
    monkeypatch.setattr(laplace, "precision", lambda *_: -np.eye(5))
    with pytest.raises(ApproximationError, match="no peak") as refused:
        approximate(compiled, draws=50, seed=1)
    assert isinstance(refused.value, DiagnosticsError)
    assert "use --method nuts" in str(refused.value)
    assert not refused.value.verdict.passed


@pytest.mark.parametrize(
    ("method", "incidents", "chosen"),
    [
        ("auto", LARGEST_NUTS, "nuts"),
        ("auto", LARGEST_NUTS + 1, "laplace"),
        ("nuts", LARGEST_NUTS + 1, "nuts"),
        ("laplace", 5, "laplace"),
    ],
)
def test_the_method_depends_on_the_number_of_incidents(method, incidents, chosen, caplog):
    with caplog.at_level("INFO"):
        assert method_for(method, incidents) == chosen
    assert [f"method auto: {chosen}, " in line for line in caplog.messages] == (
        [True] if method == "auto" else []
    )


@pytest.mark.parametrize(
    ("incidents", "has_peak", "walked"),
    [(5, True, "guessed"), (6, True, "near"), (6, False, "guessed")],
)
def test_chains_for_many_incidents_walk_near_an_approximation_if_there_is_one(
    incidents, has_peak, walked, monkeypatch
):
    compiled = SimpleNamespace(codes=SimpleNamespace(code=np.zeros((incidents, 1))))
    normal, called = object(), []

    def find(*_):
        if not has_peak:
            raise ApproximationError(Verdict((), (), 0), "no peak")
        return normal

    def near(_, given, settings, **__):
        assert given is normal
        called.append(("near", settings))

    monkeypatch.setattr(model_fit, "LARGEST_GUESSED", 5)
    monkeypatch.setattr(model_fit, "find_normal", find)
    monkeypatch.setattr(near_normal, "sample_near", near)
    monkeypatch.setattr(model_fit, "sample", lambda _, s, **__: called.append(("guessed", s)))
    monkeypatch.setattr(model_fit, "_judged", lambda *given: given[2])
    settings = model_fit._sampled(compiled, seed=1, draws=40_001, progress=False)
    assert called == [(walked, settings)]
    # As many as are to be kept, over all chains.
    assert settings.draws * settings.chains >= 40_001


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="method 'laplas' is not known; there are: auto, nuts"):
        method_for("laplas", 5)


@pytest.mark.slow
def test_many_incidents_are_answered_as_by_the_sampler():
    case = simulate(3, count=8000).case
    means = []
    for method in ("laplace", "nuts"):
        posterior = fit(case, seed=1, method=method, progress=False)
        assert posterior.manifest.method == method
        assert posterior.diagnose().passed
        answers = posterior.attribute()
        means.append(answers[[f"p_{actor}" for actor in posterior.actors]].to_numpy())
    assert np.abs(means[0] - means[1]).max() < 0.02


@pytest.mark.slow
def test_where_the_approximation_is_too_rough_chains_go_on_from_it(caplog, monkeypatch):
    case = simulate(4, count=150).case
    # It has some hundred effective draws of a thousand; here half of them are asked for.
    monkeypatch.setattr(importance, "LEAST_EFFECTIVE", np.inf)
    with caplog.at_level("INFO"):
        near = fit(case, seed=1, method="laplace", progress=False)
    told = [line for line in caplog.messages if "too rough to stand for the posterior" in line]
    assert len(told) == 1
    # Chains are judged as chains, and are remembered as such.
    assert near.manifest.method == "laplace"
    assert near.manifest.chains == near_normal.SETTINGS.chains
    assert near.diagnose().passed
    assert "R-hat" in near.diagnose().text
    sampled = fit(case, seed=1, method="nuts", progress=False)
    # NUTS for many incidents takes the same way.
    monkeypatch.setattr(model_fit, "LARGEST_GUESSED", 149)
    many = fit(case, seed=1, method="nuts", progress=False)
    assert many.manifest.method == "nuts"
    assert many.diagnose().passed
    columns = [f"{prefix}_{actor}" for prefix in ("p", "lo", "hi") for actor in near.actors]
    # A thousand draws of deviation .5 tell a mean to .016, the end of an interval less well.
    for each in (near, many):
        difference = (each.attribute()[columns] - sampled.attribute()[columns]).abs().to_numpy()
        assert difference[:, : len(near.actors)].max() < 0.04
        assert difference.mean() < 0.01
