r"""Second derivatives of the log posterior at a point, exact and without one gradient a parameter.

With :math:`T(\theta)` the stacked tables, ``J`` their derivatives by the parameters and
:math:`g = \partial L / \partial T`,

.. math:: \nabla^2 \log p(\theta \mid \text{data}) = J^\top\, \nabla_T^2 L\; J
          + \sum_t g_t \nabla^2 T_t + \nabla^2 \log p(\theta)

The first term is added up incident by incident (`attribution.model.curvature_kernel`). A row of act
evidence counts by its contrasts; a row of a say channel, or of one that measures, by the parameters
that move it where they are few and by its entries where they are many. Tables are cheap next to the
likelihood, so that their derivatives are differences: each channel's by its own parameters.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytensor.tensor as pt
from pytensor.compile.maker import function
from pytensor.compile.mode import Mode
from pytensor.gradient import grad
from pytensor.graph.replace import vectorize_graph
from scipy import sparse

from attribution.channels.effects import act_factor, concatenated, families
from attribution.model.assemble import INCIDENT_WEIGHT
from attribution.model.curvature_kernel import act_pairs, other_pairs
from attribution.model.density import channel_of
from attribution.model.likelihood_kernel import value_and_gradient
from attribution.model.tables import TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from attribution.channels.base import Node
    from attribution.channels.effects import Families
    from attribution.model.sampler import CompiledModel

    type Matrix = NDArray[np.float64]
    #: From points (points, parameters) to values (points, values), a graph each.
    type Mapped = Callable[[Matrix], list[Matrix]]

#: Half the step of a difference: errors are its square and the rounding error divided by it.
STEP = 1e-4
#: Points of a difference at once; bounds memory.
BLOCK = 100
#: Derivatives of tables are of the order of their scales, a tenth and more; less than this is none.
NOTHING = 1e-8
#: A row that more parameters move than this many for each actor counts by its entries.
MANY = 4


class Evidence(NamedTuple):
    """What the kernels read of the incidents, in their order."""

    stacked: Matrix
    code: NDArray[np.integer]
    weight: Matrix
    factor: Matrix
    incident_weight: Matrix
    measured: NDArray[np.int64]
    family: NDArray[np.int64]
    acts: int


@dataclass(frozen=True)
class Part:
    """A channel's table at the point.

    Parameters
    ----------
    rows
        Its first row in the stacked tables and the row behind its last.
    places
        Where its parameters stand among all.
    values
        The table, (levels, columns).
    slopes
        Its derivatives, (levels * columns, parameters of the channel).
    """

    rows: tuple[int, int]
    places: NDArray[np.int64]
    values: Matrix
    slopes: sparse.csr_array


def precision(compiled: CompiledModel, point: Matrix) -> Matrix:
    """Return minus the second derivatives of the log posterior.

    Parameters
    ----------
    compiled
        The compiled model; its parameters are independent before any evidence.
    point
        The model's parameters as it transforms and orders them, (parameters,).

    Returns
    -------
    Array of shape (parameters, parameters).
    """
    stack = compiled.stack
    groups = families(stack.channels[0].actors)
    parts = _parts(compiled, point)
    given = _evidence(compiled, parts, groups)
    _, slopes = value_and_gradient(*given)
    result = _by_likelihood(given, parts, groups, len(point))
    for places, curved in _by_tables(compiled, parts, point, slopes):
        result[np.ix_(places, places)] += curved
    result[np.diag_indices(len(point))] += _by_priors(compiled, point)
    return np.negative(result, out=result)


def _parts(compiled: CompiledModel, point: Matrix) -> list[Part]:
    """Compute every channel's table and its derivatives."""
    model, stack = compiled.model, compiled.stack
    found: dict[str, Part] = {}
    # Tables of one role have about as many parameters, and are moved together.
    for role in ("act", "say"):
        channels = [channel for channel in stack.channels if channel.role == role]
        tables = model.replace_rvs_by_values([model[f"{TABLE}{each.name}"] for each in channels])
        places = [_places(compiled, channel.name) for channel in channels]
        mapped = _mapped(compiled, tables)
        values, slopes = mapped(point[None]), _differences(mapped, point, places)
        for channel, own, value, slope in zip(channels, places, values, slopes, strict=True):
            first = stack.offsets[stack.position(channel.name)]
            table = value.reshape(len(channel.levels), -1)
            found[channel.name] = Part((first, first + len(table)), own, table, slope)
    return [found[channel.name] for channel in stack.channels]


def _by_tables(
    compiled: CompiledModel, parts: list[Part], point: Matrix, slopes: Matrix
) -> Iterator[tuple[NDArray[np.int64], Matrix]]:
    """Yield the second term of the module's formula for every channel that has one."""
    model, stack = compiled.model, compiled.stack
    gradients = []
    for channel, part in zip(stack.channels, parts, strict=True):
        (table,) = model.replace_rvs_by_values([model[f"{TABLE}{channel.name}"]])
        own = [model.rvs_to_values[each] for each in _own(compiled, channel.name)]
        first, end = part.rows
        total = (table * slopes[first:end, : part.values.shape[1]]).sum()
        gradients.append(
            concatenated([pt.zeros(0), *(each.flatten() for each in _slopes(total, own))])
        )
    # The gradient of a table that moves linearly is the same everywhere.
    apart = np.stack([point, point + np.linspace(0.5, 1.0, len(point))])
    found = _mapped(compiled, gradients)(apart)
    for part, gradient, (here, there) in zip(parts, gradients, found, strict=True):
        if not np.allclose(here, there, rtol=1e-9, atol=1e-9 * np.abs(here).max(initial=0.0)):
            mapped = _mapped(compiled, [gradient])
            curved = _differences(mapped, point, [part.places])[0].toarray()
            yield part.places, (curved + curved.T) / 2


def _by_priors(compiled: CompiledModel, point: Matrix) -> Matrix:
    """Return the third term's diagonal, all that there is of it: (parameters,)."""
    model = compiled.model
    values = [model.rvs_to_values[each] for each in model.free_RVs]
    mapped = _mapped(compiled, _slopes(model.logp(vars=model.free_RVs), values))
    above, below = (np.concatenate(mapped((point + step)[None]), axis=1) for step in (STEP, -STEP))
    return np.asarray((above - below)[0] / (2 * STEP))


def _slopes(total: Node, values: list[Node]) -> list[Node]:
    """Return the gradient of a graph, a graph each."""
    found: Any = grad(total, values, disconnected_inputs="ignore") if values else []
    return list(found)


def _own(compiled: CompiledModel, name: str) -> list[Any]:
    """Return the parameters of a channel."""
    every = compiled.model.free_RVs
    return [each for each in every if channel_of(str(each.name), compiled.stack) == name]


def _places(compiled: CompiledModel, name: str) -> NDArray[np.int64]:
    """Return where a channel's parameters stand among all."""
    own = [
        compiled.places[str(each.name)] + np.arange(int(np.prod(each.type.shape)))
        for each in _own(compiled, name)
    ]
    return np.concatenate([np.zeros(0, dtype=np.int64), *own]).astype(np.int64)


def _mapped(compiled: CompiledModel, outputs: list[Any]) -> Mapped:
    """Return the values of graphs at many points at once, a matrix (points, values) a graph."""
    model = compiled.model
    values = [model.rvs_to_values[each] for each in model.free_RVs]
    shapes = [value.type.shape for value in values]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
    batched = [pt.tensor(dtype="float64", shape=(None, *shape)) for shape in shapes]
    replaced = dict(zip(values, batched, strict=True))
    # Interpreted, not compiled: that would take longer than the few passes do.
    compute = function(
        batched,
        vectorize_graph(outputs, replace=replaced),
        mode=Mode("py", "fast_compile"),
        on_unused_input="ignore",
    )

    def mapped(points: Matrix) -> list[Matrix]:
        pieces = np.split(points, ends, axis=1)
        given = [
            piece.reshape(len(points), *shape) for piece, shape in zip(pieces, shapes, strict=True)
        ]
        found = [np.asarray(each) for each in compute(*given)]
        # What depends on no parameter comes without the axis of points.
        return [
            np.broadcast_to(each.reshape(1, -1), (len(points), each.size))
            if each.ndim == output.type.ndim
            else each.reshape(len(points), -1)
            for each, output in zip(found, outputs, strict=True)
        ]

    return mapped


def _differences(
    mapped: Mapped, point: Matrix, places: list[NDArray[np.int64]]
) -> list[sparse.csr_array]:
    """Return the derivatives of each graph by its own parameters, (values, parameters).

    No graph depends on another's parameters, so that all move at once.
    """
    found: list[list[sparse.csr_array]] = [[] for _ in places]
    for start in range(0, max((1, *(len(own) for own in places))), BLOCK):
        step = np.zeros((BLOCK, len(point)))
        for own in places:
            moved = own[start : start + BLOCK]
            step[np.arange(len(moved)), moved] = STEP
        ahead, behind = mapped(point + step), mapped(point - step)
        for own, parts, one, other in zip(places, found, ahead, behind, strict=True):
            count = len(own[start : start + BLOCK])
            parts.append(sparse.csr_array((one[:count] - other[:count]).T / (2 * STEP)))
    return [sparse.csr_array(sparse.hstack(parts)) for parts in found]


def _evidence(compiled: CompiledModel, parts: list[Part], groups: Families) -> Evidence:
    """Collect the kernels' inputs, as the compiled model holds them."""
    stacked = np.zeros((compiled.stack.zero_row + 1, groups.width))
    for part in parts:
        stacked[slice(*part.rows), : part.values.shape[1]] = part.values
    code, weight, factor, incident_weight = (
        compiled.model[name].get_value(borrow=True)
        for name in ("code", "weight", "factor", INCIDENT_WEIGHT)
    )
    first = factor.shape[1]
    return Evidence(
        stacked,
        code,
        weight,
        factor,
        incident_weight,
        compiled.codes.code[0, :first].copy(),
        np.array(groups.of),
        compiled.codes.act_slots - first,
    )


@dataclass(frozen=True)
class _Moves:
    """How rows that are no act rows move: see ``other_pairs``.

    Parameters
    ----------
    start, feature, slope
        As the kernel reads them.
    by_parameter
        Derivatives of the features by all parameters, (features, parameters).
    """

    start: NDArray[np.int64]
    feature: NDArray[np.int64]
    slope: Matrix
    by_parameter: sparse.csr_array


def _by_likelihood(given: Evidence, parts: list[Part], groups: Families, size: int) -> Matrix:
    """Return the first term of the module's formula, (size, size)."""
    first = given.factor.shape[1]
    basis = act_factor(groups, 1.0)
    slots = given.code[:, : given.acts]
    used = np.unique(slots[given.weight[:, first : first + given.acts] != 0])
    block = np.full(len(given.stacked), -1, dtype=np.int64)
    block[used] = np.arange(len(used))
    by_act = _contrasted(parts, used, basis, size)
    said = given.code[:, given.acts :][given.weight[:, first + given.acts :] != 0]
    moves = _moves(parts, np.union1d(said, given.measured), groups, size)
    features = moves.by_parameter.shape[0]
    rows = (basis, block, len(used))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(act_pairs, *given, *rows)
        cross, rest = other_pairs(*given, *rows, moves.start, moves.feature, moves.slope, features)
        pairs = waiting.result()
    wide = len(used) * len(basis)
    acts = pairs.transpose(0, 2, 1, 3).reshape(wide, wide)
    del pairs
    half = by_act.T @ (by_act.T @ acts.T).T
    del acts
    half += by_act.T @ (moves.by_parameter.T @ cross.reshape(features, wide)).T
    half += moves.by_parameter.T @ (moves.by_parameter.T @ rest.T).T
    return np.asarray(half + half.T)


def _contrasted(
    parts: list[Part], used: NDArray[np.int64], basis: Matrix, size: int
) -> sparse.csr_array:
    """Return the derivatives of used act rows' contrasts by all parameters, contrasts side by side.

    Shape (used rows * contrasts, size).
    """
    found = [sparse.csr_array((0, size))]
    for part in parts:
        own = used[(used >= part.rows[0]) & (used < part.rows[1])] - part.rows[0]
        if len(own):
            project = sparse.kron(
                sparse.eye_array(part.values.shape[0], format="csr")[own], basis, format="csr"
            )
            found.append(_placed(project @ part.slopes, part.places, size))
    return sparse.csr_array(sparse.vstack(found))


def _placed(slopes: sparse.csr_array, places: NDArray[np.int64], size: int) -> sparse.csr_array:
    """Turn derivatives by a channel's parameters into such by all."""
    flat = sparse.coo_array(slopes)
    # What is left of a difference of rounding errors would fill a sparse matrix.
    kept = np.abs(flat.data) > NOTHING
    where = (flat.row[kept], places[flat.col[kept]])
    return sparse.csr_array((flat.data[kept], where), shape=(flat.shape[0], size))


def _moves(parts: list[Part], used: NDArray[np.int64], groups: Families, size: int) -> _Moves:
    """Choose for every used row what it counts by, and collect it."""
    start = np.zeros(parts[-1].rows[1] + 2, dtype=np.int64)
    feature: list[NDArray[np.int64]] = []
    slope: list[Matrix] = [np.zeros((0, groups.width))]
    # A feature is a parameter, or an entry of a row: those are numbered behind the parameters.
    entries: list[sparse.csr_array] = []
    count = size
    for part in parts:
        columns = part.values.shape[1]
        for row in used[(used >= part.rows[0]) & (used < part.rows[1])]:
            level = int(row - part.rows[0])
            own = part.slopes[level * columns : (level + 1) * columns]
            moving = np.unique(own.indices)
            if len(moving) <= MANY * groups.actors:
                feature.append(part.places[moving])
                moved = own[:, moving].toarray().T
            else:
                feature.append(count + np.arange(columns))
                moved = np.eye(columns)
                entries.append(_placed(own, part.places, size))
                count += columns
            slope.append(np.pad(moved, ((0, 0), (0, groups.width - columns))))
            start[row + 1] = len(moved)
    every = np.concatenate([np.zeros(0, dtype=np.int64), *feature])
    kept, numbered = np.unique(every, return_inverse=True)
    by_parameter = sparse.csr_array(sparse.vstack([sparse.eye_array(size, format="csr"), *entries]))
    return _Moves(np.cumsum(start), numbered, np.concatenate(slope), by_parameter[kept])
