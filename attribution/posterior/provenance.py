"""Which fit answered: what stands beside every answer that leaves the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.case.records import plain

if TYPE_CHECKING:
    from attribution.case.records import Plain
    from attribution.posterior.posterior import Posterior

_FACTS = frozenset(
    {
        "schema_version",
        "package_version",
        "libraries",
        "created",
        "seed",
        "draws",
        "method",
        "as_of",
        "case_name",
        "case_fingerprint",
        "update",
    }
)


def model_facts(posterior: Posterior) -> dict[str, Plain]:
    """Say which fit answered.

    Parameters
    ----------
    posterior
        The model.

    Returns
    -------
    dict
        The manifest without the names of all table rows, and whether the fit passed its
        diagnostics.
    """
    facts = posterior.manifest.as_dict()
    kept = {name: plain(value) for name, value in facts.items() if name in _FACTS}
    return kept | {"passed_diagnostics": posterior.diagnose().passed}
