"""When, with what and on which data something was computed."""

from __future__ import annotations

import hashlib
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from attribution import __version__

if TYPE_CHECKING:
    from attribution.case.case import Case

LIBRARIES = (
    "numpy", "scipy", "pandas", "pymc", "pytensor", "nutpie", "numba", "scikit-learn",
    "xgboost", "xgboost-cpu",
)  # fmt: skip
#: What a figure depends on; commands and reports only show it.
PACKAGES = ("case", "channels", "evaluate", "model", "posterior")


def code_fingerprint() -> str:
    """Condense the code of the model and of its evaluation, which a version does not pin down.

    Returns
    -------
    str
        A SHA-256 in hexadecimal digits.
    """
    digest = hashlib.sha256()
    root = Path(__file__).parents[1]
    for folder in PACKAGES:
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0")
            digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def describe_code() -> dict[str, str]:
    """Say when and with what.

    Returns
    -------
    dict
        ``date``, versions of the package, of Python and of those `LIBRARIES` that are installed,
        and ``code_fingerprint``.
    """
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "attribution": __version__,
        "code_fingerprint": code_fingerprint(),
        "python": platform.python_version(),
        **{library: found for library in LIBRARIES if (found := _installed(library))},
    }


def describe_run(case: Case) -> dict[str, str]:
    """Say when, with what and on which data.

    Parameters
    ----------
    case
        The case.

    Returns
    -------
    dict
        What `describe_code` says, ``case`` and ``case_sha256``.
    """
    return {
        **describe_code(),
        "case": case.config.name,
        "case_sha256": case.fingerprint(),
    }


def _installed(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""
