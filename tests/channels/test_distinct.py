"""Rows that are alike are looked at once; what is found reaches every one of them."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from attribution.channels.distinct import FEW, by_row, distinct, together
from attribution.channels.evidence import Evidence, empty_labels, empty_statements

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


def incidents(**read) -> Evidence:
    return Evidence(pd.DataFrame(read), empty_statements(), empty_labels())


@given(st.lists(cells, max_size=30), st.sampled_from([1, FEW + 1]))
def test_columns_compared_one_by_one_and_then_together_tell_the_same_rows_apart(rows, times):
    read = columns(rows * times)
    for found in (
        together(*map(distinct, read)),
        incidents(text=read[0], day=read[1], number=read[2]).alike("text", "day", "number"),
    ):
        assert found.number.tolist() == distinct(*read).number.tolist()
        assert found.first.tolist() == distinct(*read).first.tolist()


@given(st.lists(cells, max_size=30), st.sampled_from([1, FEW + 1]))
def test_the_distinct_rows_are_those_of_a_plain_loop(rows, times):
    rows = rows * times
    written = list(map(repr, rows))
    seen = list(dict.fromkeys(written))
    found = distinct(*columns(rows))
    assert found.number.tolist() == [seen.index(row) for row in written]
    assert found.first.tolist() == [written.index(row) for row in seen]


@given(st.lists(cells, max_size=30))
def test_every_row_gets_what_is_read_of_its_cells_and_each_combination_is_read_once(rows):
    text, day, number = columns(rows)
    evidence = incidents(text=text, day=day, number=number)
    calls = []

    def read(*cell):
        calls.append(tuple(map(str, cell)))
        note = f"{cell[0]} on {cell[1]}" if cell[0] != "a" else ""
        return len("".join(map(str, cell))), note

    codes, notes = evidence.looked_up(("text", "day", "number"), read)
    assert len(calls) == len(set(calls)) == len({repr(row) for row in rows})
    plain = [read(*cell) for cell in zip(text, day, number, strict=True)]
    assert codes.tolist() == [code for code, _ in plain]
    assert notes == [(row, note) for row, (_, note) in enumerate(plain) if note]


def test_a_column_that_the_table_lacks_has_no_text():
    evidence = incidents(here=["x", "y"])
    codes, notes = evidence.looked_up(("here", "there"), lambda *cell: (len(cell[1]), cell[0]))
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
