"""The case: everything known about one conflict, on a given day."""

import html
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import pandas as pd

from attribution.case.canonical import fingerprint
from attribution.case.config import CaseConfig
from attribution.case.hindsight import tables_known_by
from attribution.case.membership import Membership, calendar_day, membership
from attribution.case.schema import SCHEMA


@dataclass(frozen=True, eq=False, repr=False)
class Case:
    """Typed tables and the configuration of one conflict.

    Attributes
    ----------
    config
        What ``case.toml`` says.
    tables
        Typed tables by name. Days are ``datetime64``, numbers ``float64``, counts ``Int64``, texts
        strings with "" for a missing one.
    as_of
        Day after which nothing is known; None if everything in the files is known.
    """

    config: CaseConfig
    tables: Mapping[str, pd.DataFrame]
    as_of: date | None = None

    @property
    def incidents(self) -> pd.DataFrame:
        """The incidents, in the order of the file."""
        return self._table("incidents")

    @property
    def sources(self) -> pd.DataFrame:
        """The sources."""
        return self._table("sources")

    @property
    def groups(self) -> pd.DataFrame:
        """Actors, umbrellas and brands by name."""
        return self._table("groups")

    @property
    def statements(self) -> pd.DataFrame:
        """What speakers said of incidents."""
        return self._table("statements")

    @property
    def labels(self) -> pd.DataFrame:
        """Who labellers say did it."""
        return self._table("labels")

    @property
    def labellers(self) -> pd.DataFrame:
        """The labellers and who repeats whom."""
        return self._table("labellers")

    @property
    def brand_links(self) -> pd.DataFrame:
        """Dated views of who stands behind a brand."""
        return self._table("brand_links")

    @property
    def triggers(self) -> pd.DataFrame:
        """The calendar of strikes, truces and elections."""
        return self._table("triggers")

    @property
    def territory(self) -> pd.DataFrame:
        """Bases, strongholds and launch areas."""
        return self._table("territory")

    def known_by(self, as_of: date | None) -> "Case":
        """Forget everything that is dated later than a day.

        Parameters
        ----------
        as_of
            The last day of which anything is known; None forgets nothing.

        Returns
        -------
        Case
            The case without hindsight. A case that already forgot more stays as it is.
        """
        if as_of is None:
            return self
        day = calendar_day(as_of)
        if self.as_of is not None and self.as_of <= day:
            return self
        return replace(self, tables=tables_known_by(self.tables, day), as_of=day)

    def members(self, group_id: str, on: date) -> frozenset[str]:
        """Find the actors that a name stands for on a day.

        Parameters
        ----------
        group_id
            Identifier of a group of the case.
        on
            The day, as a date or a pandas timestamp.

        Returns
        -------
        frozenset of str
            Actor identifiers. A set-valued name without living members on that day stands for all
            it ever had; a brand for whoever its known links name; a name that says nothing for
            nobody.

        Raises
        ------
        LookupError
            If the case has no such group.
        ValueError
            If the day is missing.
        """
        return self._membership.members(group_id, on)

    def fingerprint(self) -> str:
        """Condense evidence and configuration to a SHA-256.

        Returns
        -------
        str
            Hexadecimal digits that do not depend on the order of rows and columns, on notes, or on
            comments in ``case.toml``.
        """
        return fingerprint(self.config, self.tables, self.as_of)

    def __repr__(self) -> str:
        counts = f"{len(self.incidents)} incidents, {len(self.labels)} labels"
        known = "" if self.as_of is None else f", as of {self.as_of}"
        return f"Case({self.config.name!r}: {counts}, {len(self.config.actors)} actors{known})"

    def _repr_html_(self) -> str:
        known = "" if self.as_of is None else f", as of {self.as_of}"
        title = html.escape(f"{self.config.title}{known}")
        rows = "".join(
            f"<tr><th>{name.replace('_', ' ')}</th><td>{len(self.tables[name])}</td></tr>"
            for name in SCHEMA
        )
        return f"<table><caption>{title}</caption>{rows}</table>"

    def _table(self, name: str) -> pd.DataFrame:
        # A shallow copy: pandas copies on write, so that no caller can change the case.
        return self.tables[name].copy(deep=False)

    @cached_property
    def _membership(self) -> Membership:
        return membership(self.config, self.groups, self.brand_links, self.as_of)
