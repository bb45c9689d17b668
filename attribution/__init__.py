"""Who is behind an incident: a Bayesian model of parent militias.

The public names; see README.md for what they do. They are loaded when first used, so that importing
the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attribution.case.case import Case as Case
    from attribution.case.faults import CaseError as CaseError
    from attribution.case.load import bundled_case_folder as bundled_case_folder
    from attribution.case.load import load_case as load_case
    from attribution.case.load import save_case as save_case
    from attribution.evaluate.results import EvaluationReport as EvaluationReport
    from attribution.evaluate.run import evaluate as evaluate
    from attribution.exports.chosen import Selection as Selection
    from attribution.exports.export import export as export
    from attribution.posterior.fit import fit as fit
    from attribution.posterior.posterior import Posterior as Posterior
    from attribution.posterior.store import bundled_model_folder as bundled_model_folder
    from attribution.posterior.store import load as load
    from attribution.scoring.batch import score_batch as score_batch
    from attribution.scoring.files import ScoreSettings as ScoreSettings
    from attribution.scoring.files import score_file as score_file
    from attribution.scoring.sources import Sql as Sql

__version__ = "0.1.0"

_HOMES = {
    "Case": "attribution.case.case",
    "CaseError": "attribution.case.faults",
    "EvaluationReport": "attribution.evaluate.results",
    "Posterior": "attribution.posterior.posterior",
    "Selection": "attribution.exports.chosen",
    "ScoreSettings": "attribution.scoring.files",
    "Sql": "attribution.scoring.sources",
    "bundled_case_folder": "attribution.case.load",
    "bundled_model_folder": "attribution.posterior.store",
    "export": "attribution.exports.export",
    "fit": "attribution.posterior.fit",
    "load": "attribution.posterior.store",
    "load_case": "attribution.case.load",
    "save_case": "attribution.case.load",
    "score_batch": "attribution.scoring.batch",
    "score_file": "attribution.scoring.files",
}

__all__ = [
    "Case",
    "CaseError",
    "EvaluationReport",
    "Posterior",
    "ScoreSettings",
    "Selection",
    "Sql",
    "bundled_case_folder",
    "bundled_model_folder",
    "evaluate",
    "export",
    "fit",
    "load",
    "load_case",
    "save_case",
    "score_batch",
    "score_file",
]


def __getattr__(name: str) -> object:
    if name == "evaluate":
        # The folder of that name, which can be called; once imported it stands here by itself.
        return import_module("attribution.evaluate")
    if name not in _HOMES:
        raise AttributeError(f"module 'attribution' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
