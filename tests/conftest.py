import pytest

from attribution.case.case import Case
from attribution.case.load import bundled_case_folder, load_case


@pytest.fixture(scope="session")
def iraq() -> Case:
    """The bundled case; nothing can change it, so that all tests share it."""
    return load_case(bundled_case_folder())
