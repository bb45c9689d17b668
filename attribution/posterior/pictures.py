"""The pictures of a posterior: ``posterior.pictures.over_time()`` and the others."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from attribution.channels.base import spoken_day, spoken_word
from attribution.pictures.brand_drift import brand_drift
from attribution.pictures.brands import brand_matrix
from attribution.pictures.colours import actor_colours
from attribution.pictures.history import history_picture
from attribution.pictures.incident_map import incident_map
from attribution.pictures.labellers import default_preferences, reliability_of_labellers
from attribution.pictures.over_time import over_time
from attribution.posterior.intake import check_word
from attribution.posterior.selection import PERIODS
from attribution.posterior.views import brand_drift as brand_drift_table
from attribution.posterior.views import history, map_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from attribution.pictures.picture import Picture
    from attribution.posterior.posterior import Posterior

#: Brands or labellers that are drawn if nothing else is asked for.
MOST = 25

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

    def brands(self, on: date | str | None = None, most: int = MOST) -> Picture:
        """Draw who stands behind the brands.

        Parameters
        ----------
        on
            The day; None takes for each brand the last day on which it was in use.
        most
            How many brands are drawn: those with most claims.

        Raises
        ------
        PictureError
            If there is no brand.
        """
        when = "on the last day of each" if on is None else f"on {spoken_day(pd.Timestamp(on))}"
        return brand_matrix(
            self.posterior.brands(on=on),
            self.posterior.actor_names,
            self.colours,
            when=when,
            most=most,
        )

    def brand_drift(self, brand: str) -> Picture:
        """Draw how the probable parents of a brand change over its life.

        Parameters
        ----------
        brand
            Identifier of a claiming name.

        Raises
        ------
        ValueError
            If there is no such brand.
        """
        drift = brand_drift_table(self.posterior, brand)
        return brand_drift(drift, str(drift["name"].iloc[0]), self.colours)

    def labellers(self, most: int = MOST) -> Picture:
        """Draw how often labellers are right.

        Parameters
        ----------
        most
            How many are drawn: those with most labels.

        Raises
        ------
        PictureError
            If there is no labeller.
        """
        return reliability_of_labellers(self.posterior.labellers(), most)

    def preferences(self) -> Picture:
        """Draw whom each kind of labeller names when it does not know."""
        posterior = self.posterior
        return default_preferences(posterior.preferences(), posterior.actor_names, self.colours)

    def history(self, incident_id: str) -> Picture:
        """Draw what the evidence known on each day would have made of an incident.

        Parameters
        ----------
        incident_id
            An incident of the case.

        Raises
        ------
        UnknownIncidentError
            If the case has no such incident.
        """
        posterior = self.posterior
        table = history(posterior, incident_id)
        return history_picture(table, incident_id, posterior.actor_names, self.colours)

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
