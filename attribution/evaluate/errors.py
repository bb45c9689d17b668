"""What keeps an evaluation from being run."""

from __future__ import annotations


class EvaluationError(ValueError):
    """The case or the options leave nothing to evaluate; the message says what would do."""
