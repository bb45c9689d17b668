"""What is exported: incidents of a case with what the model says of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.posterior.selection import selected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.posterior.posterior import Posterior

IDENTIFIER = "incident_id"


@dataclass(frozen=True)
class Selection:
    """Which incidents are meant; by default all of them.

    Parameters
    ----------
    start, end
        First and last day; None leaves the period open.
    where
        Words allowed by column (weapon_type, target_type, country, province).
    """

    start: date | str | None = None
    end: date | str | None = None
    where: Mapping[str, Sequence[str]] = field(default_factory=lambda: MappingProxyType({}))

    def rows(self, case: Case) -> NDArray[np.int64]:
        """Return the positions of the chosen incidents in a case's table.

        Raises
        ------
        ValueError
            If a column or a word is unknown.
        """
        return np.flatnonzero(selected(case, self.start, self.end, self.where))


def export_table(posterior: Posterior, selection: Selection) -> pd.DataFrame:
    """Put the facts of incidents and their attributions side by side.

    Parameters
    ----------
    posterior
        The model.
    selection
        Which of its case's incidents.

    Returns
    -------
    One row an incident in the order of the case: the columns of its ``incidents`` table, then those
    of `Posterior.attribute`. A column of the case that bears the name of one of the latter gets
    ``case_`` before its own.

    Raises
    ------
    ValueError
        If a column or a word of the selection is unknown.
    """
    rows = selection.rows(posterior.case)
    # All of them are attributed: a number must not depend on what is exported beside it.
    answers = posterior.attribute().drop(columns=IDENTIFIER)
    facts = posterior.case.incidents
    taken = {str(name) for name in answers.columns}
    facts = facts.rename(columns={name: f"case_{name}" for name in facts.columns if name in taken})
    return pd.concat([facts.reset_index(drop=True), answers], axis=1).iloc[rows]
