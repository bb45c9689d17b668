"""Labels as a long table of integers: what every label model and baseline reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from attribution.evaluate.targets import Bools, Floats, Ints


@dataclass(frozen=True, eq=False)
class LabelTable:
    """Who gave which label to what.

    Parameters
    ----------
    task, worker, label
        (N,) integers from 0, one entry a label.
    n_tasks, n_workers, n_classes
        T, W, K: one more than the largest entry, or larger.

    Raises
    ------
    ValueError
        If the columns differ in length or an entry lies outside its range.
    """

    task: Ints
    worker: Ints
    label: Ints
    n_tasks: int
    n_workers: int
    n_classes: int

    def __post_init__(self) -> None:
        sizes = {"task": self.n_tasks, "worker": self.n_workers, "label": self.n_classes}
        for name, size in sizes.items():
            column = np.asarray(getattr(self, name), dtype=np.int64)
            if column.shape != (len(self.task),):
                raise ValueError(f"{name} has shape {column.shape}, not ({len(self.task)},)")
            if column.size and (column.min() < 0 or column.max() >= size):
                raise ValueError(f"{name} must lie in 0 to {size - 1}")
            object.__setattr__(self, name, column)

    def __len__(self) -> int:
        return len(self.task)

    @cached_property
    def votes(self) -> Floats:
        """(T, K) number of labels of each class that each task has."""
        cells = self.task * self.n_classes + self.label
        counts = np.bincount(cells, minlength=self.n_tasks * self.n_classes)
        return counts.reshape(self.n_tasks, self.n_classes).astype(np.float64)

    def take(self, rows: Bools | Ints) -> LabelTable:
        """Take some labels, in an order; tasks, workers and classes stay as they are.

        Parameters
        ----------
        rows
            Which labels: (N,) yes or no, or their positions in the order wanted.

        Returns
        -------
        LabelTable
            The labels taken.
        """
        return LabelTable(
            self.task[rows],
            self.worker[rows],
            self.label[rows],
            self.n_tasks,
            self.n_workers,
            self.n_classes,
        )
