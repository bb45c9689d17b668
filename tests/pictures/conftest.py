import pytest
from made_up import made_up
from small_case import CHANNELS, small_case

from attribution.posterior.posterior import Posterior


@pytest.fixture(scope="session")
def small() -> Posterior:
    """A small case under random parameters."""
    return made_up(small_case(channels=CHANNELS), draws=30)
