import pytest

from attribution.posterior.posterior import Posterior


@pytest.fixture(scope="session")
def posterior(bundled: Posterior) -> Posterior:
    """The bundled model, under the name of what is tested here."""
    return bundled
