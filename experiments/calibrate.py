"""Simulation-based calibration of the model at the size of the Iraq case.

python experiments/calibrate.py                 # 40 fits
python experiments/calibrate.py --fits 10
python experiments/calibrate.py --write         # into docs/performance.md

Where, when and with what come from the case's labelled incidents, and so does who speaks of them:
each has one label, by its first labeller, and those that were claimed have one claim. Parameters
are drawn from the priors; who did it, which name claims, who denies and whom the labeller names are
drawn given them. The model is fitted to each, one compilation for all, and the true values are
ranked among the draws.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from page import ROOT, require_block, write_block
from pymc import draw
from pytensor.compile.mode import Mode
from simulated_case import drawn_columns, group_of

from attribution.case.load import bundled_case_folder, load_case
from attribution.case.readonly import ReadOnly
from attribution.channels.claim import ClaimChannel
from attribution.channels.denial import DenialChannel
from attribution.channels.effects import families
from attribution.channels.evidence import case_evidence
from attribution.channels.label import LabelChannel
from attribution.channels.stack import bind_stack
from attribution.evaluate.provenance import describe_code
from attribution.evaluate.ranks import band
from attribution.model.assemble import INCIDENT_WEIGHT, coded_data
from attribution.model.labelled import labelled_incidents
from attribution.model.sampler import (
    CompiledModel,
    SamplerSettings,
    compile_model,
    one_chain,
    sample,
    table_draws,
)
from attribution.model.tables import TABLE, stacked_tables
from attribution.posterior.kernel import log_joint, query_of, total_log_marginal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.channels.base import Channel
    from attribution.channels.stack import Codes

logger = logging.getLogger(__name__)

PAGE = ROOT / "docs" / "performance.md"
COMMAND = "experiments/calibrate.py"
SETTINGS = SamplerSettings(draws=160, tune=250, chains=1, cores=1)
#: Every second draw is ranked: neighbours are not independent.
THIN = 2
LEVEL = 0.01
#: Entries of each table that are ranked, as differences of two actors.
ENTRIES = 6
SEED = 1


@dataclass(frozen=True)
class Plan:
    """The compiled model, what its slots hold, and parameters drawn from its priors.

    Parameters
    ----------
    compiled
        Bound to a dictionary in which everything that may be said is said.
    slots
        First slot of each say channel.
    claimed
        Which incidents are claimed.
    epoch
        Epoch of each incident's day in the claim channel.
    named
        Row of the label channel's table for each incident and actor named.
    tables
        Drawn from the priors, (fits, ...) by name.
    """

    compiled: CompiledModel
    slots: Mapping[str, int]
    claimed: NDArray[np.bool_]
    epoch: NDArray[np.int64]
    named: NDArray[np.int64]
    tables: Mapping[str, NDArray[np.float64]]


def plan_of(fits: int) -> Plan:
    """Bind, compile and draw the true parameters."""
    case = load_case(bundled_case_folder())
    stack, evidence = bind_stack(case), case_evidence(case)
    about = labelled_incidents(stack, stack.encode(evidence))
    voices = evidence.take(about).labels.drop_duplicates("row").sort_values("row")
    case = dictionary(case, voices)
    stack = bind_stack(case)
    told = case_evidence(case).take(about)
    denial = one_of(stack.channels, DenialChannel)
    most = {"claim": 2, "denial": 1 + len(denial.keys), "label": 1}
    widths = tuple(most.get(channel.name, 0) for channel in stack.channels)
    silent = replace(told, statements=told.statements[:0], labels=told.labels[:0])
    codes = stack.encode(silent, widths)
    logger.info("compiling the model of %d incidents", len(codes.code))
    compiled = compile_model(stack, codes)
    says = [channel for channel in stack.channels if channel.role == "say"]
    starts = np.cumsum([codes.act_slots, *(most[channel.name] for channel in says)])
    claim, label = one_of(stack.channels, ClaimChannel), one_of(stack.channels, LabelChannel)
    days = told.incidents["date"].to_numpy()
    claims = told.statements[told.statements["kind"] == "claim"]
    position = {key: code for code, key in enumerate(label.keys)}
    named = [
        [position[(who, kind, word, frozenset({actor.id}))] for actor in label.actors]
        for who, kind, word in zip(
            voices["labeller"], voices["labeller_type"], voices["confidence"], strict=True
        )
    ]
    return Plan(
        compiled,
        {channel.name: int(start) for channel, start in zip(says, starts, strict=False)},
        np.isin(np.arange(len(days)), claims["row"]),
        np.searchsorted(np.array(claim.epochs, dtype="datetime64[us]"), days, "right") - 1,
        np.array(named),
        prior_tables(compiled, fits),
    )


def dictionary(case: Case, voices: pd.DataFrame) -> Case:
    """Let every labeller in use name every actor, so that the model has a level for it."""
    kept = voices.drop_duplicates(["labeller", "labeller_type", "confidence"])
    like = case.labels.iloc[[0]]
    groups = [group_of(actor) for actor in case.config.actors]
    rows = [
        like.assign(
            labeller=who,
            labeller_type=kind,
            confidence=word,
            group_id=group,
            contested="no",
            scope="incident",
            basis="direct",
        )
        for who, kind, word in zip(
            kept["labeller"], kept["labeller_type"], kept["confidence"], strict=True
        )
        for group in groups
    ]
    labels = pd.concat(rows, ignore_index=True)
    return replace(case, tables=ReadOnly({**case.tables, "labels": labels}))


def one_of[Kind: Channel](channels: Sequence[Channel], kind: type[Kind]) -> Kind:
    """Return the channel of a kind."""
    return next(channel for channel in channels if isinstance(channel, kind))


def prior_tables(compiled: CompiledModel, count: int) -> dict[str, NDArray[np.float64]]:
    """Draw parameters from the priors; return the tables that they make."""
    variables = compiled.model.free_RVs
    # Interpreted: compiling would cost more than the draws.
    drawn = draw(variables, draws=max(count, 2), random_seed=SEED, mode=Mode("py", "fast_compile"))
    parameters = one_chain({v.name: each for v, each in zip(variables, drawn, strict=True)})
    return {name: each[0] for name, each in table_draws(compiled, parameters).items()}


def simulate(plan: Plan, number: int) -> Codes:
    """Speak of every incident given the parameters of one fit."""
    rng = np.random.default_rng(SEED + number)
    stack, codes = plan.compiled.stack, plan.compiled.codes
    table = {name: each[number] for name, each in plan.tables.items()}
    groups = families(stack.channels[0].actors)
    stacked = stacked_tables(stack, {n: t[None] for n, t in table.items()}, groups.width)
    prior = np.exp(log_joint(stacked, query_of(codes, groups.of))[0])
    truth = drawn_columns(prior, rng)
    code, weight = codes.code.copy(), codes.weight.copy()

    def put(name: str, slot: int, rows: NDArray[Any], level: NDArray[Any], sign: float) -> None:
        place = plan.slots[name] + slot
        code[rows, place] = stack.offsets[stack.position(name)] + level
        weight[rows, place] = sign

    everyone = np.arange(len(truth))
    denial = table[f"{TABLE}denial"][:, truth]
    put("denial", 0, everyone, np.zeros(len(truth), dtype=int), 1.0)
    spoken = rng.random(denial[1:].shape) < 1 / (1 + np.exp(-denial[1:]))
    for speaker, rows in enumerate(spoken, start=1):
        found = np.flatnonzero(rows)
        put("denial", speaker, found, np.full(len(found), speaker), 1.0)
    claim = one_of(stack.channels, ClaimChannel)
    rows = np.flatnonzero(plan.claimed)
    ready = np.exp(table[f"{TABLE}claim"][: len(claim.names), truth[rows]].T)
    put("claim", 0, rows, drawn_columns(ready * claim.alive[plan.epoch[rows]], rng), 1.0)
    put("claim", 1, rows, len(claim.names) + plan.epoch[rows], -1.0)
    likely = np.exp(table[f"{TABLE}label"][plan.named, truth[:, None]])
    named = plan.named[everyone, drawn_columns(likely, rng)]
    put("label", 0, everyone, named, 1.0)
    return replace(codes, code=code, weight=weight)


def ranks_of(plan: Plan, number: int) -> dict[str, int]:
    """Fit one simulated case; return the rank of every true quantity among the draws."""
    codes = simulate(plan, number)
    told = {**coded_data(codes), INCIDENT_WEIGHT: np.ones(len(codes.code))}
    trace = sample(plan.compiled, SETTINGS, seed=SEED + number, data=told)
    kept = trace["posterior"].to_dataset().isel(draw=slice(THIN - 1, None, THIN))
    drawn = {name: each[0] for name, each in table_draws(plan.compiled, kept).items()}
    truth = {name: each[[number]] for name, each in plan.tables.items()}
    found, true = quantities(plan, codes, drawn), quantities(plan, codes, truth)
    return {name: int((values < true[name][0]).sum()) for name, values in found.items()}


def quantities(
    plan: Plan, codes: Codes, tables: Mapping[str, NDArray[np.float64]]
) -> dict[str, NDArray[np.float64]]:
    """Return what is ranked, (draws,) each: entries of all tables and the log-likelihood."""
    stack = plan.compiled.stack
    groups = families(stack.channels[0].actors)
    found = {}
    for channel in stack.channels:
        table = tables[f"{TABLE}{channel.name}"]
        # Act tables: the large family against another; say tables: two of its members.
        one, other = (groups.actors, groups.actors + 1) if channel.role == "act" else (0, 1)
        rows = np.unique(np.linspace(0, len(channel.levels) - 1, ENTRIES).astype(int))
        for row in rows:
            difference = table[:, row, one] - table[:, row, other]
            if np.ptp(difference) > 0 or len(difference) == 1:
                found[f"{channel.name}: {channel.levels[row]}"] = difference
    stacked = stacked_tables(stack, tables, groups.width)
    found["log-likelihood"] = total_log_marginal(stacked, query_of(codes, groups.of))
    return found


def render(plan: Plan, ranks: Mapping[str, NDArray[np.int64]], took: float) -> str:
    """Say how many quantities leave the band, and how long it took."""
    fits = len(next(iter(ranks.values())))
    limits = band(fits, SETTINGS.draws // THIN + 1, LEVEL / len(ranks))
    outside = [name for name, each in ranks.items() if not limits.holds(each)]
    about = describe_code()
    shown = f": {', '.join(outside)}" if outside else ""
    size = f"{len(plan.compiled.codes.code)} incidents, {plan.compiled.sampler.n_dim:,} parameters"
    return (
        f"Run of {about['date']}: attribution {about['attribution']}; code "
        f"`{about['code_fingerprint'][:16]}`; {os.cpu_count()} cores. {fits} cases ({size}) "
        f"simulated, fitted with {SETTINGS.tune} tuning draws and {SETTINGS.draws} draws, and "
        f"ranked in {took:.0f} s, compiling apart. Of {len(ranks)} quantities {len(outside)} leave "
        f"the simultaneous {100 * (1 - LEVEL):.0f} % band{shown}."
    )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fits", type=int, default=40, help="number of simulated cases")
    parser.add_argument("--write", action="store_true", help="also into docs/performance.md")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    if options.write:
        require_block(PAGE, COMMAND)
    plan = plan_of(options.fits)
    start = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        each = list(pool.map(lambda number: ranks_of(plan, number), range(options.fits)))
    took = time.perf_counter() - start
    common = set.intersection(*(set(one) for one in each))
    ranks = {name: np.array([one[name] for one in each]) for name in each[0] if name in common}
    block = render(plan, ranks, took)
    print(block)
    if options.write:
        write_block(PAGE, block, COMMAND)
    return 0


if __name__ == "__main__":
    sys.exit(main())
