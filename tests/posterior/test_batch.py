"""The compiled summaries are those of the definition, of plain sorting and of PyMC's graph."""

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
from hypothesis import given, settings
from hypothesis import strategies as st
from pytensor.compile.mode import Mode
from random_tables import small_draws, values_at

from attribution.channels.effects import Families, families
from attribution.channels.evidence import case_evidence
from attribution.channels.stack import Codes
from attribution.model.assemble import log_marginal_terms
from attribution.model.tables import TABLE, stacked_tables
from attribution.posterior import quantile_kernel
from attribution.posterior.batch import LANES, TASK, lay_out, summarise_many
from attribution.posterior.kernel import Query, Summary, entropy_bits, query_of, summarise
from attribution.posterior.posterior import FEW, Posterior

#: Interpreted and without rewrites: nothing is compiled.
PLAIN = Mode(linker="py", optimizer=None)
CLOSE = {"rtol": 0.0, "atol": 1e-5}
PARTS = ("mean", "low", "high", "entropy")


def assert_same(one: Summary, other: Summary, atol: float = 1e-5) -> None:
    for part in PARTS:
        left, right = getattr(one, part), getattr(other, part)
        assert left.shape == right.shape
        np.testing.assert_allclose(left, right, rtol=0.0, atol=atol, err_msg=part)


@st.composite
def problems(draw):
    actors = draw(st.integers(1, 9))
    family = [draw(st.integers(0, actors - 1)) for _ in range(actors)]
    family = np.unique(family, return_inverse=True)[1]
    width, rows = actors + family.max() + 1, draw(st.integers(1, 20))
    draws = draw(st.sampled_from([1, 2, 3, 20, 21, LANES - 1, LANES, LANES + 1, 2 * LANES + 5]))
    incidents, slots = draw(st.integers(1, 70)), draw(st.integers(1, 13))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    stack = rng.normal(0.0, draw(st.sampled_from([0.1, 1.0, 6.0])), (draws, rows + 1, width))
    stack[:, -1] = 0.0
    code = rng.integers(0, rows + 1, (incidents, slots))
    weight = rng.choice([1.0, 0.5, 0.0, -0.7, 1.3], (incidents, slots))
    acts = draw(st.integers(0, slots))
    factor = rng.normal(size=(incidents, draw(st.integers(0, acts)), width))
    query = Query(code, weight, acts, family, factor)
    return stack, query.take(rng.integers(0, incidents, incidents + 5))


@given(problems())
@settings(max_examples=80, deadline=None)
def test_the_compiled_sum_is_the_definition(problem):
    stack, query = problem
    assert_same(summarise_many(lay_out(stack, query.family), query), summarise(stack, query))


@cache
def graph_of(family, rows, acts):
    """The posterior of every incident from the model's own likelihood, interpreted.

    The slope of an incident's log-likelihood by a row of zeros that only it looks at.
    """
    measured = len(rows)
    table, code, weight = pt.dmatrix("table"), pt.lmatrix("code"), pt.dmatrix("weight")
    factor, probe = pt.dtensor3("factor"), pt.dmatrix("probe")
    codes = Codes(
        np.array([[*rows, 0]]),
        np.ones((1, measured + 1)),
        np.zeros((1, measured + 1), dtype=np.int64),
        np.zeros((1, measured + 1), dtype=np.int64),
        np.ones((1, measured, len(family) + max(family) + 1)),
        measured + acts,
        (),
        ((),),
    )
    data = {"code": code, "weight": weight, "factor": factor}
    terms = log_marginal_terms(pt.concatenate([table, probe]), data, codes, Families(family))
    slopes = pytensor.grad(terms.sum(), probe)[:, : len(family)]
    return pytensor.function(
        [table, code, weight, factor, probe], slopes, mode=PLAIN, on_unused_input="ignore"
    )


def by_graph(stack: np.ndarray, query: Query) -> np.ndarray:
    """(draws, incidents, actors)."""
    count, first = len(query.code), query.measured
    # A measured slot has one code for all incidents.
    assert (query.code[:, :first] == query.code[:1, :first]).all()
    rows = tuple(int(row) for row in query.code[0, :first])
    function = graph_of(tuple(int(f) for f in query.family), rows, query.act_slots - first)
    own = stack.shape[1] + np.arange(count)[:, None]
    code = np.concatenate([query.code[:, first:], own], axis=1)
    weight = np.concatenate([query.weight, np.ones((count, 1))], axis=1)
    probe = np.zeros((count, stack.shape[2]))
    return np.array([function(table, code, weight, query.factor, probe) for table in stack])


def assert_graph(stack: np.ndarray, query: Query, summary: Summary) -> None:
    p = by_graph(stack, query)
    np.testing.assert_allclose(p.sum(axis=-1), 1.0, rtol=1e-9)
    low, high = np.quantile(p, (0.05, 0.95), axis=0)
    mean = p.mean(axis=0)
    assert_same(summary, Summary(mean, low, high, entropy_bits(mean)))


@given(seed=st.integers(0, 2**20), family=st.sampled_from([(0,) * 4, (0, 1, 2), (1, 0, 1, 0, 2)]))
@settings(max_examples=20, deadline=None)
def test_random_tables_give_what_the_graph_of_the_model_gives(seed, family):
    rng = np.random.default_rng(seed)
    width = len(family) + max(family) + 1
    stack = rng.normal(0.0, 1.5, (23, 9, width))
    stack[:, -1] = 0.0
    code = rng.integers(0, 9, (12, 8))
    code[:, :2] = rng.integers(0, 8, 2)
    weight = rng.choice([0.0, 1.0, 0.4], (12, 8))
    query = Query(code, weight, 5, np.array(family), rng.normal(size=(12, 2, width)))
    assert_graph(stack, query, summarise_many(lay_out(stack, family), query))


def test_the_assembled_model_gives_the_same_posterior():
    """An incident's slopes of the model's potential by rows of what was said are its posterior."""
    drawn = small_draws(measured=True)
    model, codes, stack = drawn.compiled.model, drawn.compiled.codes, drawn.compiled.stack
    said = [model[f"{TABLE}{each.name}"] for each in stack.channels if each.role == "say"]
    slopes = pt.concatenate(pytensor.grad(model.potentials[0], said)).sum(axis=0)
    function = model.compile_fn(
        model.replace_rvs_by_values([slopes])[0], inputs=model.value_vars, mode=PLAIN
    )
    p = np.empty((6, len(codes.code), len(stack.channels[0].actors)))
    try:
        for incident in range(len(codes.code)):
            with model:
                pm.set_data({"incident_weight": np.eye(len(codes.code))[incident]})
            for draw in range(6):
                p[draw, incident] = function(values_at(drawn, draw // 3, draw % 3))
    finally:
        with model:
            pm.set_data({"incident_weight": np.ones(len(codes.code))})
    heard = codes.weight[:, codes.act_slots :].sum(axis=1)
    np.testing.assert_allclose(p.sum(axis=-1), np.tile(heard, (6, 1)), rtol=1e-9)
    p /= heard[:, None]
    groups = families(stack.channels[0].actors)
    tables = {name: v.reshape(-1, *v.shape[2:]) for name, v in drawn.tables.items()}
    stacked = stacked_tables(stack, tables, groups.width)
    summary = summarise_many(lay_out(stacked, groups.of), query_of(codes, groups.of))
    low, high = np.quantile(p, (0.05, 0.95), axis=0)
    assert_same(summary, Summary(p.mean(axis=0), low, high, entropy_bits(p.mean(axis=0))))


def test_the_case_gives_what_the_graph_of_the_model_gives(posterior: Posterior):
    codes = posterior.stack.encode(case_evidence(posterior.case))
    family = families(posterior.case.config.actors).of
    query = query_of(codes, family)
    some = stacked_tables(
        posterior.stack,
        {name: table[::40] for name, table in posterior.tables.items()},
        families(posterior.case.config.actors).width,
    )
    assert query.measured
    assert_graph(some, query, summarise_many(lay_out(some, family), query))


def test_the_case_at_all_draws_gives_what_the_definition_gives(posterior: Posterior):
    codes = posterior.stack.encode(case_evidence(posterior.case))
    query = query_of(codes, families(posterior.case.config.actors).of)
    draws = stacked_tables(
        posterior.stack, posterior.tables, families(posterior.case.config.actors).width
    )
    summary = summarise_many(lay_out(draws, query.family), query)
    assert_same(summary, summarise(draws, query), atol=2e-6)
    np.testing.assert_allclose(summary.mean.sum(axis=1), 1.0, rtol=1e-12)


def made(incidents: int, draws: int = 40, seed: int = 5):
    rng = np.random.default_rng(seed)
    stack = rng.normal(size=(draws, 31, 9))
    stack[:, -1] = 0.0
    code, weight = rng.integers(0, 31, (incidents, 6)), rng.uniform(0.1, 1.0, (incidents, 6))
    family = np.array([0, 1, 0, 2, 1, 0])
    return stack, Query(code, weight, 3, family, np.empty((incidents, 0, 9)))


def test_an_incident_has_the_same_bits_alone_and_in_any_batch():
    stack, query = made(3 * TASK + 7)
    tables = lay_out(stack, query.family)
    whole = summarise_many(tables, query)
    order = np.random.default_rng(1).permutation(len(query.code))
    shuffled = summarise_many(tables, query.take(order))
    alone = summarise_many(tables, query.take(np.array([70])))
    for part in PARTS:
        np.testing.assert_array_equal(getattr(shuffled, part), getattr(whole, part)[order])
        np.testing.assert_array_equal(getattr(alone, part)[0], getattr(whole, part)[70])


def test_the_number_of_threads_changes_no_bit(monkeypatch):
    stack, query = made(5 * TASK)
    tables = lay_out(stack, query.family)
    whole = summarise_many(tables, query)
    monkeypatch.setattr("attribution.posterior.batch._threads", lambda: 7)
    np.testing.assert_array_equal(summarise_many(tables, query).high, whole.high)


def test_several_callers_at_once_get_their_own_answers():
    problems = [made(300, seed=seed) for seed in range(6)]

    def answer(problem):
        stack, query = problem
        return summarise_many(lay_out(stack, query.family), query).low

    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(answer, problems))
    for problem, low in zip(problems, together, strict=True):
        np.testing.assert_array_equal(low, answer(problem))


def test_slots_that_say_nothing_are_not_told_apart():
    stack, query = made(40)
    blank = query.weight * np.r_[0.0, np.ones(5)]
    first = query.code.copy()
    first[:, 0] = np.arange(40) % 30
    same = replace(query, code=first[[3] * 40], weight=blank[[3] * 40])
    same.code[:, 0] = np.arange(40) % 30
    same.code[::2, 4], same.weight[::2, 4] = 30, 0.25
    same.code[1::2, 4], same.weight[1::2, 4] = 7, 0.0
    summary = summarise_many(lay_out(stack, query.family), same)
    assert len(np.unique(summary.mean, axis=0)) == 1
    assert_same(summary, summarise(stack, same))


def test_rows_that_share_a_key_are_compared_and_not_believed(monkeypatch):
    from attribution.posterior import pattern_kernel

    _, query = made(60)
    factor = np.empty((60, 0, 9))
    plain = pattern_kernel.distinct.py_func
    monkeypatch.setattr(pattern_kernel, "key_of", lambda *_: np.uint64(3))
    first, pattern = plain(
        np.r_[query.code, query.code], np.r_[query.weight, query.weight], np.r_[factor, factor], 30
    )
    np.testing.assert_array_equal(first, np.arange(60))
    np.testing.assert_array_equal(pattern, np.r_[np.arange(60), np.arange(60)])


def test_read_only_and_pickled_tables_are_taken():
    stack, query = made(20)
    tables = lay_out(stack, query.family)
    expected = summarise_many(tables, query).mean
    tables.values.setflags(write=False)
    query.code.setflags(write=False)
    np.testing.assert_array_equal(summarise_many(tables, query).mean, expected)
    again = pickle.loads(pickle.dumps(tables))
    np.testing.assert_array_equal(summarise_many(again, query).mean, expected)


def test_nothing_given_is_changed():
    stack, query = made(20)
    before = stack.copy(), query.code.copy(), query.weight.copy()
    summarise_many(lay_out(stack, query.family), query)
    for left, right in zip(before, (stack, query.code, query.weight), strict=True):
        np.testing.assert_array_equal(left, right)


def test_no_incidents_have_an_empty_summary():
    stack, query = made(4)
    summary = summarise_many(lay_out(stack, query.family), query.take(np.array([], dtype=int)))
    assert summary.mean.shape == summary.low.shape == summary.high.shape == (0, 6)
    assert summary.entropy.shape == (0,)


def test_scores_too_wide_for_single_precision_saturate():
    stack = np.zeros((4, 3, 6))
    stack[:, 0] = [800.0, 0.0, -800.0, 0.0, 0.0, 0.0]
    family = np.array([0, 1, 0, 0])
    query = Query(np.array([[0, 1]]), np.ones((1, 2)), 1, family, np.empty((1, 0, 6)))
    said = replace(query, act_slots=0)
    for asked in (query, said):
        assert_same(summarise_many(lay_out(stack, family), asked), summarise(stack, asked))


def test_tables_that_are_no_numbers_come_to_an_end_and_are_seen():
    stack, query = made(3)
    stack[5, :, 2] = np.nan
    assert np.isnan(summarise_many(lay_out(stack, query.family), query).mean).all()


def values(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(1, 400))
    kind = draw(st.sampled_from(["beta", "narrow", "ties", "two", "tiny", "one", "wide"]))
    return {
        "beta": rng.beta(0.3, 0.8, count),
        "narrow": 0.3 + 1e-6 * rng.normal(size=count),
        "ties": rng.integers(0, 4, count) / 4,
        "two": rng.choice([0.0, 1.0], count),
        "tiny": rng.random(count) * 1e-38,
        "one": np.full(count, rng.random()),
        "wide": np.exp(-80 * rng.random(count)),
    }[kind].astype(np.float32)


@given(st.composite(values)(), st.sampled_from([0.0, 0.001, 0.05, 0.3, 0.5, 0.95, 0.999]))
@settings(max_examples=300, deadline=None)
def test_quantiles_are_those_of_sorting(p, level):
    _, low, high = quantile_kernel.summarise_actor(p, level, 0.95)
    expected = np.quantile(p.astype(float), (level, 0.95))
    np.testing.assert_allclose((low, high), expected, rtol=1e-12, atol=0.0)


def test_frames_are_answered_by_the_compiled_sum_and_a_few_incidents_are_not(
    posterior: Posterior, monkeypatch
):
    frame, own = posterior.case.incidents, posterior.attribute()
    assert len(frame) <= FEW
    compiled = posterior.attribute(frame)
    numbers = compiled.select_dtypes("number").columns
    np.testing.assert_allclose(compiled[numbers], own[numbers], **CLOSE)
    assert (compiled[numbers] != own[numbers]).to_numpy().any()
    monkeypatch.setattr("attribution.posterior.posterior.FEW", len(frame) - 1)
    np.testing.assert_array_equal(posterior.attribute()[numbers], compiled[numbers])


def test_a_model_is_opened_without_the_compiler():
    """It takes as long to import as an answer to a question."""
    code = "import sys, attribution.posterior.store; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
