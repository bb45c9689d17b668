r"""One incident's answer as its evidence is added piece by piece: the kernel's sum as a product.

For draw ``s``, piece ``j`` and actor ``k``, with the piece's rows gathered into one (see
`attribution.posterior.kernel` for the sum),

.. math:: p^{(j)}_{sk} \propto p^{(j-1)}_{sk}\, e^{x_{sjk}}, \qquad
          x_{sj} = \sum_{i \in j} w_i\, f_i \odot T_s[c_i]

for what was said; what was done multiplies the shares within families and those of families
likewise, each normalised by itself. Only :math:`e^{x_{sj}}` takes exponentials, and who asks *what
if* changes one piece of ten: the others' are kept. A factor that is the same for all shares of one
whole changes nothing, so the largest is made 1 and nothing can overflow. Where the smallest are so
small that their product might be no number any more, logs are added instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from attribution.posterior.kept import Kept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from attribution.channels.stack import Codes

#: Bytes of pieces that are kept, each of some dozens of kilobytes.
KEPT_BYTES = 2**26
#: Most nats that pieces may take from an actor for factors to be multiplied: the smallest number of
#: full precision is 708 nats below 1, and to normalise costs a few more.
DEEPEST = 650.0


class _Rows(NamedTuple):
    """A piece as rows of the stacked tables: what its factors depend on."""

    is_act: bool
    code: tuple[int, ...]
    weight: tuple[float, ...]
    #: Bytes of what was measured, (rows, columns); empty for rows that are only coded.
    measured: bytes


class _Factor(NamedTuple):
    """By what a piece multiplies shares: (columns, draws); (actors, draws) if said."""

    values: NDArray[np.float64]
    #: The most that it takes from any actor, in nats.
    depth: float


class Steps:
    """Adds up single incidents' evidence.

    Parameters
    ----------
    draws
        Stacked tables with a row of zeros behind them: (draws, rows + 1, actors + families).
    family
        Number of the family of every actor.
    """

    def __init__(self, draws: NDArray[np.float64], family: Sequence[int]) -> None:
        self._draws = draws
        self._family = np.asarray(family, dtype=np.int64)
        count = draws.shape[2] - len(family)
        # Columns that are shares of one whole: a family's members, and the families.
        self._wholes = [np.flatnonzero(self._family == number) for number in range(count)]
        self._wholes.append(np.arange(len(family), draws.shape[2]))
        whole = np.empty(draws.shape[2], dtype=np.int64)
        for number, own in enumerate(self._wholes):
            whole[own] = number
        self._whole = whole
        self._same = np.asarray(whole[:, None] == whole[None, :], dtype=np.float64)
        self._kept: Kept[_Rows, _Factor] = Kept(max(1, KEPT_BYTES // draws[:, 0].nbytes))

    def probabilities(
        self, codes: Codes, pieces: Sequence[NDArray[np.bool_]]
    ) -> NDArray[np.float64]:
        """Return the posterior over actors as the pieces are added.

        Parameters
        ----------
        codes
            Evidence about a single incident.
        pieces
            Which of its slots belong to each piece, (slots,), in the order in which they are added:
            what was done before what was said.

        Returns
        -------
        Array of shape (pieces, actors, draws) that sums to 1 along the actors.
        """
        given = [_rows(codes, slots.nonzero()[0]) for slots in pieces]
        factors = [self._factor(rows) if rows.code else None for rows in given]
        if sum(factor.depth for factor in factors if factor) > DEEPEST:
            return self._by_logs(given)
        actors = len(self._family)
        share = np.ones((self._draws.shape[2], len(self._draws)))
        share /= self._same @ share
        found = np.empty((len(pieces) + 1, actors, len(self._draws)))
        np.multiply(share[:actors], share[actors:][self._family], out=found[0])
        for number, (rows, factor) in enumerate(zip(given, factors, strict=True)):
            before, after = found[number], found[number + 1]
            if factor is None:
                after[:] = before
            elif rows.is_act:
                share *= factor.values
                share /= self._same @ share
                np.multiply(share[:actors], share[actors:][self._family], out=after)
            else:
                np.multiply(before, factor.values, out=after)
                after /= after.sum(axis=0)
        return found[1:]

    def _by_logs(self, given: Sequence[_Rows]) -> NDArray[np.float64]:
        """Return the same by sums of logs, for evidence of any strength."""
        actors = len(self._family)
        act = np.zeros((self._draws.shape[2], len(self._draws)))
        said = np.zeros((actors, len(self._draws)))
        found = np.empty((len(given), actors, len(self._draws)))
        for rows, after in zip(given, found, strict=True):
            if rows.is_act:
                act += self._logs(rows)
            else:
                said += self._logs(rows)[:actors]
            shares = act.copy()
            for own in self._wholes:
                shares[own] -= np.logaddexp.reduce(act[own], axis=0)
            joint = shares[:actors] + shares[actors:][self._family] + said
            np.exp(joint - np.logaddexp.reduce(joint, axis=0), out=after)
        return found

    def _factor(self, rows: _Rows) -> _Factor:
        """Return by what a piece multiplies shares, the largest of each whole being 1."""
        kept = self._kept.get(rows)
        if kept is not None:
            return kept
        total = self._logs(rows)
        if rows.is_act:
            for own in self._wholes:
                total[own] -= total[own].max(axis=0)
        else:
            total = total[: len(self._family)]
            total -= total.max(axis=0)
        # A member's share is multiplied by its family's.
        factor = _Factor(np.exp(total), -float(total.min()) * (2 if rows.is_act else 1))
        self._kept.put(rows, factor)
        return factor

    def _logs(self, rows: _Rows) -> NDArray[np.float64]:
        """Add up a piece's rows, (columns, draws); of none, zeros."""
        total = np.zeros((self._draws.shape[2], len(self._draws)))
        measured = np.frombuffer(rows.measured).reshape(-1, len(total))
        for number, (code, weight) in enumerate(zip(rows.code, rows.weight, strict=True)):
            row = weight * self._draws[:, code].T
            total += row * measured[number][:, None] if number < len(measured) else row
        return total


def _rows(codes: Codes, own: NDArray[np.intp]) -> _Rows:
    """Return slots of a single incident, which are all of what was done or all of what was said."""
    factor = codes.factor[0]
    return _Rows(
        bool(len(own) and own[0] < codes.act_slots),
        tuple(codes.code[0, own].tolist()),
        tuple(codes.weight[0, own].tolist()),
        factor[own[own < len(factor)]].tobytes(),
    )
