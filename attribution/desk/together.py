"""Questions that come while others are being answered wait together and are answered at once.

Reading a changed incident costs its channels hardly less than reading twenty. Nobody waits for
company: a question that comes alone is answered alone and at once.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: At most so many are answered at once, so that other requests are not kept waiting.
MOST = 32

_log = logging.getLogger(__name__)


class _Waiting[Question, Answer](NamedTuple):
    question: Question
    future: asyncio.Future[Answer]


class Together[Question, Answer]:
    """Takes questions one by one and has them answered together.

    Parameters
    ----------
    answer
        Function from questions to their answers; an exception stands for a question at fault.
    """

    def __init__(
        self, answer: Callable[[Sequence[Question]], Sequence[Answer | Exception]]
    ) -> None:
        self._answer = answer
        self._waiting: list[_Waiting[Question, Answer]] = []

    async def ask(self, question: Question) -> Answer:
        """Return the answer to a question.

        Parameters
        ----------
        question
            The question.

        Raises
        ------
        Exception
            What is wrong with this question; others do not notice.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append(_Waiting(question, future))
        if len(self._waiting) == 1:
            loop.call_soon(self._turn, loop, 1)
        return await future

    def _turn(self, loop: asyncio.AbstractEventLoop, seen: int) -> None:
        """Answer those who wait, unless the loop's last pass has brought more of them."""
        if seen < len(self._waiting) < MOST:
            loop.call_soon(self._turn, loop, len(self._waiting))
            return
        now, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        if self._waiting:
            loop.call_soon(self._turn, loop, len(self._waiting))
        answers = self._answered([each.question for each in now])
        for (_, future), answer in zip(now, answers, strict=True):
            if future.done():
                continue  # Whoever asked has gone.
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    def _answered(self, questions: Sequence[Question]) -> Sequence[Answer | Exception]:
        """Return the answers; where all fail together, each gets its own."""
        try:
            return self._answer(questions)
        except Exception as error:  # noqa: BLE001 - raised where it was asked
            if len(questions) == 1:
                return [error]
            _log.exception("questions could not be answered together")
            return [answer for each in questions for answer in self._answered([each])]
