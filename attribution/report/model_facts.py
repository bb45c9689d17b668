"""Which fit answered, for the end of a JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.report.records import plain

if TYPE_CHECKING:
    from attribution.posterior.posterior import Posterior
    from attribution.report.records import Plain

_FACTS = (
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
        The manifest without the names of all table rows.
    """
    facts = posterior.manifest.as_dict()
    kept = {name: plain(value) for name, value in facts.items() if name in _FACTS}
    return kept | {"passed_diagnostics": posterior.diagnose().passed}
