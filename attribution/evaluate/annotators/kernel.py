"""The compiled loops over labels. The formula of a label is the label channel's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from attribution.channels.testimony import label_likelihood

if TYPE_CHECKING:
    from attribution.evaluate.targets import Floats, Ints

# Sums may be reordered; infinities keep their meaning.
_FAST = {"reassoc", "contract", "arcp", "nsz"}
_TINY = 1e-250
_likelihood = numba.njit(nogil=True, fastmath=_FAST)(label_likelihood)


def _given_truth(  # noqa: PLR0917 - compiled: arrays by position
    task: Ints,
    worker: Ints,
    label: Ints,
    truth: Ints,
    odds: Floats,
    readiness: Floats,
    clarity: Floats,
    decoy: Floats,
) -> Floats:
    classes = readiness.shape[2]
    result = np.empty(task.size)
    for n in range(task.size):
        i, w, y = task[n], worker[n], label[n]
        k = truth[i]
        total = 0.0
        for m in range(classes):
            total += readiness[w, k, m] * decoy[i, m]
        own = odds[w, k] * clarity[i]
        guess = readiness[w, k, y] * decoy[i, y] / total
        result[n] = np.log(_likelihood(own / (1.0 + own), guess, 1.0 if y == k else 0.0))
    return result


def _given_each(  # noqa: PLR0917 - compiled: arrays by position
    start: Ints,
    worker: Ints,
    label: Ints,
    odds: Floats,
    readiness: Floats,
    clarity: Floats,
    decoy: Floats,
) -> Floats:
    tasks, classes = start.size - 1, readiness.shape[2]
    result = np.zeros((tasks, classes))
    for i in range(tasks):
        for k in range(classes):
            product = 1.0
            for n in range(start[i], start[i + 1]):
                w, y = worker[n], label[n]
                total = 0.0
                for m in range(classes):
                    total += readiness[w, k, m] * decoy[i, m]
                own = odds[w, k] * clarity[i]
                guess = readiness[w, k, y] * decoy[i, y] / total
                product *= _likelihood(own / (1.0 + own), guess, 1.0 if y == k else 0.0)
                # One logarithm for many labels.
                if product < _TINY:
                    result[i, k] += np.log(product)
                    product = 1.0
            result[i, k] += np.log(product)
    return result


def _log_sum(joint: Floats) -> Floats:
    result = np.empty(joint.shape[0])
    for i in range(joint.shape[0]):
        top = joint[i].max()
        total = 0.0
        for value in joint[i]:
            total += np.exp(value - top)
        result[i] = top + np.log(total)
    return result


#: (labels,) log-likelihood of each label given the truth of its task. Arguments: task, worker and
#: label, (labels,); truth, (tasks,); odds of knowing, (workers, classes); readiness to name each
#: class when not knowing, (workers, classes of the truth, classes); factors of the task on the
#: odds, (tasks,), and on the readiness, (tasks, classes).
given_truth = numba.njit(nogil=True, fastmath=_FAST)(_given_truth)
#: (tasks, classes) log-likelihood of all labels of a task given each truth. The labels of task i
#: are start[i] to start[i + 1] - 1; the other arguments are those of ``given_truth``.
given_each = numba.njit(nogil=True, fastmath=_FAST)(_given_each)
#: (tasks,) logarithm of the sum of exp() over the classes of a (tasks, classes) array.
log_sum = numba.njit(nogil=True, fastmath=_FAST)(_log_sum)
