"""How a share of a case's incidents depends on what the model is told: refits side by side.

One share with one interval hides a choice: whose labels are believed, and what labellers are taken
to do when they do not know. Here the same share stands next to those of refits without them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Keys of the refits; the first is the share as it is reported.
AS_FITTED = "as_fitted"
NO_OFFICIALS = "without_official_labels"
NO_SERIES = "without_series_labels"
NO_DEFAULT = "without_default_preference"

#: What each refit leaves out, in words that follow "without".
LEFT_OUT: Mapping[str, str] = MappingProxyType(
    {
        NO_OFFICIALS: "labels of officials",
        NO_SERIES: "labels of a whole series",
        NO_DEFAULT: "the labellers' default preference",
    }
)


@dataclass(frozen=True)
class ActorShare:
    """Share of the chosen incidents that one actor is behind: mean and 90 % interval."""

    actor: str
    share: float
    lo: float
    hi: float


@dataclass(frozen=True)
class VariantShares:
    """Shares by one refit.

    Parameters
    ----------
    variant
        ``AS_FITTED`` or a key of ``LEFT_OUT``.
    labels
        Number of labels in the case that the refit knew.
    shares
        One an actor, in the order of the case.
    """

    variant: str
    labels: int
    shares: tuple[ActorShare, ...]

    def of(self, actor: str) -> ActorShare:
        """Return one actor's share.

        Raises
        ------
        LookupError
            If there is no such actor.
        """
        for share in self.shares:
            if share.actor == actor:
                return share
        raise LookupError(f"no share of '{actor}'")


@dataclass(frozen=True)
class ShareSensitivity:
    """Shares of the same incidents by several refits.

    Parameters
    ----------
    start, end
        First and last day of the incidents, ISO 8601.
    where
        Words allowed by column.
    n_incidents
        Number of incidents.
    seed, draws
        Seed of the sampler and number of draws of each refit.
    created, package_version, case_fingerprint
        When, by which version and on which tables it was measured.
    variants
        The refits, ``AS_FITTED`` first.
    """

    start: str
    end: str
    where: Mapping[str, tuple[str, ...]]
    n_incidents: int
    seed: int
    draws: int
    created: str
    package_version: str
    case_fingerprint: str
    variants: tuple[VariantShares, ...]

    @property
    def as_fitted(self) -> VariantShares:
        """The refit that leaves nothing out."""
        return next(each for each in self.variants if each.variant == AS_FITTED)

    def is_of(self, start: str, end: str, where: Mapping[str, tuple[str, ...]]) -> bool:
        """Say whether this is about a selection of incidents.

        Parameters
        ----------
        start, end, where
            See the class.
        """
        mine = {column: sorted(words) for column, words in self.where.items()}
        asked = {column: sorted(words) for column, words in where.items()}
        return (self.start, self.end, mine) == (start, end, asked)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON writes it."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        fields["where"] = {column: list(words) for column, words in self.where.items()}
        fields["variants"] = [asdict(variant) for variant in self.variants]
        return fields


def share_sensitivity_from(content: Mapping[str, Any]) -> ShareSensitivity:
    """Read what ``ShareSensitivity.as_dict`` wrote.

    Parameters
    ----------
    content
        Parsed JSON.

    Raises
    ------
    KeyError, TypeError, ValueError
        If a field is missing or of another kind, or nothing stands for the share as fitted.
    """
    fields = {name: content[name] for name in ShareSensitivity.__dataclass_fields__}
    fields["where"] = MappingProxyType(
        {str(column): tuple(map(str, words)) for column, words in content["where"].items()}
    )
    fields["variants"] = tuple(
        VariantShares(
            str(each["variant"]),
            int(each["labels"]),
            tuple(ActorShare(**share) for share in each["shares"]),
        )
        for each in content["variants"]
    )
    found = ShareSensitivity(**fields)
    known = {AS_FITTED, *LEFT_OUT}
    named = [each.variant for each in found.variants]
    if AS_FITTED not in named or not set(named) <= known:
        raise ValueError(f"variants must be {AS_FITTED} and any of {', '.join(LEFT_OUT)}")
    return found
