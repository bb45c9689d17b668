"""Parts scored in this process, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.scoring.pieces import ScoredPart, score_part

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from attribution.scoring.batch import Attributor
    from attribution.scoring.rows import Part
    from attribution.scoring.translation import Translation


def score_here(
    posterior: Attributor, parts: Iterator[Part], how: Translation
) -> Generator[ScoredPart]:
    """Score parts in order.

    Parameters
    ----------
    posterior
        The fitted model.
    parts
        The rows.
    how
        What is done to them first.

    Yields
    ------
    ScoredPart
        One for each part.
    """
    for part in parts:
        yield score_part(posterior, part, how)
