"""Channels over nested categories: a weapon type within its class, a site within its province."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from attribution.channels.base import Channel, Entries, column_entries, spoken_word
from attribution.channels.effects import act_factor, effects_term, families, normal_effects
from attribution.channels.options import is_positive, items_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from attribution.case.config import Actor, ChannelSpec
    from attribution.channels.base import LinearTerm, Tensor
    from attribution.channels.evidence import Evidence

#: Name of the level that an unseen value takes: an effect drawn from the population of its parent.
NEW = "(new)"
SEPARATOR = " › "  # noqa: RUF001 - the sign that people read as "within"

Path = tuple[str, ...]


@dataclass(frozen=True)
class NestedChannel(Channel):
    """Act evidence from a path of categories, wide to narrow.

    The table row of a path is the sum of the effects of its prefixes: ``("Iraq", "Erbil")`` is what
    the country says plus what the province adds. A *missing* narrow value ends the path early (no
    effect of a site is added); an *unseen* one leads to the parent's ``(new)`` child, whose effect
    is drawn from the population, so that its uncertainty is part of the answer.

    Parameters
    ----------
    paths
        The path behind every level, in the order of ``levels``; every prefix of a path is one.
    scales
        Scale of the effects at each depth.
    columns
        Columns that are read.
    read
        Function from their cells to a path, empty if it is missing, and a note, "" if the cells are
        understood.
    heading
        Word that introduces the value in an explanation.
    """

    paths: tuple[Path, ...]
    scales: tuple[float, ...]
    columns: tuple[str, ...]
    read: Callable[..., tuple[Path, str]]
    heading: str

    @property
    def role(self) -> Literal["act"]:
        """What was done."""
        return "act"

    @property
    def reads(self) -> frozenset[str]:
        """The columns of the path."""
        return frozenset(self.columns)

    def table(self) -> Tensor:
        """Sum the effects of each path's prefixes: (levels, actors + families)."""
        from attribution.channels.row_sums import row_sums  # noqa: PLC0415 - heavy, as pymc is

        effects = normal_effects(self.name, len(self.paths), act_factor(families(self.actors)))
        scale = np.array([self.scales[len(path) - 1] for path in self.paths])
        level, passed = _prefixes(self.paths)
        return row_sums(effects, level, passed, scale[passed])

    def linear_terms(self) -> tuple[LinearTerm, ...]:
        """Return the effects: a path has those of its prefixes."""
        level, passed = _prefixes(self.paths)
        design = np.zeros((len(self.levels), len(self.paths)))
        design[level, passed] = [self.scales[len(self.paths[path]) - 1] for path in passed]
        return (effects_term(self.name, design, act_factor(families(self.actors))),)

    def encode(self, evidence: Evidence) -> Entries:
        """Look each path up; an unseen one takes its nearest known parent's new child."""

        def code_of(*cells: str) -> tuple[int, str]:
            path, note = self.read(*cells)
            return _code(path, self._known), note

        return column_entries(*evidence.looked_up(self.columns, code_of))

    def describe(self, evidence: Evidence, row: int, piece: int) -> str:
        """Name the value, narrow before wide."""
        del piece
        path, _ = self.read(*(evidence.cell(name, row) for name in self.columns))
        # A class of one word bears its name: say it once.
        shown = ", ".join(dict.fromkeys(spoken_word(word) for word in reversed(path)))
        unseen = "" if not path or path in self._known else " (has no level of its own)"
        return f"{self.heading}: {shown or 'not recorded'}{unseen}"

    @cached_property
    def _known(self) -> dict[Path, int]:
        return {path: code for code, path in enumerate(self.paths)}


def with_new_children(paths: Iterable[Path], depth: int) -> tuple[Path, ...]:
    """Return all prefixes of the paths and a ``(new)`` child below each of them.

    Parameters
    ----------
    paths
        Known paths of any length up to the depth.
    depth
        Greatest length of a path; one of that length has no children.

    Returns
    -------
    The paths, sorted and without repetition.
    """
    prefixes = {path[:length] for path in paths for length in range(1, len(path) + 1)}
    parents = {()} | {path for path in prefixes if len(path) < depth}
    return tuple(sorted(prefixes | {(*parent, NEW) for parent in parents}))


def level_names(paths: Sequence[Path]) -> tuple[str, ...]:
    """Return the printable name of every path."""
    return tuple(SEPARATOR.join(path) for path in paths)


def nested_channel(
    name: str,
    actors: tuple[Actor, ...],
    paths: Iterable[Path],
    scales: tuple[float, ...],
    *,
    columns: tuple[str, ...],
    read: Callable[..., tuple[Path, str]],
    heading: str,
) -> NestedChannel:
    """Bind a nested channel to the paths that the case knows.

    Parameters
    ----------
    name, actors
        See `attribution.channels.base.Channel`.
    paths
        Known paths.
    scales, columns, read, heading
        See ``NestedChannel``.

    Returns
    -------
    NestedChannel
        With a level for every prefix of a path and a ``(new)`` child below each.
    """
    every = with_new_children(paths, len(scales))
    return NestedChannel(name, actors, level_names(every), every, scales, columns, read, heading)


def scales_of(spec: ChannelSpec, default: tuple[float, ...]) -> tuple[float, ...]:
    """Read the option ``scales``: the scale of the effects at each depth, in log-odds.

    Parameters
    ----------
    spec
        Entry of ``case.toml``.
    default
        What holds if it is not given.

    Returns
    -------
    One scale a depth.

    Raises
    ------
    ValueError
        If the option is not as many positive numbers as there are depths.
    """
    given = items_of(spec.options.get("scales", default))
    if len(given) != len(default) or not all(is_positive(value) for value in given):
        raise ValueError(
            f"channel {spec.name}: options.scales must be {len(default)} positive numbers"
        )
    return tuple(float(value) for value in given)


def _code(path: Path, known: dict[Path, int]) -> int:
    if not path:
        return -1
    if path in known:
        return known[path]
    for length in range(len(path) - 1, -1, -1):
        child = (*path[:length], NEW)
        if child in known:
            return known[child]
    return -1


def _prefixes(paths: Sequence[Path]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs of a path and a path that it passes, itself included, the first rising."""
    position = {path: index for index, path in enumerate(paths)}
    pairs = [
        (row, position[path[:length]])
        for row, path in enumerate(paths)
        for length in range(1, len(path) + 1)
    ]
    level, passed = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return level, passed
