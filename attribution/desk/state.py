"""What the desk holds between requests: the model, and tables that no request changes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from attribution.case.names import name_index
from attribution.case.records import records
from attribution.desk.asking import supposed_many
from attribution.desk.catalogue import catalogue
from attribution.desk.pictures import Drawn
from attribution.desk.search import COLUMNS
from attribution.desk.tables import brand_views
from attribution.desk.together import Together
from attribution.posterior.provenance import model_facts

if TYPE_CHECKING:
    import pandas as pd

    from attribution.case.records import Plain, Record
    from attribution.desk.asking import Question, Supposed
    from attribution.desk.catalogue import Catalogue
    from attribution.desk.security import Policy
    from attribution.desk.tables import BrandView
    from attribution.desk.uploads import Uploads
    from attribution.posterior.posterior import Posterior


@dataclass(frozen=True, eq=False)
class Desk:
    """A model on the desk.

    Attributes
    ----------
    posterior
        The model.
    policy
        Who may ask.
    uploads
        Files that were brought to be scored.
    """

    posterior: Posterior
    policy: Policy
    uploads: Uploads

    @cached_property
    def catalogue(self) -> Catalogue:
        """The case's incidents with their answers."""
        return catalogue(self.posterior)

    @cached_property
    def facts(self) -> dict[str, Plain]:
        """Which fit answers."""
        return model_facts(self.posterior)

    @cached_property
    def brands(self) -> pd.DataFrame:
        """Parents of brands, on the last day that each was in use."""
        return self.posterior.brands()

    @cached_property
    def labellers(self) -> pd.DataFrame:
        """Hit rates of labellers."""
        return self.posterior.labellers()

    @cached_property
    def preferences(self) -> pd.DataFrame:
        """Whom labellers name when they do not know."""
        return self.posterior.preferences()

    @cached_property
    def pictures(self) -> Drawn:
        """Pictures that have been drawn."""
        return Drawn(self.posterior, self.group_names)

    @cached_property
    def brand_views(self) -> tuple[BrandView, ...]:
        """Brands, those with most claims first."""
        return brand_views(self.brands)

    @cached_property
    def words(self) -> dict[str, tuple[str, ...]]:
        """Words that occur in the columns by which incidents are filtered."""
        rows = self.catalogue.rows
        return {
            name: tuple(sorted({getattr(row, name) for row in rows} - {""})) for name in COLUMNS
        }

    @cached_property
    def group_names(self) -> dict[str, str]:
        """Printed names of groups."""
        groups = self.posterior.case.groups
        return dict(zip(groups["group_id"], groups["name"], strict=True))

    @cached_property
    def people(self) -> dict[str, str]:
        """Printed names of labellers."""
        people = self.posterior.case.labellers
        return dict(zip(people["labeller"], people["name"], strict=True))

    @cached_property
    def sources(self) -> dict[str, Record]:
        """Sources by their identifier."""
        return {str(row["source_id"]): row for row in records(self.posterior.case.sources)}

    @cached_property
    def what_if(self) -> Together[Question, Supposed]:
        """Where what-if questions are asked."""
        return Together(partial(supposed_many, self.posterior))

    def prepare(self) -> None:
        """Compute what every page needs, before the first one is asked for."""
        self.posterior.read_ahead()
        name_index(self.posterior.case)
        _ = self.catalogue, self.facts, self.brands, self.labellers, self.preferences


async def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


DeskState = Annotated[Desk, Depends(_desk)]
