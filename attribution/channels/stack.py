"""All channels of a case as one stacked table, and evidence as codes into it.

Model likelihood, batch scorer, single query and explanation are the same sum: for incident ``i``
and actor ``k``, the sum over slots ``j`` of ``weight[i, j] * stack[code[i, j], k]``. In the first
slots, those of channels that measure, a row is multiplied by ``factor[i, j, k]`` as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from pkgutil import iter_modules
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from attribution.case.config import ChannelSpec
from attribution.channels.base import COLUMN_PIECE, Entries
from attribution.channels.distinct import by_row
from attribution.channels.effects import families

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.channels.base import Channel
    from attribution.channels.evidence import Evidence

BASE_RATE = "base_rate"


class ChannelError(ValueError):
    """``case.toml`` lists a channel that does not exist or cannot be bound as it is described."""


@dataclass(frozen=True)
class Codes:
    """Evidence about incidents as codes into the stacked table, padded to one width.

    Parameters
    ----------
    code
        Row of the stacked table: (incidents, slots). Empty slots point at the row of zeros behind
        the last channel's.
    weight
        Weight of the slot; 0 where it is empty: (incidents, slots).
    channel
        Position of the slot's channel, -1 where it is empty: (incidents, slots).
    piece
        Row of the statements or labels table behind the slot, -1 for a column of the incident.
    factor
        What channels that measure found, (incidents, measured slots, columns); these slots come
        first, and each has one code for all incidents.
    act_slots
        The first slots, measured ones included, hold act evidence, the others what was said.
    widths
        Number of slots of each channel.
    notes
        For each incident, what could not be read as it stands.
    """

    code: NDArray[np.int64]
    weight: NDArray[np.float64]
    channel: NDArray[np.int16]
    piece: NDArray[np.int32]
    factor: NDArray[np.float64]
    act_slots: int
    widths: tuple[int, ...]
    notes: tuple[tuple[str, ...], ...]

    def one(self, row: int) -> Codes:
        """Return the evidence about one of the incidents, in as many slots.

        Parameters
        ----------
        row
            Its position.
        """
        own = slice(row, row + 1)
        return Codes(
            self.code[own],
            self.weight[own],
            self.channel[own],
            self.piece[own],
            self.factor[own],
            self.act_slots,
            self.widths,
            self.notes[own],
        )


class Reading(NamedTuple):
    """What one channel finds in evidence.

    Parameters
    ----------
    entries
        Entries of its table.
    factor
        What it measures; None for a channel of codes.
    """

    entries: Entries
    factor: NDArray[np.float64] | None


def read(channel: Channel, evidence: Evidence) -> Reading:
    """Let a channel read evidence.

    Parameters
    ----------
    channel
        Any channel of a stack.
    evidence
        Any incidents with what was said of them.
    """
    return Reading(channel.encode(evidence), channel.measure(evidence))


def split(reading: Reading, count: int) -> list[Reading]:
    """Part what a channel finds in evidence by incident.

    Parameters
    ----------
    reading
        What it finds.
    count
        Number of incidents.

    Returns
    -------
    list of Reading
        What it would find in the evidence about each incident alone.
    """
    entries, factor = reading
    order = np.argsort(entries.row, kind="stable")
    ends = np.searchsorted(entries.row[order], np.arange(count + 1)).tolist()
    notes = by_row(count, entries.notes)
    found = []
    for row, (start, end) in enumerate(pairwise(ends)):
        own = order[start:end]
        mine = Entries(
            np.zeros(len(own), dtype=np.int64),
            entries.code[own],
            entries.weight[own],
            entries.piece[own],
            tuple((0, text) for text in notes[row]),
        )
        found.append(Reading(mine, None if factor is None else factor[row : row + 1]))
    return found


def side_by_side(readings: Sequence[Reading]) -> Reading:
    """Join what a channel finds in the evidence about single incidents; turns `split` round.

    Parameters
    ----------
    readings
        At least one.
    """
    if len(readings) == 1:
        return readings[0]
    parts = [reading.entries for reading in readings]
    notes = ((row, text) for row, part in enumerate(parts) for _, text in part.notes)
    entries = Entries(
        np.repeat(np.arange(len(parts)), [len(part.row) for part in parts]),
        np.concatenate([part.code for part in parts]),
        np.concatenate([part.weight for part in parts]),
        np.concatenate([part.piece for part in parts]),
        tuple(notes),
    )
    factors = [reading.factor for reading in readings if reading.factor is not None]
    return Reading(entries, np.concatenate(factors) if factors else None)


@dataclass(frozen=True)
class Stack:
    """The channels of a case, act channels first, with the offsets of their tables."""

    channels: tuple[Channel, ...]

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """First row of each channel's table in the stacked one; behind them, the row of zeros."""
        sizes = [len(channel.levels) for channel in self.channels]
        return tuple(int(offset) for offset in np.cumsum([0, *sizes]))

    @property
    def zero_row(self) -> int:
        """Row of the stacked table that holds zeros."""
        return self.offsets[-1]

    def position(self, name: str) -> int:
        """Return the position of the channel of this name.

        Parameters
        ----------
        name
            Name of a channel.

        Returns
        -------
        int
            Its position in ``channels``.

        Raises
        ------
        LookupError
            If the case lists no such channel.
        """
        for position, channel in enumerate(self.channels):
            if channel.name == name:
                return position
        raise LookupError(f"the case has no channel '{name}'")

    def revised(self, case: Case) -> Stack:
        """Return the same channels as another state of the case would have them.

        Parameters
        ----------
        case
            The bound case with some of its rows unknown.

        Returns
        -------
        Stack
            Of the same levels, so that a compiled model fits it.
        """
        return Stack(tuple(channel.revised(case) for channel in self.channels))

    def encode(self, evidence: Evidence, widths: Sequence[int] = ()) -> Codes:
        """Turn evidence into codes of the stacked table, act slots first.

        Parameters
        ----------
        evidence
            Any incidents with what was said of them.
        widths
            Least number of slots of each channel; none by default.

        Returns
        -------
        Codes
            As many slots a channel as the incident with most entries needs.
        """
        return self.lay_out(
            [read(channel, evidence) for channel in self.channels], len(evidence), widths
        )

    def lay_out(self, readings: Sequence[Reading], count: int, widths: Sequence[int] = ()) -> Codes:
        """Lay out what the channels found; see `encode`.

        Parameters
        ----------
        readings
            What each channel found, in their order.
        count
            Number of incidents.
        widths
            Least number of slots of each channel; none by default.

        Returns
        -------
        Codes
            As many slots a channel as the incident with most entries needs.
        """
        notes: list[tuple[int, str]] = []
        measured: list[_Slots] = []
        coded: list[_Slots] = []
        for position, (channel, reading) in enumerate(zip(self.channels, readings, strict=True)):
            notes += reading.entries.notes
            if reading.factor is not None:
                measured.append(_Slots(position, reading, reading.factor.shape[1]))
                continue
            slot = _slots(reading.entries.row)
            least = widths[position] if widths else int(channel.role == "act")
            width = max(int(slot.max()) + 1 if len(slot) else 0, least)
            coded.append(_Slots(position, reading, width, slot))
        blocks = [*measured, *coded]
        owner = np.repeat([block.position for block in blocks], [b.width for b in blocks])
        none = np.zeros((count, 0, families(self.channels[0].actors).width))
        factors = [each.factor for each in readings if each.factor is not None]
        # Memory asked for anew is dear: the narrowest numbers that hold what is in them.
        codes = Codes(
            np.full((count, len(owner)), self.zero_row, dtype=np.int64),
            np.zeros((count, len(owner))),
            np.full((count, len(owner)), -1, dtype=np.int16),
            np.full((count, len(owner)), COLUMN_PIECE, dtype=np.int32),
            np.concatenate([none, *factors], axis=1),
            sum(block.width for block in blocks if self.channels[block.position].role == "act"),
            tuple(block.width for block in sorted(blocks, key=lambda block: block.position)),
            by_row(count, notes),
        )
        start = 0
        for block in blocks:
            self._fill(codes, block, start)
            start += block.width
        np.copyto(codes.channel, owner, where=codes.weight != 0, casting="same_kind")
        return codes

    def _fill(self, codes: Codes, block: _Slots, start: int) -> None:
        """Lay one channel out in its slots, the entries of an incident side by side."""
        (entries, factor), offset = block.reading, self.offsets[block.position]
        if factor is not None:
            # Every level of a channel that measures has a slot of its own.
            own = slice(start, start + block.width)
            codes.code[:, own] = offset + np.arange(block.width)
            codes.weight[:, own] = factor.any(axis=2)
            return
        # Most channels have one entry an incident, in order, and fill a column.
        fills = block.width == 1 and np.array_equal(entries.row, np.arange(len(codes.code)))
        at = (slice(None), start) if fills else (entries.row, start + block.slot)
        codes.code[at] = offset + entries.code
        codes.weight[at] = entries.weight
        codes.piece[at] = entries.piece


class _Slots(NamedTuple):
    """The slots of one channel: how many, and in which of them each entry lies."""

    position: int
    reading: Reading
    width: int
    slot: NDArray[np.int64] = np.empty(0, dtype=np.int64)


def bind_stack(case: Case) -> Stack:
    """Bind every channel that ``case.toml`` lists; a channel is the module of its name here.

    Parameters
    ----------
    case
        The case.

    Returns
    -------
    Stack
        The base rate, the other act channels, then the say channels, each in the file's order.

    Raises
    ------
    ChannelError
        If the case lists a channel that does not exist, or one of them refuses its options.
    """
    listed = sorted(case.config.channels, key=lambda spec: spec.name != BASE_RATE)
    specs = [ChannelSpec(BASE_RATE, (), {}), *listed]
    if listed and listed[0].name == BASE_RATE:
        specs = listed
    bound: list[Channel] = []
    for spec in specs:
        bind = _bind_of(spec.name)
        if bind is None:
            raise ChannelError(
                f"case.toml lists a channel '{spec.name}' that does not exist; "
                f"there are: {', '.join(channel_names())}"
            )
        try:
            bound.append(bind(spec, case))
        except ValueError as fault:
            raise ChannelError(f"case.toml: {fault}") from fault
    return Stack(tuple(sorted(bound, key=lambda channel: channel.role != "act")))


def channel_names() -> tuple[str, ...]:
    """Return the names that ``case.toml`` may list, sorted."""
    package = import_module(__name__.rpartition(".")[0])
    names = (module.name for module in iter_modules(package.__path__))
    return tuple(sorted(name for name in names if name != BASE_RATE and _bind_of(name)))


def _bind_of(name: str) -> Callable[[ChannelSpec, Case], Channel] | None:
    """Return the function that binds a channel, None if there is no such channel."""
    module = f"{__name__.rpartition('.')[0]}.{name}"
    if not name.isidentifier() or find_spec(module) is None:
        return None
    bind: Callable[[ChannelSpec, Case], Channel] | None = getattr(
        import_module(module), "bind", None
    )
    return bind


def _slots(row: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the entries of each incident numbers from 0."""
    if (row[1:] > row[:-1]).all():
        return np.zeros(len(row), dtype=np.int64)
    order = np.argsort(row, kind="stable")
    ordered = row[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    lengths = np.diff(np.r_[starts, len(row)])
    slot = np.empty(len(row), dtype=np.int64)
    slot[order] = np.arange(len(row)) - np.repeat(starts, lengths)
    return slot
