from dataclasses import replace

import pytest
from desk_client import HOSTILE, client_of
from fake_posterior import FakePosterior

from attribution.posterior.store import bundled_model_folder, load


@pytest.fixture(scope="session")
def client(iraq):
    """A desk over made-up numbers: what is shown, asked and refused does not depend on them."""
    with client_of(FakePosterior(iraq)) as opened:
        yield opened


@pytest.fixture(scope="session")
def bundled():
    """The model that comes with the package."""
    return load(bundled_model_folder("iraq"))


@pytest.fixture(scope="session")
def real(bundled):
    """A desk over the bundled model."""
    with client_of(bundled) as opened:
        yield opened


@pytest.fixture(scope="session")
def hostile(iraq):
    """A desk over the case with hostile text in every column that holds text of people."""
    columns = {
        "incidents": ("place", "target_name", "weapon_detail", "note"),
        "groups": ("name", "aliases", "note", "territory"),
        "sources": ("publisher", "title", "url", "note"),
        "statements": ("channel", "note"),
        "labels": ("note",),
        "labellers": ("name", "note"),
    }
    tables = {
        name: table.assign(**dict.fromkeys(columns.get(name, ()), HOSTILE))
        for name, table in iraq.tables.items()
    }
    config = replace(
        iraq.config,
        title=HOSTILE,
        actors=tuple(replace(actor, name=HOSTILE) for actor in iraq.config.actors),
    )
    with client_of(FakePosterior(replace(iraq, config=config, tables=tables))) as opened:
        yield opened
