"""Reading the options of a channel: what stands in ``case.toml`` may be of any type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def items_of(given: object) -> tuple[Any, ...]:
    """Return the items of a list, none if the option is something else."""
    return tuple(given) if isinstance(given, (list, tuple)) else ()


def is_positive(given: object) -> TypeGuard[float]:
    """Return whether an option is a number above 0."""
    return isinstance(given, (int, float)) and given > 0


def positive(where: str, given: object) -> float:
    """Return an option that is a number above 0.

    Parameters
    ----------
    where
        Channel and option, for the message.
    given
        Value in ``case.toml``.

    Returns
    -------
    float
        The number.

    Raises
    ------
    ValueError
        If it is something else.
    """
    if not is_positive(given):
        raise ValueError(f"{where} must be a positive number")
    return float(given)


def check_known(where: str, words: Iterable[object], vocabulary: Collection[str]) -> None:
    """Refuse words that are not in a vocabulary.

    Parameters
    ----------
    where
        Channel, option and what is unknown, for the message.
    words
        Words in ``case.toml``.
    vocabulary
        The words that there are.

    Raises
    ------
    ValueError
        If one is unknown.
    """
    unknown = [str(word) for word in words if word not in vocabulary]
    if unknown:
        raise ValueError(f"{where} {', '.join(unknown)}; there are: {', '.join(vocabulary)}")
