import pytest

from attribution.posterior.posterior import Posterior
from attribution.posterior.store import bundled_model_folder, load


@pytest.fixture(scope="session")
def posterior() -> Posterior:
    """The bundled model; immutable, so that all tests share it."""
    return load(bundled_model_folder())
