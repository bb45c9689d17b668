"""Weighted sums of a table's rows by a sparse matrix that never changes, as one operation.

A gather, a reshape and a sum, with their backward passes, are a dozen operations a channel to
compile and to run; this is one, and its backward pass is the same one with the matrix transposed.
Compiled once, it serves every channel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor.tensor as pt
from numba import njit
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from attribution.channels.base import Node, Tensor

#: To be raised when ``add_rows`` changes, so that nothing compiled before is used.
VERSION = 1


def row_sums(
    table: Tensor,
    row: NDArray[np.int64],
    source: NDArray[np.int64],
    weight: NDArray[np.float64],
) -> Tensor:
    """Sum weighted rows of a table.

    Parameters
    ----------
    table
        (n, columns), of a shape known beforehand.
    row
        For each term, the row of the result, rising from 0: every row of the result has a term.
    source
        For each term, the row of the table.
    weight
        For each term, its factor.

    Returns
    -------
    Tensor of shape (rows, columns).
    """
    starts = np.searchsorted(row, np.arange(row.max(initial=-1) + 2))
    summed: Tensor = _sum(table, starts, source, weight)
    return summed


def _sum(
    table: Node,
    starts: NDArray[np.int64],
    source: NDArray[np.int64],
    weight: NDArray[np.float64],
) -> Node:
    """Apply the operation to constants."""
    matrix = (pt.constant(each) for each in (starts.astype(np.int64), source, weight))
    return RowSums()(table, *matrix)


class RowSums(Op):
    """Product of a constant sparse matrix and a table.

    Inputs are the table (n, columns) and the matrix by rows: where the terms of each row start
    (rows + 1,), and for each term the row of the table and the factor.
    """

    __props__ = ()

    def make_node(self, *inputs: Node) -> Apply[Any]:
        """Return the node.

        Raises
        ------
        TypeError
            If the table is no matrix of doubles.
        """
        table, starts, source, weight = inputs
        table = pt.as_tensor_variable(table)
        if (table.type.ndim, table.type.dtype) != (2, "float64"):
            raise TypeError(f"row sums are of a matrix of doubles, not of {table.type}")
        # Known of a constant; over draws at once PyTensor tries the node with variables.
        (length,) = starts.type.shape
        shape = (None if length is None else length - 1, table.type.shape[1])
        output = pt.tensor(dtype="float64", shape=shape)
        return Apply(self, [table, starts, source, weight], [output])

    def infer_shape(
        self, node: Apply[Any], shapes: Sequence[tuple[Node, ...]]
    ) -> list[tuple[Node, ...]]:
        """Return the shape of the output."""
        del node
        return [(shapes[1][0] - 1, shapes[0][1])]

    def perform(
        self, node: Apply[Any], inputs: Sequence[NDArray[Any]], output_storage: list[list[Any]]
    ) -> None:
        """Compute the sums without a compiler, for functions that are interpreted."""
        del node
        table, starts, source, weight = inputs
        shape = (len(starts) - 1, len(table))
        output_storage[0][0] = sparse.csr_array((weight, source, starts), shape=shape) @ table

    def connection_pattern(self, node: Apply[Any]) -> list[list[bool]]:
        """Say that only the table has a gradient."""
        del node
        return [[True], [False], [False], [False]]

    def pullback(
        self, inputs: Sequence[Node], outputs: Sequence[Node], cotangents: Sequence[Node]
    ) -> list[Node]:
        """Sum by the transposed matrix."""
        del outputs
        starts, source, weight = (each.data for each in inputs[1:])
        row = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        order = np.argsort(source, kind="stable")
        back = np.searchsorted(source[order], np.arange(inputs[0].type.shape[0] + 1))
        summed = _sum(cotangents[0], back, row[order], weight[order])
        return [summed, *(DisconnectedType()() for _ in inputs[1:])]


@njit
def add_rows(
    table: NDArray[np.float64],
    starts: NDArray[np.int64],
    source: NDArray[np.int64],
    weight: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the sums, one row after the other."""
    columns = table.shape[1]
    result = np.zeros((len(starts) - 1, columns))
    for row in range(len(starts) - 1):
        for term in range(starts[row], starts[row + 1]):
            for column in range(columns):
                result[row, column] += weight[term] * table[source[term], column]
    return result


# PyTensor passes the linker's whole state by name; none of it matters here.
register_funcify_default_op_cache_key(RowSums)(  # type: ignore[no-untyped-call] # PyTensor's
    lambda _op, **_: (add_rows, VERSION)
)
