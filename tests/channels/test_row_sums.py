"""Sums by a constant sparse matrix are those of the dense one, and so is their gradient."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import Mode
from pytensor.graph.replace import vectorize_graph

from attribution.channels.row_sums import add_rows, row_sums

PLAIN = Mode(linker="py", optimizer=None)
ROW, SOURCE = np.array([0, 0, 1, 2, 2, 2]), np.array([3, 0, 1, 1, 1, 3])
WEIGHT = np.array([1.0, -2.0, 0.5, 1.0, 3.0, 0.25])


def dense():
    matrix = np.zeros((3, 5))
    np.add.at(matrix, (ROW, SOURCE), WEIGHT)
    return matrix


def test_the_sums_are_the_dense_product():
    table = np.random.default_rng(0).normal(size=(5, 4))
    variable = pt.tensor("table", dtype="float64", shape=(5, 4))
    sums = row_sums(variable, ROW, SOURCE, WEIGHT)
    assert sums.type.shape == (3, 4)
    found = pytensor.function([variable], sums, mode=PLAIN)(table)
    np.testing.assert_allclose(found, dense() @ table, rtol=1e-14)


def test_the_compiled_loop_is_the_interpreted_one():
    table = np.random.default_rng(1).normal(size=(5, 4))
    np.testing.assert_allclose(
        add_rows(table, np.array([0, 2, 3, 6]), SOURCE, WEIGHT), dense() @ table, rtol=1e-14
    )


def test_the_gradient_is_the_transposed_product_also_for_rows_of_no_term():
    rng = np.random.default_rng(2)
    table, slopes = rng.normal(size=(5, 4)), rng.normal(size=(3, 4))
    variable = pt.tensor("table", dtype="float64", shape=(5, 4))
    cost = (row_sums(variable, ROW, SOURCE, WEIGHT) * slopes).sum()
    found = pytensor.function([variable], pytensor.grad(cost, variable), mode=PLAIN)(table)
    np.testing.assert_allclose(found, dense().T @ slopes, rtol=1e-14)


def test_draws_are_summed_side_by_side():
    tables = np.random.default_rng(3).normal(size=(6, 5, 4))
    variable = pt.tensor("table", dtype="float64", shape=(5, 4))
    batch = pt.tensor("tables", dtype="float64", shape=(None, 5, 4))
    sums = vectorize_graph(row_sums(variable, ROW, SOURCE, WEIGHT), replace={variable: batch})
    found = pytensor.function([batch], sums, mode=PLAIN)(tables)
    np.testing.assert_allclose(found, dense() @ tables, rtol=1e-14)


def test_a_table_of_another_kind_is_refused():
    with pytest.raises(TypeError, match="matrix of doubles"):
        row_sums(pt.dvector(), ROW, SOURCE, WEIGHT)
