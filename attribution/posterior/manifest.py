"""What a saved model says about itself."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from attribution import __version__
from attribution.model.verdict import Check, Entry, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from attribution.case.case import Case
    from attribution.model.fit import FitResult

#: Raised by one whenever the meaning or the layout of a saved model changes.
SCHEMA_VERSION = 1
#: Of models that were updated without a refit: what knows nothing of updates must not read them.
UPDATED_SCHEMA_VERSION = 2

#: How the models were found that do not say so.
NUTS = "nuts"

LIBRARIES = ("arviz", "numba", "numpy", "nutpie", "pandas", "pymc", "pytensor", "xarray", "zarr")


@dataclass(frozen=True)
class Manifest:
    """Where a posterior comes from and whether it may be trusted.

    Parameters
    ----------
    schema_version, package_version, libraries
        Layout of the folder, this package's version, and those of the libraries that fitted it.
    created
        Moment of the fit, UTC, ISO 8601.
    seed, draws, chains, tune
        How it was sampled; ``draws`` are those kept. An approximation has no chains: 0 and 0.
    as_of
        Day after which nothing was known, ISO 8601; None if everything in the case was used.
    case_name, case_fingerprint
        The case and the SHA-256 of its canonical rows.
    fitted_incidents
        How many incidents carried a label and were part of the fit.
    levels
        Rows of each channel's table, by channel.
    diagnostics
        The gate's verdict.
    metadata
        Free for users.
    update
        Of a model updated without a refit, what was taken up and how far that can be trusted (see
        `attribution.posterior.update`); None of a fit. ``created``, ``case_fingerprint``,
        ``fitted_incidents`` and ``diagnostics`` are then those after the update.
    method
        How the posterior was found, "nuts" or "laplace".
    """

    schema_version: int
    package_version: str
    libraries: Mapping[str, str]
    created: str
    seed: int
    draws: int
    chains: int
    tune: int
    as_of: str | None
    case_name: str
    case_fingerprint: str
    fitted_incidents: int
    levels: Mapping[str, tuple[str, ...]]
    diagnostics: Mapping[str, Any]
    metadata: Mapping[str, str]
    update: Mapping[str, Any] | None = None
    method: str = NUTS

    def as_dict(self) -> dict[str, Any]:
        """Return the manifest as JSON writes it."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        fields["levels"] = {name: list(rows) for name, rows in self.levels.items()}
        for name in ("libraries", "diagnostics", "metadata"):
            fields[name] = dict(fields[name])
        update = fields.pop("update")
        return fields if update is None else fields | {"update": dict(update)}

    @property
    def as_of_day(self) -> date | None:
        """The as-of date as a day."""
        return None if self.as_of is None else date.fromisoformat(self.as_of)

    @property
    def verdict(self) -> Verdict:
        """The gate's verdict as an object."""
        content = self.diagnostics
        return Verdict(
            tuple(Check(**check) for check in content["checks"]),
            tuple(Entry(**entry) for entry in content["worst"]),
            int(content["entries"]),
        )


def manifest_of(case: Case, result: FitResult, draws: int) -> Manifest:
    """Describe a fit that has just been made."""
    libraries = {name: version(name) for name in LIBRARIES}
    libraries["python"] = platform.python_version()
    verdict, settings = result.verdict, result.settings
    return Manifest(
        schema_version=SCHEMA_VERSION,
        package_version=__version__,
        libraries=MappingProxyType(libraries),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        seed=result.seed,
        draws=draws,
        chains=0 if settings is None else settings.chains,
        tune=0 if settings is None else settings.tune,
        as_of=None if case.as_of is None else case.as_of.isoformat(),
        case_name=case.config.name,
        case_fingerprint=case.fingerprint(),
        fitted_incidents=len(result.fitted),
        levels=MappingProxyType({c.name: c.levels for c in result.stack.channels}),
        diagnostics=MappingProxyType(
            {
                "passed": verdict.passed,
                "entries": verdict.entries,
                "checks": [asdict(check) for check in verdict.checks],
                "worst": [asdict(entry) for entry in verdict.worst],
            }
        ),
        metadata=MappingProxyType({}),
        method=result.method,
    )


def manifest_from(content: Mapping[str, Any]) -> Manifest:
    """Read a manifest that JSON has parsed.

    Raises
    ------
    KeyError, TypeError
        If a field is missing or of another kind.
    """
    known = [name for name in Manifest.__dataclass_fields__ if name not in {"update", "method"}]
    fields = {name: content[name] for name in known}
    fields["method"] = str(content.get("method", NUTS))
    fields["levels"] = MappingProxyType(
        {str(name): tuple(map(str, rows)) for name, rows in content["levels"].items()}
    )
    for name in ("libraries", "diagnostics", "metadata"):
        fields[name] = MappingProxyType(dict(content[name]))
    if content["schema_version"] == UPDATED_SCHEMA_VERSION:
        fields["update"] = MappingProxyType(dict(content["update"]))
    return Manifest(**fields)
