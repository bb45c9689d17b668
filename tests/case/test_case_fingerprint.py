import dataclasses
from datetime import date

import numpy as np
import pandas as pd
import pytest

from attribution.case.case import Case
from attribution.case.config import parse_config
from attribution.case.load import load_case
from attribution.case.schema import SCHEMA, Kind


def with_table(case: Case, name: str, table: pd.DataFrame) -> Case:
    return dataclasses.replace(case, tables={**case.tables, name: table})


@pytest.fixture(scope="module")
def small(iraq: Case) -> Case:
    """The first rows of every table: what counts in them counts in the whole."""
    return dataclasses.replace(
        iraq, tables={name: table.head(6) for name, table in iraq.tables.items()}
    )


def test_it_is_a_sha256_and_the_same_every_time(iraq: Case) -> None:
    assert len(iraq.fingerprint()) == 64
    assert set(iraq.fingerprint()) <= set("0123456789abcdef")
    assert iraq.fingerprint() == iraq.fingerprint()


def test_the_order_of_rows_columns_and_tables_does_not_count(iraq: Case) -> None:
    generator = np.random.default_rng(7)
    tables = {}
    for name in reversed(list(iraq.tables)):
        table = iraq.tables[name]
        rows, columns = (generator.permutation(n) for n in table.shape)
        tables[name] = table.iloc[rows, columns]
    assert dataclasses.replace(iraq, tables=tables).fingerprint() == iraq.fingerprint()


@pytest.mark.parametrize("name", list(SCHEMA))
def test_every_cell_counts_except_notes(small: Case, name: str) -> None:
    table = small.tables[name]
    seen = {small.fingerprint()}
    for column in table.columns:
        changed = table.copy()
        kind = SCHEMA[name].column(column).kind
        if kind in {Kind.DATE, Kind.FIRST_DAY, Kind.LAST_DAY}:
            changed.loc[2, column] = pd.Timestamp(1999, 9, 9)
        elif kind is Kind.NUMBER:
            changed.loc[2, column] = 12.3456789
        elif kind is Kind.COUNT:
            changed.loc[2, column] = 987
        else:
            changed.loc[2, column] = "something else"
        number = with_table(small, name, changed).fingerprint()
        assert (number in seen) is (column == "note"), column
        seen.add(number)


@pytest.mark.parametrize("name", list(SCHEMA))
def test_a_row_more_less_or_twice_counts(small: Case, name: str) -> None:
    table = small.tables[name]
    numbers = {
        with_table(small, name, other).fingerprint()
        for other in (table, table.iloc[1:], pd.concat([table, table.iloc[[3]]]))
    }
    assert len(numbers) == 3


def test_cells_do_not_run_into_each_other(small: Case) -> None:
    table = small.incidents
    one = table.assign(place="ab", target_name="c")
    two = table.assign(place="a", target_name="bc")
    three = table.assign(place="", target_name="abc")
    numbers = {with_table(small, "incidents", t).fingerprint() for t in (one, two, three)}
    assert len(numbers) == 3


def test_extra_columns_count_once_they_hold_something(small: Case) -> None:
    table = small.incidents
    before = small.fingerprint()
    assert with_table(small, "incidents", table.assign(extra="")).fingerprint() == before
    assert with_table(small, "incidents", table.assign(extra="1")).fingerprint() != before


def test_another_way_of_writing_the_same_is_the_same(folder, iraq: Case) -> None:
    rows = folder.read("incidents")
    latitude, sources = rows[0].index("latitude"), rows[0].index("source_ids")
    for row in rows[1:]:
        if row[latitude]:
            row[latitude] = f" {float(row[latitude]):.7f} "
        row[sources] = " ; ".join(reversed(row[sources].split(";")))
    folder.write("incidents", [rows[0], *reversed(rows[1:])])
    text = (folder.path / "case.toml").read_text(encoding="utf-8")
    bare = "\n\n".join(line for line in text.splitlines() if not line.startswith("#"))
    (folder.path / "case.toml").write_text(bare, encoding="utf-8")
    assert load_case(folder.path).fingerprint() == iraq.fingerprint()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("start = 2024-02-01", "start = 2024-02-02"),
        ('rocket = "indirect_fire"', 'rocket = "air"'),
        ('name = "Other militia"', 'name = "Other militias"'),
        ('iran_sponsors = ["IRGC-QF"]', "iran_sponsors = []"),
        ('uninformative = ["unknown"]', "uninformative = []"),
        (
            'columns = ["country", "province", "place"]',
            'columns = ["province", "country", "place"]',
        ),
    ],
)
def test_what_the_configuration_says_counts(small: Case, old: str, new: str) -> None:
    assert old in small.config.text
    config, faults = parse_config(small.config.text.replace(old, new))
    assert config is not None
    assert faults == ()
    changed = dataclasses.replace(small, config=config)
    assert changed.fingerprint() != small.fingerprint()


def test_the_as_of_date_counts(iraq: Case) -> None:
    numbers = {
        dataclasses.replace(iraq, as_of=day).fingerprint()
        for day in (None, date(2100, 1, 1), date(2100, 1, 2))
    }
    assert len(numbers) == 3
