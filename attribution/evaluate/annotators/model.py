"""Fit the label model: probabilities of each class for each task, from labels alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.evaluate.annotators.chain import Chain
from attribution.evaluate.annotators.settings import LabelModelSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from attribution.evaluate.annotators.table import LabelTable
    from attribution.evaluate.targets import Floats


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
        Draws of each standard deviation in log-odds, (chains, draws).
    prevalence
        (K,) posterior mean share of each class.
    hit
        (W, K) posterior mean probability that a labeller knows, given the truth, at a task of
        average difficulty.
    held_out
        (labels,) log predictive probability of the labels that were held out; empty without any.
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


def fit_label_model(
    table: LabelTable,
    settings: LabelModelSettings | None = None,
    *,
    seed: int = 1,
    held_out: LabelTable | None = None,
) -> LabelModelFit:
    """Fit."""
    chosen = settings or LabelModelSettings()
    seeds = [int(s.generate_state(1)[0]) for s in np.random.SeedSequence(seed).spawn(chosen.chains)]
    with ThreadPoolExecutor(chosen.chains) as pool:
        runs = list(pool.map(lambda s: _run(table, chosen, s, held_out), seeds))
    by_chain = np.array([r["p"] for r in runs])
    ho = np.logaddexp.reduce(np.array([r["ho"] for r in runs]), axis=0) - np.log(len(runs))
    return LabelModelFit(
        by_chain.mean(axis=0),
        by_chain,
        {n: np.array([r["scales"][n] for r in runs]) for n in runs[0]["scales"]},
        np.mean([r["pi"] for r in runs], axis=0),
        np.mean([r["hit"] for r in runs], axis=0),
        ho,
    )


def _run(table, settings, seed, held_out):
    chain = Chain(table, settings, seed)
    for _ in range(settings.warmup):
        chain.sweep()
    out = {"p": 0.0, "scales": {n: [] for n in chain.scales}, "pi": 0.0, "hit": 0.0, "ho": np.zeros(0)}
    ho = 0.0
    for _ in range(settings.draws):
        chain.sweep()
        out["p"] = out["p"] + chain.probability / settings.draws
        out["pi"] = out["pi"] + chain.prevalence / settings.draws
        o = chain._tables()[0]
        out["hit"] = out["hit"] + o / (1 + o) / settings.draws
        for n, v in chain.scales.items():
            out["scales"][n].append(v)
        if held_out is not None:
            ho = ho + np.exp(chain.given_truth(held_out)) / settings.draws
    if held_out is not None:
        out["ho"] = np.log(ho)
    return out
