"""Faults of the input: where they are, what is allowed, and what was probably meant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_CLOSE_ENOUGH = 0.6
_LONGEST_VALUE = 80
_LEAST_BEGINNING = 6


@dataclass(frozen=True)
class Fault:
    """One fault of one file.

    Attributes
    ----------
    file
        Name of the file inside the case folder.
    row
        Line number in the file, the header being line 1; None if the fault is of the whole file.
    column
        Name of the column, or the place inside ``case.toml`` ("actors[2].name").
    value
        The value as it stands in the file.
    message
        What is wrong with it, as a clause without a full stop.
    allowed
        The values (or the form) that would be accepted.
    nearest
        What was probably meant.
    """

    file: str
    row: int | None
    column: str | None
    value: str
    message: str
    allowed: tuple[str, ...] = ()
    nearest: str | None = None

    def __str__(self) -> str:
        place = [self.file]
        if self.row is not None:
            place.append(f"row {self.row}")
        if self.column is not None:
            place.append(f"column {self.column}" if self.row is not None else self.column)
        line = f"{', '.join(place)}: {self.message}."
        if self.nearest is not None:
            line += f" Did you mean {self.nearest!r}?"
        if self.allowed:
            line += f" Allowed: {listed(self.allowed)}."
        return line


class FaultsError(Exception):
    """Some input is at fault; all its faults are listed at once.

    Parameters
    ----------
    faults
        Every fault that was found.
    """

    #: What the faults are in, for the heading.
    subject = "the input"

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.faults)

    def __str__(self) -> str:
        count = len(self.faults)
        heading = f"{'1 fault' if count == 1 else f'{count} faults'} in {self.subject}:"
        return "\n".join([heading, *(f"  {fault}" for fault in self.faults)])


class CaseError(FaultsError):
    """The case folder is at fault."""

    subject = "the case"


def quoted(value: str) -> str:
    """Show a value in a message, shortened when it is very long.

    Parameters
    ----------
    value
        The value as it stands in the file.

    Returns
    -------
    str
        The value between quotation marks.
    """
    if len(value) > _LONGEST_VALUE:
        return f"{value[:_LONGEST_VALUE]!r}... ({len(value)} characters)"
    return repr(value)


def listed(values: Sequence[str], most: int = 12) -> str:
    """List values in a message, a very long list shortened with its count.

    Parameters
    ----------
    values
        The values.
    most
        How many are shown at most.

    Returns
    -------
    str
        The list.
    """
    shown = ", ".join(values[:most])
    return shown if len(values) <= most else f"{shown}, ... ({len(values)} in all)"


def nearest(value: str, candidates: Iterable[str]) -> str | None:
    """Find the candidate that was probably meant.

    Parameters
    ----------
    value
        The value as it was written.
    candidates
        The values that would have been accepted.

    Returns
    -------
    str or None
        The most similar candidate, None when nothing is similar. Upper and lower case, blanks,
        hyphens and underscores are no difference. A candidate that only goes on where the value
        stops comes before any other: a long identifier is rarely typed to its end.
    """
    written = _folded(value)
    if not written:
        return None
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(written)
    best: tuple[float, str] | None = None
    every = sorted(set(candidates))
    longer = [candidate for candidate in every if _folded(candidate).startswith(written)]
    if longer and len(written) >= _LEAST_BEGINNING:
        return longer[0]
    for candidate in every:
        matcher.set_seq1(_folded(candidate))
        if matcher.real_quick_ratio() < _CLOSE_ENOUGH or matcher.quick_ratio() < _CLOSE_ENOUGH:
            continue
        ratio = matcher.ratio()
        if ratio >= _CLOSE_ENOUGH and (best is None or ratio > best[0]):
            best = (ratio, candidate)
    return None if best is None else best[1]


def _folded(text: str) -> str:
    return text.casefold().replace("-", "_").replace(" ", "_").strip("_")
