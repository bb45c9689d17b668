"""Rows that are alike are looked at once; what is found reaches every one of them."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from attribution.channels.distinct import by_row, distinct, looked_up

cells = st.tuples(
    st.sampled_from(["", "a", "b", "ab"]),
    st.sampled_from([None, "2021-01-01", "2021-01-02"]),
    st.sampled_from([float("nan"), 0.0, 1.5]),
)


def columns(rows) -> list[pd.Series]:
    text, day, number = zip(*rows, strict=True) if rows else ((), (), ())
    return [
        pd.Series(text, dtype="str"),
        pd.to_datetime(pd.Series(day, dtype="object")).astype("datetime64[us]"),
        pd.Series(number, dtype="float64"),
    ]


@given(st.lists(cells, max_size=30))
def test_the_distinct_rows_are_those_of_a_plain_loop(rows):
    seen: list[str] = []
    for row in map(repr, rows):
        if row not in seen:
            seen.append(row)
    found = distinct(*columns(rows))
    assert found.number.tolist() == [seen.index(repr(row)) for row in rows]
    assert found.first.tolist() == [list(map(repr, rows)).index(row) for row in seen]


@given(st.lists(cells, max_size=30))
def test_every_row_gets_what_is_read_of_its_cells_and_each_combination_is_read_once(rows):
    text, day, number = columns(rows)
    table = pd.DataFrame({"text": text, "day": day, "number": number})
    calls = []

    def read(*cell):
        calls.append(tuple(map(str, cell)))
        note = f"{cell[0]} on {cell[1]}" if cell[0] != "a" else ""
        return len("".join(map(str, cell))), note

    codes, notes = looked_up(table, ("text", "day", "number"), read)
    assert len(calls) == len(set(calls)) == len({repr(row) for row in rows})
    plain = [read(*cell) for cell in zip(text, day, number, strict=True)]
    assert codes.tolist() == [code for code, _ in plain]
    assert notes == [(row, note) for row, (_, note) in enumerate(plain) if note]


def test_a_column_that_the_table_lacks_has_no_text():
    table = pd.DataFrame({"here": ["x", "y"]}, index=[5, 5])
    codes, notes = looked_up(table, ("here", "there"), lambda *cell: (len(cell[1]), cell[0]))
    assert codes.tolist() == [0, 0]
    assert notes == [(0, "x"), (1, "y")]


def test_columns_are_told_apart_cell_by_cell():
    """Not by what the cells are together."""
    first, second = (pd.Series(texts, dtype="str") for texts in (["a", "ab"], ["bc", "c"]))
    assert distinct(first, second).number.tolist() == [0, 1]


def test_what_is_found_of_statements_is_noted_of_their_incidents():
    said = pd.Series(["x", "y", "x"], dtype="str")
    incident = pd.Series([7, 3, 3]).to_numpy()
    codes, notes = distinct(said).spread([(4, "is x"), (-1, "")], incident)
    assert codes.tolist() == [4, -1, 4]
    assert notes == [(7, "is x"), (3, "is x")]


def test_notes_are_gathered_in_their_order():
    notes = [(2, "first"), (0, "only"), (2, "second")]
    assert by_row(3, notes) == (("only",), (), ("first", "second"))
    assert by_row(0, []) == ()
