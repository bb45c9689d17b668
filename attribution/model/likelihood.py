r"""The marginal likelihood as one operation: value and gradient from one pass over the incidents.

.. math:: L = \sum_i u_i \operatorname{logsumexp}_k(\log \pi_{ik} + S_{ik})

with :math:`\pi` the nested logit of `attribution.channels.effects` and :math:`S` what was said. As
a graph of PyTensor's own operations (`attribution.model.assemble.log_marginal_terms`, kept as the
oracle of the tests) it is dozens of nodes to compile and as many passes over arrays of incidents,
slots and columns. Here it is one node, whose second output is the gradient by the stacked tables,
so that the backward pass adds a single product.
"""

from __future__ import annotations

import inspect
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytensor.tensor as pt
from numba import njit
from pytensor.gradient import DisconnectedType, grad_not_implemented
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key

from attribution.model import likelihood_kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from attribution.channels.base import Node

#: What compiled models that PyTensor has cached are of no use for once the kernel's text changes.
KERNEL_VERSION = int.from_bytes(
    sha256(inspect.getsource(likelihood_kernel).encode()).digest()[:7], "big"
)

#: Dimensions and kind of number of the inputs: stacked tables, codes, weights, what was measured,
#: weights of incidents.
INPUTS = ((2, "float64"), (2, "int"), (2, "float64"), (3, "float64"), (1, "float64"))


class MarginalLikelihood(Op):
    """Weighted log-likelihood of all incidents, their actors summed out, and its gradient.

    Inputs are the stacked tables, (rows + 1, actors + families), and the model's data as
    `attribution.model.assemble.coded_data` names them: ``code`` (incidents, coded slots),
    ``weight`` (incidents, measured + coded slots), ``factor`` (incidents, measured slots, actors +
    families) and ``incident_weight`` (incidents,). Outputs are a number and its derivatives by the
    stacked tables. Only the tables have a gradient; the second output has none.

    Parameters
    ----------
    measured
        Row of the stacked tables of every measured slot.
    act_slots
        How many of the coded slots form the prior; the others are what was said.
    family
        Number of the family of every actor.
    """

    __props__ = ("act_slots", "family", "measured")

    def __init__(self, measured: Iterable[int], act_slots: int, family: Iterable[int]) -> None:
        self.measured = tuple(int(row) for row in measured)
        self.act_slots = int(act_slots)
        self.family = tuple(int(number) for number in family)

    def make_node(self, *inputs: Node) -> Apply[Any]:
        """Check the inputs' types and return the node.

        Raises
        ------
        TypeError
            If an input has another number of dimensions or type of numbers.
        """
        given = [pt.as_tensor_variable(each) for each in inputs]
        for found, (dimensions, kind) in zip(given, INPUTS, strict=True):
            if found.type.ndim != dimensions or not found.type.dtype.startswith(kind):
                raise TypeError(f"the likelihood expects {dimensions}-d {kind}, not {found.type}")
        tables = pt.tensor(dtype="float64", shape=given[0].type.shape)
        return Apply(self, given, [pt.dscalar(), tables])

    def infer_shape(
        self, node: Apply[Any], shapes: Sequence[tuple[Node, ...]]
    ) -> list[tuple[Node, ...]]:
        """Return the shapes of the outputs: none, and that of the stacked tables."""
        del node
        return [(), shapes[0]]

    def perform(
        self, node: Apply[Any], inputs: Sequence[NDArray[Any]], output_storage: list[list[Any]]
    ) -> None:
        """Compute both outputs with numpy, for functions that are interpreted."""
        del node
        value, gradient = value_and_gradient(self, _Evidence(*inputs))
        output_storage[0][0], output_storage[1][0] = np.asarray(value), gradient

    def connection_pattern(self, node: Apply[Any]) -> list[list[bool]]:
        """Say that codes, being integers, have no derivative."""
        del node
        return [[True, True], [False, False], [True, True], [True, True], [True, True]]

    def pullback(
        self, inputs: Sequence[Node], outputs: Sequence[Node], cotangents: Sequence[Node]
    ) -> list[Node]:
        """Scale the second output; data and second derivatives are not implemented."""
        missing: Callable[..., Node] = grad_not_implemented
        data = [
            DisconnectedType()() if place == 1 else missing(self, place, each)
            for place, each in enumerate(inputs[1:], start=1)
        ]
        if not isinstance(cotangents[1].type, DisconnectedType):
            return [missing(self, 0, inputs[0], "no second derivatives"), *data]
        return [cotangents[0] * outputs[1], *data]


class _Evidence(NamedTuple):
    """Inputs of the operation."""

    stacked: NDArray[np.float64]
    code: NDArray[np.int64]
    weight: NDArray[np.float64]
    factor: NDArray[np.float64]
    incident_weight: NDArray[np.float64]


def value_and_gradient(
    op: MarginalLikelihood, given: _Evidence
) -> tuple[float, NDArray[np.float64]]:
    """Compute both outputs of the operation with numpy; see `likelihood_kernel` for the formulae.

    Parameters
    ----------
    op
        The operation.
    given
        Its inputs.

    Returns
    -------
    The weighted log-likelihood and its derivatives, of the shape of the stacked tables.
    """
    first, acts, actors = len(op.measured), op.act_slots, len(op.family)
    members = (np.arange(max(op.family) + 1)[:, None] == np.array(op.family)).astype(np.float64)
    coded = given.weight[:, first:]
    rows = given.stacked[given.code]
    act = np.einsum("is,isc->ic", coded[:, :acts], rows[:, :acts])
    measured = given.weight[:, :first, None] * given.factor
    act += np.einsum("isc,sc->ic", measured, given.stacked[list(op.measured)])
    said = np.einsum("is,isk->ik", coded[:, acts:], rows[:, acts:, :actors])
    member, group = act[:, :actors], act[:, actors:]
    within = member - _log_sums(member, members)[:, op.family]
    between = group - np.logaddexp.reduce(group, axis=1, keepdims=True)
    joint = within + between[:, op.family] + said
    terms = np.logaddexp.reduce(joint, axis=1)
    posterior = np.exp(joint - terms[:, None])
    mass = posterior @ members.T
    by_act = np.concatenate(
        [posterior - mass[:, op.family] * np.exp(within), mass - np.exp(between)], axis=1
    )
    by_act *= given.incident_weight[:, None]
    by_said = np.zeros_like(by_act)
    by_said[:, :actors] = given.incident_weight[:, None] * posterior
    gradient = np.zeros_like(given.stacked)
    np.add.at(gradient, given.code[:, :acts], coded[:, :acts, None] * by_act[:, None])
    np.add.at(gradient, given.code[:, acts:], coded[:, acts:, None] * by_said[:, None])
    np.add.at(gradient, list(op.measured), np.einsum("isc,ic->sc", measured, by_act))
    return float(given.incident_weight @ terms), gradient


def _log_sums(member: NDArray[np.float64], members: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log of the sum of exponentials over each family, (incidents, families)."""
    outside = np.where(members > 0, 0.0, -np.inf)
    return np.asarray(np.logaddexp.reduce(member[:, None] + outside, axis=2))


def _compiled(op: MarginalLikelihood, node: Apply[Any]) -> tuple[Callable[..., Any], int]:
    """Return the operation for PyTensor's numba backend and the version of its code."""
    likelihood_kernel.compile_kernel(node.inputs[1].type.dtype)
    kernel = likelihood_kernel.value_and_gradient
    measured = np.array(op.measured, dtype=np.int64)
    family = np.array(op.family, dtype=np.int64)
    acts = op.act_slots

    def marginal_likelihood(
        stacked: NDArray[np.float64],
        code: NDArray[np.integer],
        weight: NDArray[np.float64],
        factor: NDArray[np.float64],
        incident_weight: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        value, gradient = kernel(
            stacked, code, weight, factor, incident_weight, measured, family, acts
        )
        return np.asarray(value), gradient

    return njit(marginal_likelihood), KERNEL_VERSION


# PyTensor passes the linker's whole state by name; of it only the node matters here.
register_funcify_default_op_cache_key(MarginalLikelihood)(  # type: ignore[no-untyped-call] # its
    lambda op, node, **_: _compiled(op, node)
)
