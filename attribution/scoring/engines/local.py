"""Parts scored in this process, in order; one is read and written while another is summed."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from attribution.scoring.pieces import ScoredPart, score_part

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from concurrent.futures import Future

    from attribution.scoring.batch import Attributor
    from attribution.scoring.rows import Part
    from attribution.scoring.translation import Translation

#: Parts at work at once: one is summed, on all cores, one is read, and one waits for the sum.
AT_ONCE = 3


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
        One for each part, in order.
    """
    for part in parts:
        # The first one alone: what the model prepares on first use is prepared once.
        yield score_part(posterior, part, how)
        break
    under_way: deque[Future[ScoredPart]] = deque()
    fault: Exception | None = None
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            while True:
                try:
                    part = next(parts)
                except StopIteration:
                    break
                except Exception as error:  # noqa: BLE001 - raised below, behind what precedes it
                    fault = error
                    break
                under_way.append(pool.submit(score_part, posterior, part, how))
                if len(under_way) == AT_ONCE:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for each in under_way:
                each.cancel()
    if fault is not None:
        raise fault
