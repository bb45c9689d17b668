"""The interface of a channel, and the entries that it yields."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from attribution.case.faults import nearest
from attribution.case.readonly import ReadOnly

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from pytensor.tensor.variable import TensorVariable

    from attribution.case.case import Case
    from attribution.case.config import Actor
    from attribution.channels.evidence import Evidence

Role = Literal["act", "say"]

#: Parts of words that people write in another way.
SPELLINGS = ReadOnly({"us": "US", "ied": "IED", "krg": "KRG", "iraq": "Iraq"})

#: A PyTensor variable of any type; lazy, so that PyTensor is imported only to build a model.
type Tensor = TensorVariable[Any, Any]

#: A variable inside an operation: PyTensor's annotations know neither its type nor its value.
type Node = Any

#: Piece of an entry that comes from a column of the incident and not from a statement or label.
COLUMN_PIECE = -1
#: What a channel may read besides columns of the incidents; see ``Channel.reads``.
CLAIMS, OTHER_STATEMENTS, LABELS = "claims", "other statements", "labels"


@dataclass(frozen=True)
class Entries:
    """Evidence of one channel about some incidents: which rows of its table, how strongly.

    The log-evidence of incident ``i`` for actor ``k`` is the sum of ``weight * table[code, k]``
    over the entries with ``row == i``.

    Parameters
    ----------
    row, code, piece
        Integer arrays of one length: the incident's position, the row of the channel's table, and
        the row of the statements or labels table that the entry comes from (``COLUMN_PIECE`` for a
        column of the incident).
    weight
        Float array: 1 for a full piece of evidence, less for an echo, negative for a normaliser.
    notes
        ``(row, text)`` for every value that could not be read as it stands.
    """

    row: NDArray[np.int64]
    code: NDArray[np.int64]
    weight: NDArray[np.float64]
    piece: NDArray[np.int64]
    notes: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class LinearTerm:
    """A parameter that enters a channel's predictor linearly, and so trades against others.

    The predictor of an entry of level ``l`` in contrast ``c`` is
    ``spread[c] * sum_r design[l, r] * parameter[r, c]``, summed over the terms and, for act
    channels, over all channels. Many incidents tell the sum and not its parts; the sampler needs
    to know which parts these are (`attribution.model.geometry`). The posterior does not depend on
    it.

    Parameters
    ----------
    parameter
        Name of the parameter in the model, of shape (effects, contrasts), or (effects,) or () where
        there is one contrast; its prior is normal, or log-normal with the logarithm meant.
    design
        (levels, effects).
    spread
        (contrasts,): what a unit of the predictor is worth, in units of the standard deviation
        with which one incident tells it: the root of the information times the scale.
    precision
        Precision of the parameter's prior.
    """

    parameter: str
    design: NDArray[np.float64]
    spread: NDArray[np.float64]
    precision: float = 1.0


@dataclass(frozen=True)
class Channel(ABC):
    """One kind of evidence bound to a case: levels, priors, codes, words.

    Act channels form the prior of the incident (softmax of their sum); say channels are likelihoods
    given the actor. A channel is immutable; everything about new data comes in as ``Evidence``.

    Parameters
    ----------
    name
        Name of the channel in ``case.toml``, and of its module.
    actors
        The actors, in the order of every array.
    levels
        Names of the rows of the table.
    """

    name: str
    actors: tuple[Actor, ...]
    levels: tuple[str, ...]

    @property
    @abstractmethod
    def role(self) -> Role:
        """Whether the channel speaks of the act or of what was said."""

    @abstractmethod
    def table(self) -> Tensor:
        """Declare the priors in the current PyMC model; return the table.

        Returns
        -------
        Tensor
            Act channels: (levels, actors + families), see ``effects``; say channels: (levels,
            actors).
        """

    @abstractmethod
    def encode(self, evidence: Evidence) -> Entries:
        """Turn evidence into entries of this channel's table.

        Never raises because of a value: what cannot be read contributes nothing and leaves a note.

        Parameters
        ----------
        evidence
            Incidents, of the case or foreign, with what was said of them.

        Returns
        -------
        Entries
            Any number of entries an incident, in any order.
        """

    @abstractmethod
    def describe(self, evidence: Evidence, row: int, piece: int) -> str:
        """Say in plain English what one piece of evidence is.

        Parameters
        ----------
        evidence
            The evidence that was encoded.
        row
            Position of the incident.
        piece
            Index of the statement or label, ``COLUMN_PIECE`` for a column of the incident.

        Returns
        -------
        str
            A phrase without a full stop.
        """

    def measure(self, evidence: Evidence) -> NDArray[np.float64] | None:
        """Measure every incident against every level, for a channel of amounts and not of codes.

        Such a channel adds ``measure[i, level, k] * table[level, k]`` over its levels, where a
        channel of codes adds rows of its table as they stand.

        Parameters
        ----------
        evidence
            Incidents, of the case or foreign.

        Returns
        -------
        (incidents, levels, columns of the table), 0 where nothing is known; None for a channel of
        codes.
        """
        del evidence
        return None

    @property
    def reads(self) -> frozenset[str] | None:
        """What codes, measures and descriptions of an incident depend on.

        Columns of the incidents, and ``CLAIMS``, ``OTHER_STATEMENTS`` or ``LABELS`` for what was
        said; None, if it is not told, stands for everything. What a channel found may be used again
        while these stay the same.
        """
        return None

    def linear_terms(self) -> tuple[LinearTerm, ...]:
        """Return the parameters that enter the channel's predictor linearly; none by default."""
        return ()

    def data(self) -> Mapping[str, NDArray[np.float64]]:
        """Return the arrays behind the table that another state of the case would change.

        ``table`` declares them as ``pm.Data`` under these names, so that a refit without hindsight
        needs no new compilation.
        """
        return ReadOnly({})

    def revised(self, case: Case) -> Channel:
        """Return the channel as another state of the case would have it, with the same levels.

        Parameters
        ----------
        case
            The bound case with some of its rows unknown: labels hidden, or the past.

        Returns
        -------
        Channel
            Of the same levels in the same order; this one where nothing of it can change.
        """
        del case
        return self

    def reported(self) -> Mapping[str, tuple[tuple[str, ...], ...]]:
        """Return the parameters kept beside the table: for each, the labels along its axes."""
        return ReadOnly({})


def column_entries(
    codes: Sequence[int] | NDArray[np.int64], notes: Sequence[tuple[int, str]] = ()
) -> Entries:
    """Return entries of weight 1 for a column's codes.

    Parameters
    ----------
    codes
        Row of the channel's table for every incident; -1 is missing and contributes nothing.
    notes
        See ``Entries``.

    Returns
    -------
    Entries
        At most one entry an incident.
    """
    code = np.asarray(codes, dtype=np.int64)
    row = np.flatnonzero(code >= 0)
    piece = np.full(len(row), COLUMN_PIECE, dtype=np.int64)
    return Entries(row, code[row], np.ones(len(row)), piece, tuple(notes))


def joined(*parts: Entries) -> Entries:
    """Return the entries of several parts, one behind the other.

    Parameters
    ----------
    parts
        Entries of one channel, at least one.

    Returns
    -------
    Entries
        All of them.
    """
    return Entries(
        np.concatenate([part.row for part in parts]),
        np.concatenate([part.code for part in parts]),
        np.concatenate([part.weight for part in parts]),
        np.concatenate([part.piece for part in parts]),
        tuple(note for part in parts for note in part.notes),
    )


def unknown_value(column: str, value: str, allowed: Sequence[str]) -> str:
    """Say that a value is not known and what the nearest known one is."""
    close = nearest(value, tuple(allowed))
    hint = f" (nearest: {close})" if close else ""
    return f"{column} '{value}' is not known{hint}"


def spoken_day(day: pd.Timestamp) -> str:
    """Write a day as words for people, "" if it is not known."""
    return "" if pd.isna(day) else f"{day.day} {day:%B %Y}"


def spoken_word(word: str) -> str:
    """Write a word of a vocabulary for people.

    Parameters
    ----------
    word
        "us_coalition_base".

    Returns
    -------
    str
        "US coalition base".
    """
    return " ".join(SPELLINGS.get(part, part) for part in word.split("_") if part)
