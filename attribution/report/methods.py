"""How the figures were made: the method in words, the papers behind it, and the fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.case.records import plain, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from attribution.case.records import Plain
    from attribution.posterior.posterior import Posterior

#: In the order in which the method mentions them.
REFERENCES = (
    (
        "McFadden, D. (1974). Conditional logit analysis of qualitative choice behavior. In P. "
        "Zarembka (ed.), Frontiers in Econometrics, 105-142. Academic Press."
    ),
    (
        "Dawid, A. P. and Skene, A. M. (1979). Maximum likelihood estimation of observer "
        "error-rates using the EM algorithm. Journal of the Royal Statistical Society C 28(1), "
        "20-28."
    ),
    (
        "Hoffman, M. D. and Gelman, A. (2014). The No-U-Turn sampler: adaptively setting path "
        "lengths in Hamiltonian Monte Carlo. Journal of Machine Learning Research 15, 1593-1623."
    ),
    (
        "Abril-Pla, O. and others (2023). PyMC: a modern, and comprehensive probabilistic "
        "programming framework in Python. PeerJ Computer Science 9, e1516."
    ),
    (
        "Vehtari, A., Gelman, A., Simpson, D., Carpenter, B. and Bürkner, P.-C. (2021). "
        "Rank-normalization, folding, and localization: an improved R-hat for assessing "
        "convergence of MCMC. Bayesian Analysis 16(2), 667-718."
    ),
    (
        "Vehtari, A., Simpson, D., Gelman, A., Yao, Y. and Gabry, J. (2024). Pareto smoothed "
        "importance sampling. Journal of Machine Learning Research 25(72), 1-58."
    ),
    (
        "Kallioinen, N., Paananen, T., Bürkner, P.-C. and Vehtari, A. (2024). Detecting and "
        "diagnosing prior and likelihood sensitivity with power-scaling. Statistics and "
        "Computing 34, 57."
    ),
    "Good, I. J. (1950). Probability and the Weighing of Evidence. Griffin, London.",
    (
        "Office of the Director of National Intelligence (2015). Intelligence Community "
        "Directive 203: Analytic Standards."
    ),
)

_SAMPLED = (
    "the posterior is sampled with the No-U-Turn sampler (Hoffman and Gelman 2014; PyMC, "
    "Abril-Pla and others 2023) and checked by split R-hat and effective sample sizes (Vehtari "
    "and others 2021)"
)
_APPROXIMATED = (
    "the posterior is approximated by a normal distribution around its mode and weighed by "
    "Pareto-smoothed importance sampling (Vehtari and others 2024), whose k-hat says how good "
    "that is"
)


def method_paragraphs(posterior: Posterior) -> tuple[str, ...]:
    """Say how the figures were made.

    Parameters
    ----------
    posterior
        The model.

    Returns
    -------
    tuple of str
        Paragraphs that cite ``REFERENCES``.
    """
    sampled = posterior.manifest.as_dict().get("method", "nuts") == "nuts"
    return (
        (
            "Each incident has an unknown actor: one of the modelled parents or a residual "
            "class. What was done (weapon, target, place, period and more) forms the prior of "
            "the actor in a nested conditional logit with small, shrunken effects (after "
            "McFadden 1974). What was said (claims by brands, denials, labels by officials, "
            "analysts and media) is the likelihood given the actor: brands are linked to parents"
            " by dated, conflicting expert views; labellers have their own hit rates and their "
            "own habits when wrong (after Dawid and Skene 1979); labels that name a set of "
            "actors are scored as that set."
        ),
        (
            f"The unknown actor is summed out, and {_SAMPLED if sampled else _APPROXIMATED}. "
            "Every figure here is the same sum of table rows, over posterior draws: estimates "
            "are means over draws, intervals hold the middle 90 % of them. What the shares rest "
            "on is found by power-scaling priors and likelihood (Kallioinen and others 2024). "
            "Weights of evidence are in decibans (Good 1950)."
        ),
        (
            "Probabilities follow from public reports as recorded in the case, from experts who "
            "disagree, and from the model's assumptions. They are no finding of responsibility, "
            "and an interval covers the model's own uncertainty only. Words follow the bands of "
            "ICD 203 (2015): almost no chance up to 5 %, very unlikely up to 20, unlikely up to "
            "45, roughly even up to 55, likely up to 80, very likely up to 95, almost certain "
            "above."
        ),
    )


def fit_facts(posterior: Posterior) -> tuple[tuple[str, str], ...]:
    """Return what identifies the fit: versions, seed, days, fingerprint.

    Parameters
    ----------
    posterior
        The model.

    Returns
    -------
    tuple
        Names and values; what is not known is left out.
    """
    manifest = plain(posterior.manifest.as_dict())
    content = manifest if isinstance(manifest, dict) else {}
    libraries = content.get("libraries")
    versions = ", ".join(_pairs(libraries)) if isinstance(libraries, dict) else ""
    facts = {
        "attribution": text_of(content.get("package_version")),
        "libraries": versions,
        "fitted": text_of(content.get("created")),
        "method": text_of(content.get("method")),
        "seed": text_of(content.get("seed")),
        "draws": text_of(content.get("draws")),
        "evidence as of": text_of(content.get("as_of")) or "everything in the case",
        "case": text_of(content.get("case_name")),
        "case fingerprint": text_of(content.get("case_fingerprint")),
    }
    return tuple((name, value) for name, value in facts.items() if value)


def _pairs(versions: Mapping[str, Plain]) -> list[str]:
    return [f"{name} {version}" for name, version in sorted(versions.items())]
