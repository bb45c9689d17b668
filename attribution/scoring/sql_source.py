"""Incidents from any query that DuckDB can run over files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attribution.scoring.errors import InputFileError, first_line
from attribution.scoring.rows import READ_ROWS, Stretch, check_header, no_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MISSING = "--sql needs DuckDB: pip install 'claim-attribution[duckdb]'"


@dataclass(frozen=True)
class SqlSource:
    """The rows of a query, as they come.

    Parameters
    ----------
    query
        SQL. Where the order of rows is not given by ``order by`` or by the files, an interrupted
        run cannot be resumed: it would notice, and say so.
    """

    query: str

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return "the query"

    @property
    def path(self) -> Path:
        """A stand-in for a path."""
        return Path("the query")

    @property
    def repeatable(self) -> bool:
        """A query can be run twice; whether it gives the same rows is seen then."""
        return True

    def fingerprint(self) -> Mapping[str, Any]:
        """Return the text of the query: the rows themselves are compared part by part."""
        return {"query": self.query}

    def stretches(self) -> Iterator[Stretch]:
        """Run the query and read its rows.

        Yields
        ------
        Stretch
            All rows; the first stretch has none and only shows the columns.

        Raises
        ------
        InputFileError
            If DuckDB is not installed or refuses the query.
        """
        try:
            import duckdb  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise InputFileError(self.path, MISSING) from error
        first = 1
        try:
            with duckdb.connect() as connection:
                statements = connection.extract_statements(self.query)
                if [each.type for each in statements] != [duckdb.StatementType.SELECT]:
                    raise InputFileError(self.path, "this is not one query for rows; use select")
                reader = connection.sql(self.query).to_arrow_reader(READ_ROWS)
                header = check_header(self.path, reader.schema.names)
                yield Stretch(no_rows(reader.schema).rename_columns(header), "", first)
                for batch in reader:
                    yield Stretch(batch.rename_columns(header), "", first)
                    first += len(batch)
        except duckdb.Error as error:
            raise InputFileError(self.path, first_line(error)) from error
