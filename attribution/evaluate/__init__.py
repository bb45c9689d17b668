"""Scores against expert labels, splits that hide them, and the baselines to beat.

``attribution.evaluate(case, scheme="temporal")`` calls `attribution.evaluate.run.evaluate`: the
public function and this folder share a name, so the folder can be called.
"""

import sys
from collections.abc import Callable
from inspect import Signature, signature
from types import ModuleType
from typing import Any


class _CallableModule(ModuleType):
    """A module that stands for its function of the same name, loaded when first needed."""

    @property
    def __call__(self) -> Callable[..., Any]:
        from attribution.evaluate.run import evaluate  # noqa: PLC0415

        return evaluate

    @property
    def __signature__(self) -> Signature:
        return signature(self.__call__)


sys.modules[__name__].__class__ = _CallableModule
