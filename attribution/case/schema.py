"""The tables of a case: their columns, what each may hold, and what makes a row unique."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from attribution.case.readonly import ReadOnly


class Kind(StrEnum):
    """What the cells of a column hold."""

    TEXT = "text"
    WORDS = ";-list of texts"
    IDENTIFIER = "identifier"
    DATE = "date"
    FIRST_DAY = "partial date, completed to its first day"
    LAST_DAY = "partial date, completed to its last day"
    NUMBER = "number"
    COUNT = "whole number"
    CHOICE = "one of several words"
    REFERENCE = "reference"
    REFERENCES = ";-list of references"


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name
        Heading in the file.
    kind
        What its cells hold.
    blank
        Whether a cell may be blank.
    optional
        Whether the whole column may be absent; it then counts as blank.
    words
        Allowed words of a choice that are the same in every case.
    vocabulary
        Name of the vocabulary of ``case.toml`` that lists the allowed words of a choice.
    refers
        Table and column that a reference points to.
    low, high
        Range of a number.
    """

    name: str
    kind: Kind = Kind.TEXT
    blank: bool = False
    optional: bool = False
    words: tuple[str, ...] = ()
    vocabulary: str | None = None
    refers: tuple[str, str] | None = None
    low: float = float("-inf")
    high: float = float("inf")


@dataclass(frozen=True)
class TableSchema:
    """One table: its columns and the columns whose values together occur once."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def file(self) -> str:
        """Name of the table's file in the case folder."""
        return f"{self.name}.csv"

    def column(self, name: str) -> Column | None:
        """Find a column by its name.

        Parameters
        ----------
        name
            Heading in the file.

        Returns
        -------
        Column or None
            None for an extra column, of which nothing is known.
        """
        return next((column for column in self.columns if column.name == name), None)


CONFIDENCE = ("certain", "likely", "possible")
STATEMENT_KINDS = ("claim", "denial", "praise", "condemnation", "false_flag_accusation")
GROUP_KINDS = ("militia", "umbrella", "brand", "non_militia_actor")
YES_NO = ("yes", "no")

# A case must say which words these columns may hold; the rest of the vocabularies may be left out.
REQUIRED_VOCABULARIES = ("weapon_type", "target_type", "country", "province")


def _id(name: str) -> Column:
    return Column(name, Kind.IDENTIFIER)


def _to(name: str, table: str, column: str, *, blank: bool = False) -> Column:
    return Column(name, Kind.REFERENCE, blank=blank, refers=(table, column))


def _group(name: str = "group_id", *, blank: bool = False) -> Column:
    return _to(name, "groups", "group_id", blank=blank)


def _choice(name: str, *words: str, optional: bool = False) -> Column:
    return Column(name, Kind.CHOICE, words=words, blank=optional, optional=optional)


def _term(name: str, vocabulary: str, *, blank: bool = False) -> Column:
    return Column(name, Kind.CHOICE, vocabulary=vocabulary, blank=blank)


def _optional(name: str, kind: Kind = Kind.TEXT) -> Column:
    return Column(name, kind, blank=True, optional=True)


_SOURCE = _to("source_id", "sources", "source_id")
_SOURCES = Column("source_ids", Kind.REFERENCES, refers=("sources", "source_id"))
_INCIDENT = _to("incident_id", "incidents", "incident_id")
_LATITUDE = Column("latitude", Kind.NUMBER, low=-90, high=90)
_LONGITUDE = Column("longitude", Kind.NUMBER, low=-180, high=180)
_FOR_READERS = (_optional("note"), _choice("verified", *YES_NO, optional=True))

_INCIDENTS = TableSchema(
    "incidents",
    (
        _id("incident_id"),
        Column("date", Kind.DATE),
        _choice("date_precision", "day", "month", "year", optional=True),
        _optional("time_local"),
        _term("country", "country"),
        _term("province", "province", blank=True),
        Column("place"),
        Column("latitude", Kind.NUMBER, blank=True, low=-90, high=90),
        Column("longitude", Kind.NUMBER, blank=True, low=-180, high=180),
        _choice("location_precision", "site", "town", "province", "country", optional=True),
        _term("weapon_type", "weapon_type"),
        _optional("weapon_detail"),
        _optional("munition_count", Kind.COUNT),
        _term("target_type", "target_type"),
        _optional("target_name"),
        _optional("killed", Kind.COUNT),
        _optional("wounded", Kind.COUNT),
        _SOURCES,
        *_FOR_READERS,
    ),
    key=("incident_id",),
)

_SOURCES_TABLE = TableSchema(
    "sources",
    (
        _id("source_id"),
        _term("type", "source_type"),
        Column("publisher", blank=True),
        _optional("author"),
        Column("title", blank=True),
        Column("date", Kind.DATE, blank=True),
        Column("url", blank=True),
        _optional("note"),
    ),
    key=("source_id",),
)

_GROUPS = TableSchema(
    "groups",
    (
        _id("group_id"),
        Column("name"),
        Column("aliases", Kind.WORDS, blank=True),
        _choice("kind", *GROUP_KINDS),
        Column("sponsor", blank=True),
        _optional("pmf_brigades", Kind.WORDS),
        Column("active_from", Kind.FIRST_DAY, blank=True),
        Column("active_to", Kind.LAST_DAY, blank=True),
        _optional("territory", Kind.WORDS),
        _SOURCES,
        *_FOR_READERS,
    ),
    key=("group_id",),
)

_STATEMENTS = TableSchema(
    "statements",
    (
        _INCIDENT,
        _group("speaker_id"),
        _choice("kind", *STATEMENT_KINDS),
        Column("date", Kind.DATE, blank=True),
        _optional("channel"),
        _SOURCE,
        *_FOR_READERS,
    ),
    key=("incident_id", "speaker_id", "kind", "date", "source_id"),
)

_LABELS = TableSchema(
    "labels",
    (
        _INCIDENT,
        _to("labeller", "labellers", "labeller"),
        _term("labeller_type", "labeller_type"),
        _group(),
        _choice("confidence", *CONFIDENCE),
        _choice("contested", *YES_NO),
        Column("date", Kind.DATE, blank=True),
        _SOURCE,
        _choice("scope", "incident", "series"),
        _choice("basis", "direct", "brand"),
        *_FOR_READERS,
    ),
    key=("incident_id", "labeller", "group_id", "date", "source_id"),
)

_LABELLERS = TableSchema(
    "labellers",
    (
        _id("labeller"),
        Column("name"),
        _term("type", "labeller_type"),
        _id("echo_group"),
        _optional("note"),
    ),
    key=("labeller",),
)

_BRAND_LINKS = TableSchema(
    "brand_links",
    (
        _group("brand_id"),
        _group(),
        _choice("strength", *CONFIDENCE),
        _to("labeller", "labellers", "labeller"),
        Column("date", Kind.DATE),
        _SOURCE,
        *_FOR_READERS,
    ),
    key=("brand_id", "group_id", "labeller", "date", "source_id"),
)

_TRIGGERS = TableSchema(
    "triggers",
    (
        Column("date", Kind.DATE),
        Column("end_date", Kind.DATE, blank=True, optional=True),
        _term("kind", "trigger_kind"),
        # Not a group_id: parliaments, crowds and foreign states act here too.
        Column("actor", Kind.IDENTIFIER, blank=True),
        _group("affected_group_id", blank=True),
        Column("place", blank=True),
        _SOURCE,
        *_FOR_READERS,
    ),
    key=("date", "kind", "actor", "affected_group_id", "place"),
)

_TERRITORY = TableSchema(
    "territory",
    (
        _group(),
        Column("place"),
        _term("province", "province"),
        _LATITUDE,
        _LONGITUDE,
        _term("role", "territory_role"),
        _SOURCE,
        *_FOR_READERS,
    ),
    key=("group_id", "place", "role"),
)

SCHEMA: Mapping[str, TableSchema] = ReadOnly(
    {
        table.name: table
        for table in (
            _INCIDENTS,
            _SOURCES_TABLE,
            _GROUPS,
            _STATEMENTS,
            _LABELS,
            _LABELLERS,
            _BRAND_LINKS,
            _TRIGGERS,
            _TERRITORY,
        )
    }
)

VOCABULARIES = tuple(
    sorted(
        {
            column.vocabulary
            for table in SCHEMA.values()
            for column in table.columns
            if column.vocabulary is not None
        }
    )
)
