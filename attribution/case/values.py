"""One cell: from the text in the file to a typed value, or to what is wrong with it."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

_DATE_FORM = "YYYY-MM-DD"
_PARTIAL_FORM = "YYYY, YYYY-MM or YYYY-MM-DD"
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_PARTIAL = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?")
_LOOSE_ISO = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:[T ].*)?")
_DAY_OR_MONTH_FIRST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})")
_SERIAL = re.compile(r"[1-9][0-9]{4}(?:\.0)?")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_COUNT = re.compile(r"[0-9]{1,9}")
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_SPREADSHEET_EPOCH = date(1899, 12, 30)
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """What is wrong with a cell.

    Attributes
    ----------
    message
        The reason, as a clause.
    allowed
        The values or the form that would be accepted.
    nearest
        What was probably meant.
    """

    message: str
    allowed: tuple[str, ...]
    nearest: str | None = None


def parse_date(value: str) -> date | Problem:
    """Read a full date.

    Parameters
    ----------
    value
        Text of the form YYYY-MM-DD.

    Returns
    -------
    date or Problem
        The day, or why it is none.
    """
    match = _ISO.fullmatch(value)
    if match is None:
        return _not_iso(value, _DATE_FORM)
    return _calendar_day(value, *(int(part) for part in match.groups()), form=_DATE_FORM)


def parse_partial_date(value: str, *, last: bool) -> date | Problem:
    """Read a date that may lack the day or the month, and complete it.

    Parameters
    ----------
    value
        Text of the form YYYY, YYYY-MM or YYYY-MM-DD.
    last
        Complete to the last day of the year or month, not to the first.

    Returns
    -------
    date or Problem
        The day, or why it is none.
    """
    match = _ISO.fullmatch(value)
    if match is not None:
        return _calendar_day(value, *(int(part) for part in match.groups()), form=_PARTIAL_FORM)
    match = _PARTIAL.fullmatch(value)
    if match is None:
        return _not_iso(value, _PARTIAL_FORM)
    year = int(match[1])
    month = int(match[2]) if match[2] else (12 if last else 1)
    first_day = _calendar_day(value, year, month, 1, form=_PARTIAL_FORM)
    if isinstance(first_day, Problem) or not last:
        return first_day
    return _last_of_month(year, month)


def parse_number(value: str, low: float, high: float) -> float | Problem:
    """Read a decimal number within a range.

    Parameters
    ----------
    value
        Text of a number with a decimal point.
    low, high
        Smallest and largest number that is accepted.

    Returns
    -------
    float or Problem
        The number, or why it is none.
    """
    allowed = (f"{low:g} to {high:g}",)
    number = _decimal(value)
    if number is None:
        with_point = value.replace(",", ".")
        meant = _decimal(with_point)
        known = meant is not None and low <= meant <= high
        return Problem("is not a number", allowed, with_point if known else None)
    if not low <= number <= high:
        return Problem(f"is not between {low:g} and {high:g}", allowed)
    return number


def parse_count(value: str) -> int | Problem:
    """Read a whole number, zero or more.

    Parameters
    ----------
    value
        Text made of digits.

    Returns
    -------
    int or Problem
        The number, or why it is none.
    """
    if _COUNT.fullmatch(value):
        return int(value)
    # Saving a column with blanks through a data frame turns 3 into 3.0.
    meant = value[:-2] if value.endswith(".0") and _COUNT.fullmatch(value[:-2]) else None
    return Problem("is not a whole number", ("0, 1, 2, ...",), meant)


def _calendar_day(value: str, year: int, month: int, day: int, *, form: str) -> date | Problem:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return Problem(f"is not a date: the year is not in {_FIRST_YEAR}-{_LAST_YEAR}", (form,))
    if not 1 <= month <= len(_MONTHS):
        return Problem(f"is not a date: there is no month {value[5:7]}", (form,))
    last = _last_of_month(year, month)
    if not 1 <= day <= last.day:
        reason = f"{_MONTHS[month - 1]} {year} has no day {value[8:10]}"
        return Problem(f"is not a date: {reason}", (form,), str(last) if day > last.day else None)
    return date(year, month, day)


def _last_of_month(year: int, month: int) -> date:
    following = date(year + 1, 1, 1) if month == len(_MONTHS) else date(year, month + 1, 1)
    return following - timedelta(days=1)


def _not_iso(value: str, form: str) -> Problem:
    if match := _LOOSE_ISO.fullmatch(value):
        year, month, day = (int(part) for part in match.groups())
        return Problem(f"is not a date of the form {form}", (form,), _iso_if_real(year, month, day))
    if match := _DAY_OR_MONTH_FIRST.fullmatch(value):
        first, second, year = (int(part) for part in match.groups())
        readings = {_iso_if_real(year, second, first), _iso_if_real(year, first, second)} - {None}
        if len(readings) > 1:
            # A spreadsheet wrote it, and which of the two it was cannot be told from the file.
            reason = f"is not a date of the form {form}: day and month cannot be told apart"
            return Problem(reason, (form,))
        return Problem(f"is not a date of the form {form}", (form,), next(iter(readings), None))
    if _SERIAL.fullmatch(value):
        day_meant = _SPREADSHEET_EPOCH + timedelta(days=int(value[:5]))
        reason = f"is not a date of the form {form} but a spreadsheet's day number"
        return Problem(reason, (form,), str(day_meant))
    return Problem(f"is not a date of the form {form}", (form,))


def _iso_if_real(year: int, month: int, day: int) -> str | None:
    text = f"{year:04d}-{month:02d}-{day:02d}"
    return None if isinstance(parse_date(text), Problem) else text


def _decimal(value: str) -> float | None:
    return float(value) if _DECIMAL.fullmatch(value) else None
