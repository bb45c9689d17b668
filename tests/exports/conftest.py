import pandas as pd
import pytest
from fake_posterior import FakePosterior
from hostile_text import HOSTILE
from small_case import INCIDENT_ROWS, LABEL_ROWS, small_case

from attribution.case.case import Case
from attribution.posterior.posterior import Posterior
from attribution.posterior.store import bundled_model_folder, load


@pytest.fixture(scope="session")
def posterior() -> Posterior:
    """The bundled model; immutable, so that all tests share it."""
    return load(bundled_model_folder())


@pytest.fixture
def hostile() -> FakePosterior:
    """A model of a case whose texts mean harm."""
    first, *others = INCIDENT_ROWS
    source = {
        "source_id": "s",
        "publisher": HOSTILE,
        "title": HOSTILE,
        "url": "javascript:alert(1)",
    }
    label = {**LABEL_ROWS[0], "source_id": "s"}
    incidents = ({**first, "incident_id": f"i0{HOSTILE}", "place": HOSTILE}, *others)
    said = ({**label, "incident_id": f"i0{HOSTILE}"}, *LABEL_ROWS[1:])
    case = small_case(incidents=incidents, labels=said, statements=())
    tables = {**case.tables, "sources": pd.DataFrame([source], dtype="str")}
    return FakePosterior(Case(case.config, tables))
