import pytest

from attribution.case.case import Case
from attribution.case.load import bundled_case_folder, load_case
from attribution.posterior.posterior import Posterior
from attribution.posterior.store import bundled_model_folder, load


@pytest.fixture(scope="session")
def iraq() -> Case:
    """The bundled case; nothing can change it, so that all tests share it."""
    return load_case(bundled_case_folder())


@pytest.fixture(scope="session")
def bundled() -> Posterior:
    """The bundled model; immutable, so that all tests share it."""
    return load(bundled_model_folder())
