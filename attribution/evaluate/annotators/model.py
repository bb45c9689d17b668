r"""The label model on its own: what is true of each task, from labels and nothing else.

A labeller ``w`` knows the truth ``k`` of task ``i`` with probability ``h`` and otherwise falls back
on a preference ``q``; the probability of its label is the label channel's own formula
(`attribution.channels.testimony.label_likelihood`) with

.. math::

    \operatorname{logit} h = c_k + s_w - d_i, \qquad
    q_m \propto \exp(a_m + S_{km} + b_{wm} + e_{wkm} + u_{im})

Similarity :math:`S` of classes is shared and symmetric (a biased-choice model: Luce, 1963). Skill
:math:`s_w`, leaning :math:`b_w` and confusion :math:`e_w` belong to the labeller. Difficulty
:math:`d_i` and decoy :math:`u_i` belong to the task and are shared by its labels: they are what
makes labels of one task dependent given its class, so that forty labels of a misleading task do not
add up to certainty.
Without them the model is a hierarchical Dawid-Skene; the label channel, which has few labels an
incident, stands in for them with the weight n^-rho.

All effects are normal around 0 with standard deviations learned from the labels. The posterior is
sampled by Metropolis within Gibbs, with the truth summed out where tasks move.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from attribution.case.readonly import ReadOnly
from attribution.evaluate.annotators.chain import Chain
from attribution.evaluate.annotators.settings import LabelModelSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from attribution.evaluate.annotators.table import LabelTable
    from attribution.evaluate.targets import Floats


#: Chains that run at once. The result does not depend on it.
THREADS = 2


@dataclass(frozen=True, eq=False)
class LabelModelFit:
    """What a fit says.

    Attributes
    ----------
    probability
        (T, K) posterior probability of each class, averaged over draws and chains.
    by_chain
        (chains, T, K) the same for each chain.
    scales
        Draws of each standard deviation in log-odds, (chains, draws); 0 where switched off.
    prevalence
        (K,) posterior mean share of each class.
    hit
        (W, K) posterior mean probability that a labeller knows, by class of the truth, at a task
        of average difficulty.
    held_out
        (labels,) log predictive probability of the labels that were held out, nats; empty without.
    """

    probability: Floats
    by_chain: Floats
    scales: Mapping[str, Floats]
    prevalence: Floats
    hit: Floats
    held_out: Floats

    @property
    def disagreement(self) -> float:
        """Mean total variation distance of the chains' probabilities from their mean, 0 to 1."""
        return float(0.5 * np.abs(self.by_chain - self.probability).sum(axis=2).mean())


@dataclass(frozen=True, eq=False)
class _Run:
    """Averages over the draws of one chain, and its draws of the scales."""

    probability: Floats
    scales: Mapping[str, Floats]
    prevalence: Floats
    hit: Floats
    held_out: Floats


def fit_label_model(
    table: LabelTable,
    settings: LabelModelSettings | None = None,
    *,
    seed: int = 1,
    held_out: LabelTable | None = None,
) -> LabelModelFit:
    """Fit the label model.

    Parameters
    ----------
    table
        The labels; nothing else is looked at.
    settings
        What is assumed and how long is sampled; the defaults of `LabelModelSettings` else.
    seed
        Fixes the result on one machine and one set of library versions.
    held_out
        Labels to predict, of the same tasks, workers and classes.

    Returns
    -------
    LabelModelFit
        Posterior probabilities and what they rest on.

    Raises
    ------
    ValueError
        If there are no labels, or ``held_out`` has other tasks, workers or classes.
    """
    chosen = settings or LabelModelSettings()
    if not len(table):
        raise ValueError("there are no labels to learn from")
    if held_out is not None and _sizes(held_out) != _sizes(table):
        raise ValueError("held_out must number the same tasks, workers and classes as table")
    plan = chosen.plan(table)
    seeds = np.random.SeedSequence(seed).spawn(plan.chains)
    # Most of the time is spent in compiled loops, which do not hold the interpreter's lock.
    with ThreadPoolExecutor(THREADS) as pool:
        runs = list(pool.map(partial(_run, table, chosen, held_out), seeds))
    by_chain = np.array([run.probability for run in runs])
    return LabelModelFit(
        by_chain.mean(axis=0),
        by_chain,
        ReadOnly({name: np.array([run.scales[name] for run in runs]) for name in runs[0].scales}),
        np.mean([run.prevalence for run in runs], axis=0),
        np.mean([run.hit for run in runs], axis=0),
        np.log(np.mean([run.held_out for run in runs], axis=0)),
    )


def _sizes(table: LabelTable) -> tuple[int, int, int]:
    return table.n_tasks, table.n_workers, table.n_classes


def _run(
    table: LabelTable,
    settings: LabelModelSettings,
    held_out: LabelTable | None,
    seed: np.random.SeedSequence,
) -> _Run:
    chain = Chain(table, settings, seed)
    _, warmup, draws = settings.plan(table)
    for _ in range(warmup):
        chain.sweep()
    chain.settle()
    probability = np.zeros((table.n_tasks, table.n_classes))
    prevalence = np.zeros(table.n_classes)
    hit = np.zeros((table.n_workers, table.n_classes))
    predicted = np.zeros(0 if held_out is None else len(held_out))
    scales: list[dict[str, float]] = []
    for _ in range(draws):
        chain.sweep()
        probability += chain.probability / draws
        prevalence += chain.prevalence / draws
        hit += chain.hit_rates() / draws
        scales.append(dict(chain.scales))
        if held_out is not None:
            predicted += np.exp(chain.given_truth(held_out)) / draws
    traces = {name: np.array([draw[name] for draw in scales]) for name in chain.scales}
    return _Run(probability, ReadOnly(traces), prevalence, hit, predicted)
