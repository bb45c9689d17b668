"""One Markov chain of the label model: Metropolis within Gibbs, all groups of a move at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from attribution.channels.testimony import dependence_weight
from attribution.evaluate.annotators.kernel import given_each, given_truth, log_sum

if TYPE_CHECKING:
    from types import EllipsisType

    from numpy.random import SeedSequence

    from attribution.evaluate.annotators.settings import LabelModelSettings
    from attribution.evaluate.annotators.table import LabelTable
    from attribution.evaluate.targets import Bools, Floats, Ints

    type Where = EllipsisType | tuple[Ints, Ints]

#: Share of proposals to accept, halfway between the best for one and for many dimensions.
ACCEPT = 0.35
#: Steps for a task's effects in units of their scale; few labels leave them close to their prior.
STEPS = (0.25, 0.7, 1.5)
#: Longest other step, in log-odds.
STEP = 5.0
#: Effects stay where exp() and 1 - h are exact enough.
BOUND = 15.0
#: Prior standard deviation of the crowd's base preference over classes, in log-odds.
BASE_SD = 1.0
#: Scale of the half-normal prior of how classes differ in their hit rate, in log-odds.
HIT_SCALE = 0.5
#: Interactions are shrunk harder than what they depart from.
INTERACTION = 0.5
RESCALED = ("skill", "leaning", "difficulty", "decoy", "confusion")


class Chain:
    """State of the sampler.

    Everything is in log-odds. Effects by name in ``effects``: ``skill`` (W,) of labellers,
    ``leaning`` (W, K) of labellers over classes when they do not know, ``confusion`` (W, K, K) the
    same by truth, ``difficulty`` (T,) and ``decoy`` (T, K) of tasks. Shared by all labellers:
    ``hit`` (K,) by truth, ``base`` (K,) preference over classes, ``similarity`` (K, K) of the class
    named to the true one, symmetric with a zero diagonal. ``scales`` holds the standard deviation
    of each, 0 where the settings switch it off.

    Similarity is symmetric on purpose. Were it free, neighbouring classes of an ordered scale could
    shift by half a step, each taking over items of the next: such a solution fits labels of items
    that differ by degrees better than the true one does.

    Parameters
    ----------
    table
        The labels.
    settings
        What is assumed.
    seed
        Source of the chain's random numbers.

    Attributes
    ----------
    truth
        (T,) present class of each task.
    probability
        (T, K) probability of each class at the last sweep, given everything but the truth.
    prevalence
        (K,) present share of each class.
    """

    def __init__(self, table: LabelTable, settings: LabelModelSettings, seed: SeedSequence) -> None:
        self.rng = np.random.default_rng(seed)
        self.adapting = True
        self.settings = settings
        order = np.argsort(table.task, kind="stable")
        self.table = table.take(order)
        tasks, workers, classes = table.n_tasks, table.n_workers, table.n_classes
        counts = np.bincount(table.task, minlength=tasks)
        self.start = np.concatenate([[0], np.cumsum(counts)])
        self.weight = dependence_weight(counts, settings.rho)
        self.label_weight = self.weight[self.table.task]
        shapes: dict[str, tuple[int, ...]] = {
            "skill": (workers,),
            "leaning": (workers, classes),
            "confusion": (workers, classes, classes),
            "difficulty": (tasks,),
            "decoy": (tasks, classes),
        }
        used = {
            "skill": True,
            "leaning": settings.leaning,
            "confusion": settings.confusion and classes > 2,
            "difficulty": settings.difficulty,
            "decoy": settings.decoy,
        }
        self.effects = {name: np.zeros(shape) for name, shape in shapes.items()}
        self.scales = {name: 0.5 if used[name] else 0.0 for name in shapes}
        # With two classes the hit rates say all that a similarity could.
        self.scales["similarity"] = 0.5 if classes > 2 and settings.similarity else 0.0
        self.scales["hit"] = 0.3
        self.mean_hit = settings.hit[0]
        self.hit = np.full(classes, settings.hit[0])
        self.base = np.zeros(classes)
        self.similarity = np.zeros((classes, classes))
        self.prevalence = np.full(classes, 1.0 / classes)
        self.truth = np.argmax(table.votes + 0.1 * self.rng.random((tasks, classes)), axis=1)
        self.step = {
            "skill": np.full(workers, 1.0),
            "leaning": np.full(workers, 0.5),
            "confusion": np.full((workers, classes), 0.3),
            "hit": np.full(classes, 0.3),
            "similarity": np.full((classes, classes), 0.3),
            "base": np.full(1, 0.1),
            **{f"rescale {name}": np.full(1, 0.2) for name in RESCALED},
        }
        self.sweeps = 0
        self.factors = self._factors()
        self.odds, self.readiness = self._odds(), self._readiness()
        self.current = self._given_truth(self.odds, self.readiness)
        self.probability = np.zeros((tasks, classes))

    def sweep(self) -> None:
        """Update everything once; ``probability`` (T, K) is that of each class, given the rest."""
        self._move_workers()
        self._move_crowd()
        self._move_tasks()
        self._draw_scales()
        self.sweeps += 1

    def settle(self) -> None:
        """Stop adapting steps, so that from now on the chain has the posterior as its limit."""
        self.adapting = False

    def hit_rates(self) -> Floats:
        """Return the probability that a labeller knows at an average task, (W, K)."""
        return self.odds / (1.0 + self.odds)

    def given_truth(self, table: LabelTable) -> Floats:
        """Return the log-likelihood of other labels at the present state, (labels,).

        Parameters
        ----------
        table
            Labels of the same tasks, workers and classes, in any order.

        Returns
        -------
        numpy.ndarray
            One figure a label, in nats.
        """
        return np.asarray(
            given_truth(
                table.task,
                table.worker,
                table.label,
                self.truth,
                self.odds,
                self.readiness,
                *self.factors,
            )
        )

    # -- the two views of the likelihood ---------------------------------------------------------

    def _odds(self) -> Floats:
        """Return the odds that a labeller knows, by class of the truth, (W, K)."""
        return np.exp(self.hit + self.effects["skill"][:, None])

    def _readiness(self) -> Floats:
        """Return the readiness to name each class when not knowing, by truth, (W, K, K)."""
        readiness = self.base + self.similarity + self.effects["leaning"][:, None, :]
        if self.scales["confusion"]:
            readiness = readiness + self.effects["confusion"]
        return np.exp(readiness)

    def _factors(self) -> tuple[Floats, Floats]:
        return np.exp(-self.effects["difficulty"]), np.exp(self.effects["decoy"])

    def _given_truth(self, odds: Floats, readiness: Floats) -> Floats:
        table = self.table
        result = given_truth(
            table.task, table.worker, table.label, self.truth, odds, readiness, *self.factors
        )
        return np.asarray(self.label_weight * result)

    def _joint(self, factors: tuple[Floats, Floats]) -> Floats:
        """Return log P(truth, labels of the task), (T, K)."""
        table = self.table
        each = given_each(
            self.start, table.worker, table.label, self.odds, self.readiness, *factors
        )
        return np.asarray(self.weight[:, None] * each + np.log(self.prevalence))

    # -- moves given the truth -------------------------------------------------------------------

    def _accept(self, gain: Floats, name: str) -> Bools:
        """Accept or not, each group by itself, and adapt its step while warming up."""
        accepted = np.asarray(np.log(self.rng.random(gain.shape)) < gain)
        self._adapt(name, ..., accepted)
        return accepted

    def _adapt(self, name: str, where: Where, accepted: Bools) -> None:
        if self.adapting:
            factor = np.exp((self.sweeps + 1.0) ** -0.6 * (accepted - ACCEPT))
            self.step[name][where] = np.minimum(self.step[name][where] * factor, STEP)

    def _propose(self, *, knowing: bool) -> tuple[tuple[Floats, Floats], Floats]:
        """Return the tables at the proposed state, and the log-likelihood of every label.

        Only one table changes: the odds of knowing, or the readiness when not knowing.
        """
        tables = (self._odds(), self.readiness) if knowing else (self.odds, self._readiness())
        return tables, self._given_truth(*tables)

    def _keep(
        self, tables: tuple[Floats, Floats], proposed: Floats, accepted: Bools, of_label: Bools
    ) -> None:
        """Keep what was accepted; ``accepted`` is by worker, by worker and truth, or (1, truth)."""
        odds, readiness = tables
        if odds is not self.odds:
            mask = accepted.reshape(accepted.shape + (1,) * (2 - accepted.ndim))
            self.odds = np.where(mask, odds, self.odds)
        if readiness is not self.readiness:
            mask = accepted.reshape(accepted.shape + (1,) * (3 - accepted.ndim))
            self.readiness = np.where(mask, readiness, self.readiness)
        self.current = np.where(of_label, proposed, self.current)

    def _gain(self, proposed: Floats, group: Ints, groups: int) -> Floats:
        difference = proposed - self.current
        return np.bincount(group, weights=difference, minlength=groups)

    def _move_workers(self) -> None:
        worker, workers = self.table.worker, self.table.n_workers
        classes = self.table.n_classes
        self._move_effect("skill", worker, (workers,))
        for _ in range(2):
            self._move_effect("leaning", worker, (workers,))
        cell = worker * classes + self.truth[self.table.task]
        self._move_effect("confusion", cell, (workers, classes))

    def _move_effect(self, name: str, group: Ints, shape: tuple[int, ...]) -> None:
        """Propose the effects ``name`` of every group; ``shape`` is their first axes."""
        scale = self.scales[name]
        if not scale:
            return
        old = self.effects[name]
        step = self.step[name].reshape(shape + (1,) * (old.ndim - len(shape)))
        new = old + step * self.rng.standard_normal(old.shape)
        self.effects[name] = new
        tables, proposed = self._propose(knowing=name == "skill")
        squares = _squares(new, len(shape))
        prior = (0.5 / scale**2) * (_squares(old, len(shape)) - squares)
        gain = self._gain(proposed, group, int(np.prod(shape))).reshape(shape) + prior
        accepted = self._accept(np.where(squares < BOUND**2, gain, -np.inf), name)
        self.effects[name] = np.where(accepted.reshape(step.shape), new, old)
        self._keep(tables, proposed, accepted, accepted.ravel()[group])

    def _move_crowd(self) -> None:
        """Update what all labellers share, and what the hit rates by class are drawn from."""
        for _ in range(2):
            self._move_hit()
            self._move_similarity()
            self._move_base()
        mean, sd = self.settings.hit
        self.mean_hit = float(self._normal(self.hit, self.scales["hit"], mean, sd))
        if self.scales["leaning"]:
            # The same leanings around another centre: no label's likelihood changes.
            leaning = self.base + self.effects["leaning"]
            self.base = self._normal(leaning, self.scales["leaning"], 0.0, BASE_SD)
            self.effects["leaning"] = leaning - self.base

    def _move_hit(self) -> None:
        """Propose the hit rate of every class; labels of one true class are one group."""
        truth, old = self.truth[self.table.task], self.hit
        self.hit = old + self.step["hit"] * self.rng.standard_normal(old.shape)
        tables, proposed = self._propose(knowing=True)
        prior = (old - self.mean_hit) ** 2 - (self.hit - self.mean_hit) ** 2
        gain = self._gain(proposed, truth, len(old)) + (0.5 / self.scales["hit"] ** 2) * prior
        accepted = self._accept(gain, "hit")
        self.hit = np.where(accepted, self.hit, old)
        self._keep(tables, proposed, accepted[None, :], accepted[truth])

    def _move_similarity(self) -> None:
        """Propose the similarity of classes in disjoint pairs, each pair a group of its own."""
        if not self.scales["similarity"]:
            return
        classes = self.table.n_classes
        pairs = self.rng.permutation(classes)[: classes // 2 * 2].reshape(-1, 2)
        left, right = pairs.min(axis=1), pairs.max(axis=1)
        group = np.full(classes, len(pairs))
        group[left] = group[right] = np.arange(len(pairs))
        change = np.zeros(classes * classes)
        change[left * classes + right] = self.rng.standard_normal(len(pairs))
        change = self.step["similarity"] * change.reshape(classes, classes)
        old = self.similarity
        self.similarity = old + change + change.T
        tables, proposed = self._propose(knowing=False)
        prior = (old[left, right] ** 2 - self.similarity[left, right] ** 2) * 0.5
        of_label = group[self.truth[self.table.task]]
        gain = self._gain(proposed, of_label, len(pairs) + 1)
        gain[:-1] += prior / self.scales["similarity"] ** 2
        chance = np.log(self.rng.random(len(pairs)))
        accepted = np.append(chance < gain[:-1], False)
        self._adapt("similarity", (left, right), accepted[:-1])
        kept = accepted[group][:, None] & (group[:, None] == group)
        self.similarity = np.where(kept, self.similarity, old)
        self._keep(tables, proposed, accepted[group][None, :], accepted[of_label])

    def _move_base(self) -> None:
        old = self.base
        self.base = old + self.step["base"] * self.rng.standard_normal(old.shape)
        tables, proposed = self._propose(knowing=False)
        prior = float((old**2 - self.base**2).sum()) * 0.5 / BASE_SD**2
        accepted = self._accept(np.array([proposed.sum() - self.current.sum() + prior]), "base")
        self.base = self.base if accepted[0] else old
        self._keep(tables, proposed, accepted, accepted)

    def _normal(self, values: Floats, scale: float, mean: float, sd: float) -> Floats:
        """Draw the mean of ``values`` along their first axis given a normal prior."""
        precision = len(values) / scale**2 + 1.0 / sd**2
        centre = (values.sum(axis=0) / scale**2 + mean / sd**2) / precision
        return np.asarray(centre + self.rng.standard_normal(centre.shape) / np.sqrt(precision))

    # -- moves of the tasks, the truth summed out --------------------------------------------------

    def _move_tasks(self) -> None:
        joint = self._joint(self.factors)
        total = log_sum(joint)
        for both in (("difficulty", "decoy"), ("difficulty",), ("decoy",)):
            names = [name for name in both if self.scales[name]]
            if not names or len(names) < len(both):
                continue
            joint, total = self._move_task_effects(names, joint, total)
        joint, total = self._rescale_tasks(joint, total)
        self.probability = np.exp(joint - total[:, None])
        drawn = self.rng.random((len(total), 1)) > np.cumsum(self.probability, axis=1)
        self.truth = np.minimum(drawn.sum(axis=1), self.table.n_classes - 1)
        counts = np.bincount(self.truth, minlength=self.table.n_classes)
        self.prevalence = np.maximum(self.rng.dirichlet(1.0 + counts), 1e-12)
        self.factors = self._factors()
        self.current = self._given_truth(self.odds, self.readiness)

    def _move_task_effects(
        self, names: list[str], joint: Floats, total: Floats
    ) -> tuple[Floats, Floats]:
        tasks = self.table.n_tasks
        old = {name: self.effects[name] for name in names}
        size = self.rng.choice(STEPS, size=tasks)
        gain = -total
        inside = np.ones(tasks, dtype=bool)
        for name in names:
            step = (size * self.scales[name]).reshape((tasks,) + (1,) * (old[name].ndim - 1))
            new = old[name] + step * self.rng.standard_normal(old[name].shape)
            squares = _squares(new, 1)
            gain = gain + (0.5 / self.scales[name] ** 2) * (_squares(old[name], 1) - squares)
            inside &= squares < BOUND**2
            self.effects[name] = new
        proposed = self._joint(self._factors())
        summed = log_sum(proposed)
        accepted = inside & (np.log(self.rng.random(tasks)) < gain + summed)
        for name in names:
            shape = (tasks,) + (1,) * (old[name].ndim - 1)
            self.effects[name] = np.where(accepted.reshape(shape), self.effects[name], old[name])
        return np.where(accepted[:, None], proposed, joint), np.where(accepted, summed, total)

    def _rescale_tasks(self, joint: Floats, total: Floats) -> tuple[Floats, Floats]:
        """Stretch effects of all tasks with their scale, a move that single tasks cannot make."""
        name = ("difficulty", "decoy")[self.sweeps % 2]
        if not self.scales[name]:
            return joint, total
        old, prior = self._stretch(name)
        if np.isfinite(prior):
            proposed = self._joint(self._factors())
            summed = log_sum(proposed)
            gain = np.array([summed.sum() - total.sum() + prior])
            if self._accept(gain, f"rescale {name}")[0]:
                return proposed, summed
        self.effects[name], self.scales[name] = old
        return joint, total

    # -- scales ------------------------------------------------------------------------------------

    def _stretch(self, name: str) -> tuple[tuple[Floats, float], float]:
        """Stretch effects with their scale; return what they were, and the gain of the prior."""
        old, scale = self.effects[name], self.scales[name]
        factor = float(np.exp(self.step[f"rescale {name}"][0] * self.rng.standard_normal()))
        self.effects[name], self.scales[name] = old * factor, scale * factor
        inside = np.abs(self.effects[name]).max(initial=0.0) < BOUND
        widest = self._widest(name)
        prior = _log_prior(scale * factor, widest) - _log_prior(scale, widest)
        return (old, scale), prior if inside else -np.inf

    def _widest(self, name: str) -> float:
        """Return the scale of the prior of a scale."""
        return self.settings.scale * (INTERACTION if name == "confusion" else 1.0)

    def _draw_scales(self) -> None:
        names = [name for name in ("skill", "leaning", "confusion") if self.scales[name]]
        name = names[self.sweeps % len(names)]
        old, prior = self._stretch(name)
        if np.isfinite(prior):
            tables, proposed = self._propose(knowing=name == "skill")
            gain = np.array([proposed.sum() - self.current.sum() + prior])
            accepted = self._accept(gain, f"rescale {name}")
            self._keep(tables, proposed, accepted, accepted)
        if not np.isfinite(prior) or not accepted[0]:
            self.effects[name], self.scales[name] = old
        for name, effect in self.effects.items():
            if self.scales[name]:
                self._draw_scale(name, effect, self._widest(name))
        if self.scales["similarity"]:
            pairs = np.triu_indices(self.table.n_classes, 1)
            self._draw_scale("similarity", self.similarity[pairs], self.settings.scale)
        self._draw_scale("hit", self.hit - self.mean_hit, HIT_SCALE)

    def _draw_scale(self, name: str, effect: Floats, prior: float) -> None:
        """Update a scale given its effects, by a few steps in its logarithm."""
        squares, count = float((effect**2).sum()), effect.size
        width = 2.0 / math.sqrt(count + 4.0)

        def log_density(scale: float) -> float:
            fit = -count * math.log(scale) - 0.5 * squares / scale**2
            return fit + _log_prior(scale, prior)

        for move, chance in zip(self.rng.standard_normal(3), self.rng.random(3), strict=True):
            proposed = self.scales[name] * math.exp(width * move)
            if math.log(chance) < log_density(proposed) - log_density(self.scales[name]):
                self.scales[name] = proposed


def _log_prior(scale: float, prior: float) -> float:
    """Half-normal prior of a scale, as a density of its logarithm."""
    return math.log(scale) - 0.5 * (scale / prior) ** 2


def _squares(effect: Floats, axes: int) -> Floats:
    """Sum squares over all but the first ``axes`` axes."""
    flat = effect.reshape(*effect.shape[:axes], -1)
    return np.asarray(np.einsum("...k,...k->...", flat, flat))
