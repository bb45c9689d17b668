from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.case.values import (
    Problem,
    parse_count,
    parse_date,
    parse_number,
    parse_partial_date,
)


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_every_iso_day_is_read_as_itself(day: date) -> None:
    assert parse_date(day.isoformat()) == day
    assert parse_partial_date(day.isoformat(), last=True) == day
    assert parse_partial_date(day.isoformat(), last=False) == day


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_partial_dates_enclose_the_days_they_stand_for(day: date) -> None:
    for text in (f"{day:%Y}", f"{day:%Y-%m}"):
        first = parse_partial_date(text, last=False)
        last = parse_partial_date(text, last=True)
        assert isinstance(first, date)
        assert isinstance(last, date)
        assert first <= day <= last
        assert f"{first}".startswith(text)
        assert f"{last}".startswith(text)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2022-07", date(2022, 7, 1), date(2022, 7, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2023-02", date(2023, 2, 1), date(2023, 2, 28)),
        ("2023-12", date(2023, 12, 1), date(2023, 12, 31)),
        ("2022", date(2022, 1, 1), date(2022, 12, 31)),
    ],
)
def test_partial_dates(text: str, first: date, last: date) -> None:
    assert parse_partial_date(text, last=False) == first
    assert parse_partial_date(text, last=True) == last


FORM = "is not a date of the form YYYY-MM-DD"


@pytest.mark.parametrize(
    ("text", "message", "nearest"),
    [
        ("2020-13-01", "is not a date: there is no month 13", None),
        ("2020-00-10", "is not a date: there is no month 00", None),
        ("2021-02-30", "is not a date: February 2021 has no day 30", "2021-02-28"),
        ("2023-02-29", "is not a date: February 2023 has no day 29", "2023-02-28"),
        ("2021-04-00", "is not a date: April 2021 has no day 00", None),
        ("0021-04-03", "is not a date: the year is not in 1900-2199", None),
        ("01/02/2020", f"{FORM}: day and month cannot be told apart", None),
        ("13/02/2020", FORM, "2020-02-13"),
        ("02/13/2020", FORM, "2020-02-13"),
        ("05/05/2020", FORM, "2020-05-05"),
        ("2020/2/3", FORM, "2020-02-03"),
        ("2020-2-3", FORM, "2020-02-03"),
        ("2020-02-03 00:00:00", FORM, "2020-02-03"),
        ("2020-02-03T10:00:00Z", FORM, "2020-02-03"),
        ("43831", f"{FORM} but a spreadsheet's day number", "2020-01-01"),
        ("2020-02", FORM, None),
        ("20200203", FORM, None),
        ("3 Feb 2020", FORM, None),
        ("\u0662\u0660\u0662\u0660-\u0660\u0661-\u0660\u0661", FORM, None),
        ("2020-01-01\n", FORM, None),
    ],
)
def test_what_is_no_date(text: str, message: str, nearest: str | None) -> None:
    assert parse_date(text) == Problem(message, ("YYYY-MM-DD",), nearest)


@given(st.text())
def test_reading_any_text_raises_nothing(text: str) -> None:
    for value in (
        parse_date(text),
        parse_partial_date(text, last=True),
        parse_partial_date(text, last=False),
    ):
        assert isinstance(value, date | Problem)
    assert isinstance(parse_number(text, -90, 90), float | Problem)
    assert isinstance(parse_count(text), int | Problem)


@given(st.text(alphabet="0123456789-/. T:", max_size=12))
def test_what_is_read_as_a_date_is_written_like_one(text: str) -> None:
    value = parse_date(text)
    if isinstance(value, date):
        assert value.isoformat() == text
    elif value.nearest is not None:
        assert isinstance(parse_date(value.nearest), date)


@given(st.floats(-90, 90))
def test_numbers_are_read_exactly(number: float) -> None:
    assert parse_number(repr(number), -90, 90) == number


@pytest.mark.parametrize(
    ("text", "message", "nearest"),
    [
        ("133", "is not between -90 and 90", None),
        ("-90.0001", "is not between -90 and 90", None),
        ("33,3", "is not a number", "33.3"),
        ("133,3", "is not a number", None),
        ("nan", "is not a number", None),
        ("inf", "is not a number", None),
        ("3_3", "is not a number", None),
        ("N 33", "is not a number", None),
    ],
)
def test_what_is_no_latitude(text: str, message: str, nearest: str | None) -> None:
    assert parse_number(text, -90, 90) == Problem(message, ("-90 to 90",), nearest)


@given(st.integers(0, 999_999_999))
def test_counts(count: int) -> None:
    assert parse_count(str(count)) == count


@pytest.mark.parametrize(
    ("text", "nearest"),
    [("-1", None), ("2.5", None), ("3.0", "3"), ("many", None), ("٣", None), ("1e3", None)],
)
def test_what_is_no_count(text: str, nearest: str | None) -> None:
    assert parse_count(text) == Problem("is not a whole number", ("0, 1, 2, ...",), nearest)
