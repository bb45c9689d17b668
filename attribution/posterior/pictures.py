"""The pictures of a posterior: ``posterior.pictures.over_time()`` and the others."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from attribution.channels.base import spoken_word
from attribution.pictures.colours import actor_colours
from attribution.pictures.incident_map import incident_map
from attribution.pictures.over_time import over_time
from attribution.posterior.intake import check_word
from attribution.posterior.selection import PERIODS
from attribution.posterior.views import map_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from attribution.pictures.picture import Picture
    from attribution.posterior.posterior import Posterior

_ALL: Mapping[str, Sequence[str]] = MappingProxyType({})


@dataclass(frozen=True)
class Pictures:
    """Pictures of a posterior; every one has its table, its text and ``save``.

    Parameters
    ----------
    posterior
        A fitted case. All figures come from its own questions.
    """

    posterior: Posterior

    @property
    def colours(self) -> dict[str, str]:
        """Colour of every actor, in the case's order."""
        actors = self.posterior.case.config.actors
        return actor_colours([a.id for a in actors], [a.id for a in actors if a.residual])

    def over_time(
        self,
        start: date | str | None = None,
        end: date | str | None = None,
        by: str = "quarter",
        where: Mapping[str, Sequence[str]] = _ALL,
    ) -> Picture:
        """Draw who did what over time.

        Parameters
        ----------
        start, end, where
            Which incidents; see ``Posterior.shares``.
        by
            "month", "quarter" or "year".

        Raises
        ------
        PictureError
            If there is no such incident.
        ValueError
            If ``by``, a column or a word is unknown.
        """
        check_word("by", by, tuple(PERIODS))
        shares = self.posterior.shares(start=start, end=end, by=by, where=where)
        subject = self._subject(start, end, where)
        return over_time(shares, PERIODS[by], self.colours, subject)

    def map(
        self,
        start: date | str | None = None,
        end: date | str | None = None,
        where: Mapping[str, Sequence[str]] = _ALL,
    ) -> Picture:
        """Draw where incidents happened and who probably did them.

        Parameters
        ----------
        start, end, where
            Which incidents; see ``Posterior.shares``.

        Raises
        ------
        PictureError
            If no such incident has a position.
        ValueError
            If a column or a word is unknown.
        """
        table = map_table(self.posterior, start, end, where)
        return incident_map(table, self.colours, self._subject(start, end, where))

    def _subject(
        self,
        start: date | str | None,
        end: date | str | None,
        where: Mapping[str, Sequence[str]],
    ) -> str:
        """Say which incidents are meant."""
        words = [" or ".join(spoken_word(word) for word in each) for each in where.values() if each]
        what = ", ".join([f"case {self.posterior.case.config.name}", *words])
        since = f" from {start}" if start is not None else ""
        until = f" to {end}" if end is not None else ""
        return f"{what}{since}{until}"
