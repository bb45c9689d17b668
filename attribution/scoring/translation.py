"""Other people's columns and words turned into those of the case."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from attribution.case.faults import nearest
from attribution.posterior.intake import CLAIMS, RANGES, TEXT_COLUMNS
from attribution.scoring.errors import InputFileError
from attribution.scoring.rows import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

LAYOUTS = ("acled", "gtd", "ucdp")
#: Columns that the model may read.
OURS = (*TEXT_COLUMNS, *RANGES, "date", CLAIMS)

_ISO = "%Y-%m-%d"


@dataclass(frozen=True)
class Layout:
    """How the tables of a publisher are laid out.

    Parameters
    ----------
    columns
        Their columns by ours, the first whose word says something. Columns that a table does not
        have are passed over.
    date_formats
        How they may write a day, as for `datetime.strptime`; the first that fits is taken.
    date_parts
        Their columns for year, month and day, if these are apart.
    vocabulary
        Our word by theirs, by our column. "" stands for a word that says nothing.
    spelling
        Other spellings, by our column; what is not among them stays and is not reported.
    """

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    date_formats: tuple[str, ...] = ()
    date_parts: tuple[str, ...] = ()
    vocabulary: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    spelling: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Translation:
    """What is done to every batch before it is scored.

    Parameters
    ----------
    columns
        Their column by ours, as the user wants it; such a column must be there.
    layout
        What is known of the publisher's tables.
    known
        Words of the case by our column: they need no translation.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    layout: Layout = field(default_factory=Layout)
    known: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return everything that a result depends on, as JSON writes it."""
        layout = self.layout
        return {
            "columns": dict(self.columns),
            "layout": {name: list(theirs) for name, theirs in layout.columns.items()},
            "date_formats": list(layout.date_formats),
            "date_parts": list(layout.date_parts),
            "vocabulary": {name: dict(words) for name, words in layout.vocabulary.items()},
            "spelling": {name: dict(words) for name, words in layout.spelling.items()},
        }


def translation(
    columns: Mapping[str, str],
    layout: str | None = None,
    vocabulary: Path | None = None,
    known: Mapping[str, Sequence[str]] | None = None,
) -> Translation:
    """Put a translation together.

    Parameters
    ----------
    columns
        Their column by ours.
    layout
        "acled", "gtd" or "ucdp"; None for tables with the case's own columns.
    vocabulary
        TOML file with a table for each of our columns, which gives our word for theirs. It goes
        before the layout's own.
    known
        Words of the case by column.

    Returns
    -------
    Translation
        The translation.

    Raises
    ------
    ValueError
        If one of our columns or the layout is unknown.
    InputFileError
        If the vocabulary cannot be read.
    """
    for ours in columns:
        _check_known("column", ours, OURS)
    if layout is not None:
        _check_known("layout", layout, LAYOUTS)
    base = Layout() if layout is None else bundled_layout(layout)
    words = {name: dict(table) for name, table in base.vocabulary.items()}
    for name, table in ({} if vocabulary is None else read_vocabulary(vocabulary)).items():
        words[name] = {**words.get(name, {}), **table}
    laid_out = replace(base, vocabulary=_folded(words), spelling=_folded(base.spelling))
    return Translation(
        dict(columns), laid_out, {name: tuple(each) for name, each in (known or {}).items()}
    )


@cache
def bundled_layout(name: str) -> Layout:
    """Read a layout that comes with the package.

    Parameters
    ----------
    name
        One of `LAYOUTS`.

    Returns
    -------
    Layout
        The layout.
    """
    text = files("attribution.scoring.layouts").joinpath(f"{name}.toml").read_text("utf-8")
    content = tomllib.loads(text)
    return Layout(
        columns={
            ours: (theirs,) if isinstance(theirs, str) else tuple(theirs)
            for ours, theirs in content["columns"].items()
        },
        date_formats=tuple(content["date"].get("formats", ())),
        date_parts=tuple(content["date"].get("parts", ())),
        vocabulary=content.get("vocabulary", {}),
        spelling=content.get("spelling", {}),
    )


def read_vocabulary(path: Path) -> Mapping[str, Mapping[str, str]]:
    """Read a user's vocabulary.

    Parameters
    ----------
    path
        TOML: ``[weapon_type]`` and below it lines like ``"Their word" = "rocket"``.

    Returns
    -------
    mapping
        Our word by theirs, by our column.

    Raises
    ------
    InputFileError
        If the file cannot be read or is not laid out so.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputFileError(path, f"the vocabulary cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputFileError(path, f"this is not readable as TOML ({error})") from error
    for name, table in content.items():
        if name not in OURS:
            close = nearest(name, OURS)
            hint = f" (nearest: {close})" if close else ""
            raise InputFileError(
                path, f"column '{name}' is not known{hint}; allowed: {', '.join(OURS)}"
            )
        if not isinstance(table, dict) or not all(isinstance(w, str) for w in table.values()):
            raise InputFileError(path, f'[{name}] must hold lines like "Their word" = "ours"')
    return content


def translate(
    batch: pa.RecordBatch, how: Translation
) -> tuple[pa.RecordBatch, Mapping[str, Mapping[str, int]]]:
    """Turn a batch into columns and words of the case.

    Parameters
    ----------
    batch
        Columns of text.
    how
        The translation.

    Returns
    -------
    batch : RecordBatch
        Renamed and with words translated; other columns stay.
    unmapped : mapping
        Words that are in no vocabulary, with how often they occur, by our column. They stay as they
        are, and the model says so of their rows.

    Raises
    ------
    ValueError
        If a column that the user names is not there.
    """
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    layout = how.layout
    # Some of their exports shout: EVENT_DATE.
    written = {name.casefold(): name for name in columns}
    wanted = {
        ours: tuple(written[name] for name in theirs if name in written)
        for ours, theirs in layout.columns.items()
    } | {ours: (_there(ours, theirs, columns),) for ours, theirs in how.columns.items()}
    wanted = {ours: theirs for ours, theirs in wanted.items() if theirs}
    result = {name: column for name, column in columns.items() if name not in wanted}
    result.update({ours: columns[theirs[0]] for ours, theirs in wanted.items()})
    if layout.date_parts and "date" not in how.columns and set(layout.date_parts) <= set(written):
        result["date"] = _day_of_parts(*(columns[written[name]] for name in layout.date_parts))
    elif layout.date_formats and "date" in result:
        result["date"] = _day(result["date"], layout.date_formats)
    unmapped: dict[str, Mapping[str, int]] = {}
    for name, words in layout.vocabulary.items():
        if name in result:
            sources = [columns[theirs] for theirs in wanted.get(name, (name,))]
            result[name], unmapped[name] = _words(sources, words, how.known.get(name, ()))
    for name, words in layout.spelling.items():
        if name in result:
            result[name] = _respelled(result[name], words)
    fields = [pa.field(name, pa.string()) for name in result]
    return pa.RecordBatch.from_arrays(list(result.values()), schema=pa.schema(fields)), unmapped


def _there(ours: str, theirs: str, columns: Mapping[str, pa.Array]) -> str:
    if theirs not in columns:
        close = nearest(theirs, columns)
        hint = f" (nearest: {close})" if close else ""
        raise ValueError(
            f"there is no column {theirs!r}{hint} to take as {ours!r}; "
            f"the columns are {quoted(list(columns))}"
        )
    return theirs


def _words(
    columns: Sequence[pa.Array], words: Mapping[str, str], known: Sequence[str]
) -> tuple[pa.Array, Mapping[str, int]]:
    """Take from each row the first word that says something in the case's vocabulary."""
    own = set(known)

    def ours(theirs: str) -> str | None:
        return theirs if theirs in own else words.get(theirs.casefold())

    found = [_each(column, lambda text: ours(text.strip()) if text else None) for column in columns]
    said = pc.coalesce(*(_filled(column) for column in found))
    # Else a word that is known to say nothing; else a word that nobody knows, which stays.
    word = pc.coalesce(*(_filled(pc.utf8_trim_whitespace(column)) for column in columns))
    silent = pc.coalesce(said, *found)
    strange = word.filter(pc.and_(pc.is_null(silent), pc.is_valid(word)))
    unmapped = {row["values"]: row["counts"] for row in pc.value_counts(strange).to_pylist()}
    return pc.fill_null(pc.coalesce(silent, word), ""), unmapped


def _filled(column: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(column, ""), None, column)


def _respelled(column: pa.Array, words: Mapping[str, str]) -> pa.Array:
    return _each(column, lambda text: words.get(text.strip().casefold(), text))


def _each(column: pa.Array, change: Callable[[str], str | None]) -> pa.Array:
    """Change the distinct texts of a column once each."""
    coded = column.dictionary_encode()
    changed = [change(text) for text in coded.dictionary.to_pylist()]
    return pa.array(changed, pa.string()).take(coded.indices)


def _day(column: pa.Array, formats: Sequence[str]) -> pa.Array:
    """Rewrite days; one that fits no format stays as it is, and its row is rejected later."""
    return _each(column, lambda text: _iso(text, formats))


def _iso(text: str, formats: Sequence[str]) -> str:
    for each in formats:
        try:
            return datetime.strptime(text.strip(), each).strftime(_ISO)  # noqa: DTZ007
        except ValueError:
            continue
    return text


def _day_of_parts(year: pa.Array, month: pa.Array, day: pa.Array) -> pa.Array:
    """Join year, month and day; a month or day that is not known is written 0: no day then."""
    joined = []
    for y, m, d in zip(year.to_pylist(), month.to_pylist(), day.to_pylist(), strict=True):
        unknown = {"", "0", "00"} & {m.strip(), d.strip()}
        joined.append("" if unknown else f"{y.strip()}-{m.strip():0>2}-{d.strip():0>2}")
    return pa.array(joined, pa.string())


def _folded(words: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    return {
        name: {theirs.casefold(): ours for theirs, ours in table.items()}
        for name, table in words.items()
    }


def _check_known(what: str, value: str, allowed: Sequence[str]) -> None:
    if value in allowed:
        return
    close = nearest(value, allowed)
    hint = f" (nearest: {close})" if close else ""
    raise ValueError(f"{what} '{value}' is not known{hint}; allowed: {', '.join(allowed)}")
