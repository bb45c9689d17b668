"""Searching, filtering, sorting and paging the incidents; an address holds it all."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from attribution.desk.errors import RequestError, RequestFault
from attribution.posterior.evidence_base import GRADES
from attribution.posterior.questions import WordError, allowed_words, known_word, written_day

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from attribution.desk.catalogue import Catalogue, Listed
    from attribution.posterior.posterior import Posterior

LONGEST_TEXT = 200
SIZE = 25
LARGEST_SIZE = 200
LAST_PAGE = 1_000_000

#: What incidents can be sorted by; a minus before it turns the order round.
SORTS: Mapping[str, Callable[[Listed], tuple[str | float, ...]]] = {
    "date": lambda row: (row.date,),
    "probability": lambda row: (row.best.p,),
    "entropy": lambda row: (row.entropy_bits,),
    "actor": lambda row: (row.best.name, row.best.p),
    "place": lambda row: (row.country, row.province, row.place),
    "weapon": lambda row: (row.weapon_type,),
    "target": lambda row: (row.target_type,),
}
#: Filters whose words the case knows.
COLUMNS = ("weapon_type", "target_type", "country", "province")
LABELLED = ("yes", "no")


@dataclass(frozen=True)
class Filters:
    """Which incidents are shown, and how.

    Attributes
    ----------
    q
        Words that all occur in an incident's identifier, place, weapon, target or claimants.
    start, end
        First and last day, YYYY-MM-DD; "" leaves the period open.
    weapon_type, target_type, country, province
        Words of these columns; any of them will do, none leaves the column open.
    actor
        Most probable actors.
    evidence
        Grades of the evidence base.
    brand
        Groups that claimed it.
    labelled
        "yes" or "no": whether somebody is on record with a view; "" does not matter.
    sort
        One of ``SORTS``, with a minus before it for the other way round.
    page, size
        Which page, from 1, and how many incidents it holds.
    """

    q: str = ""
    start: str = ""
    end: str = ""
    weapon_type: tuple[str, ...] = ()
    target_type: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    province: tuple[str, ...] = ()
    actor: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    brand: tuple[str, ...] = ()
    labelled: str = ""
    sort: str = "-date"
    page: int = 1
    size: int = SIZE

    @property
    def query(self) -> str:
        """The filters as the part of an address behind the question mark."""
        usual = Filters()
        pairs: list[tuple[str, str]] = []
        for entry in fields(self):
            value = getattr(self, entry.name)
            if value != getattr(usual, entry.name):
                values = value if isinstance(value, tuple) else (value,)
                pairs += [(entry.name, str(one)) for one in values]
        return urlencode(pairs)

    def at_page(self, page: int) -> Filters:
        """Return the same filters at another page."""
        return replace(self, page=page)

    def sorted_by(self, sort: str) -> Filters:
        """Return the same filters in another order, from the first page."""
        return replace(self, sort=sort, page=1)


@dataclass(frozen=True)
class Found:
    """One page of what was found.

    Attributes
    ----------
    rows
        The incidents of the page.
    total
        Number of incidents found.
    page, pages
        Number of the page shown, and of all; at least 1.
    """

    rows: tuple[Listed, ...]
    total: int
    page: int
    pages: int


def read_filters(posterior: Posterior, given: Mapping[str, Sequence[str]]) -> Filters:
    """Read filters from an address.

    Parameters
    ----------
    posterior
        The model, for the words that there are.
    given
        Values by parameter; blank ones are as good as none.

    Returns
    -------
    Filters
        Checked.

    Raises
    ------
    RequestError
        Naming everything that is wrong, with the nearest word.
    """
    texts = {name: [text.strip() for text in values] for name, values in given.items()}
    filled = {name: [text for text in values if text] for name, values in texts.items()}
    reader = _Reader(filled)
    case = posterior.case
    found = Filters(
        q=reader.text("q"),
        start=reader.day("start"),
        end=reader.day("end"),
        **{name: reader.words(name, allowed_words(case, name)) for name in COLUMNS},
        actor=reader.words("actor", posterior.actors),
        evidence=reader.words("evidence", GRADES),
        brand=reader.words("brand", tuple(case.groups["group_id"])),
        labelled=reader.word("labelled", LABELLED),
        sort=reader.word("sort", (*SORTS, *(f"-{name}" for name in SORTS))) or Filters.sort,
        page=reader.number("page", 1, LAST_PAGE),
        size=reader.number("size", SIZE, LARGEST_SIZE),
    )
    reader.check()
    return found


class _Reader:
    """Reads parameters and keeps what is wrong with them."""

    def __init__(self, given: Mapping[str, Sequence[str]]) -> None:
        self._given = given
        self._faults: list[RequestFault] = []

    def text(self, name: str) -> str:
        text = " ".join(self._given.get(name, ())[:1])
        if len(text) > LONGEST_TEXT:
            self._refuse(name, f"{name}: at most {LONGEST_TEXT} characters.")
        return text[:LONGEST_TEXT]

    def day(self, name: str) -> str:
        text = self.text(name)
        if text and written_day(text) is None:
            self._refuse(name, f"{name}: {text!r} is no date; write a day as 2021-02-15.")
        return text

    def words(self, name: str, allowed: Sequence[str]) -> tuple[str, ...]:
        words = tuple(dict.fromkeys(self._given.get(name, ())))
        for word in words:
            try:
                known_word(name, word[:LONGEST_TEXT], allowed)
            except WordError as error:
                self._faults.append(RequestFault(name, str(error), error.nearest))
        return words

    def word(self, name: str, allowed: Sequence[str]) -> str:
        return next(iter(self.words(name, allowed)), "")

    def number(self, name: str, usual: int, largest: int) -> int:
        text = self.text(name)
        if not text:
            return usual
        if text.isascii() and text.isdigit() and 1 <= int(text) <= largest:
            return int(text)
        self._refuse(name, f"{name}: {text!r} is not a whole number from 1 to {largest}.")
        return usual

    def check(self) -> None:
        if self._faults:
            raise RequestError(self._faults)

    def _refuse(self, name: str, message: str) -> None:
        self._faults.append(RequestFault(name, message))


def search(catalogue: Catalogue, filters: Filters) -> Found:
    """Find incidents.

    Parameters
    ----------
    catalogue
        All of them.
    filters
        Which, and how.

    Returns
    -------
    Found
        The page asked for, or the last one if there are fewer.
    """
    words = filters.q.casefold().split()
    kept = [row for row in catalogue.rows if _fits(row, filters, words)]
    key = SORTS[filters.sort.removeprefix("-")]
    # The identifier decides between equals, so that pages never overlap.
    kept.sort(key=lambda row: row.incident_id)
    kept.sort(key=key, reverse=filters.sort.startswith("-"))
    pages = max(1, -(-len(kept) // filters.size))
    page = min(filters.page, pages)
    start = (page - 1) * filters.size
    return Found(tuple(kept[start : start + filters.size]), len(kept), page, pages)


def _fits(row: Listed, filters: Filters, words: Sequence[str]) -> bool:
    if (filters.start and (not row.date or row.date < filters.start)) or (
        filters.end and (not row.date or row.date > filters.end)
    ):
        return False
    if any(
        getattr(filters, name) and getattr(row, name) not in getattr(filters, name)
        for name in COLUMNS
    ):
        return False
    return (
        (not filters.actor or row.best.actor in filters.actor)
        and (not filters.evidence or row.evidence in filters.evidence)
        and (not filters.brand or bool(set(filters.brand) & set(row.claimed_by)))
        and (not filters.labelled or (row.labels > 0) == (filters.labelled == "yes"))
        and all(word in row.searched for word in words)
    )
