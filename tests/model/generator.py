"""Small cases drawn from the whole model: parameters from the priors, then actors, claims, denials
and labels given them.

Formulas of the likelihood are written out here again, from the modules' docstrings; the draws'
tables are the model's own, so that what is tested is that fitting inverts generating. Where the
model weighs several voices on one incident less than one each (labels n^-0.4, claims n^-1/2) it is
deliberately no generator of data, so every incident here has one label and one claim at the most.
How often a name has claimed (`claim_activity`) is read off the data by the model and held fixed.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr
from pymc import draw
from pytensor.compile.mode import Mode
from small_case import CHANNELS, days, small_case

from attribution.case.case import Case
from attribution.case.readonly import ReadOnly
from attribution.channels.evidence import case_evidence
from attribution.channels.stack import bind_stack
from attribution.model.assemble import INCIDENT_WEIGHT, coded_data
from attribution.model.sampler import CompiledModel, compile_model, table_draws
from attribution.model.tables import stacked_tables

ACTORS = ("alpha", "state", "beta", "gamma")
FAMILY = np.array([0, 1, 0, 0])
BACKED = "backed"
#: A labeller speaks of single actors or of the family, whatever the truth.
SINGLE = {actor: np.eye(4)[k] for k, actor in enumerate(ACTORS)}
FINE = tuple(SINGLE)
COARSE = (BACKED, "state")
SETS = {**SINGLE, BACKED: (FAMILY == 0).astype(float)}
WORDS = ("certain", "likely", "possible")
LABELLERS = (("us", "official"), ("one", "analyst"), ("two", "analyst"))
SPEAKERS = (("alpha", "denial"), ("beta", "denial"), ("gamma", "praise"), ("state", "condemnation"))
NAMES = (
    "alpha",
    "beta",
    "gamma",
    "state",
    "front_a",
    "front_split",
    "front_plain",
    BACKED,
    "newcomer",
)
SITES = {"North": ("Camp", "Hill"), "South": ("Gate",)}

GROUP_ROWS = (
    {"group_id": "alpha", "name": "Alpha", "kind": "militia"},
    {"group_id": "beta", "name": "Beta", "kind": "militia"},
    {"group_id": "gamma", "name": "Gamma", "kind": "militia"},
    {"group_id": "state", "name": "State", "kind": "non_militia_actor"},
    {"group_id": BACKED, "name": "Backed militias", "kind": "umbrella"},
    {"group_id": "front_a", "name": "Front of Alpha"},
    {"group_id": "front_split", "name": "Split front"},
    {"group_id": "front_plain", "name": "Front without links", "sponsor": "IRGC-QF"},
)
TERRITORY = """
[[channels]]
name = "territory"
columns = ["latitude", "longitude", "territory:group_id", "territory:role"]
[channels.options]
kilometres = [20]
roles = { base = 1.0 }
"""
#: Where incidents happen, and ground of two actors near two of the places.
COORDINATES = {"Camp": (36.0, 44.0), "Hill": (36.5, 44.5), "Gate": (31.0, 47.0)}
GROUND = pd.DataFrame(
    {
        "group_id": ["beta", "state"],
        "role": ["base", "base"],
        "place": ["Beta's camp", "Barracks"],
        "name": ["Beta's camp", "Barracks"],
        "latitude": [36.05, 31.1],
        "longitude": [44.05, 47.0],
        "source_id": ["s", "s"],
        "source_ids": ["s", "s"],
        "date": days([None, None]),
    }
)
LINK_ROWS = (
    {"brand_id": "front_a"},
    {"brand_id": "front_split", "group_id": "alpha", "labeller": "one"},
    {"brand_id": "front_split", "group_id": "beta", "labeller": "two"},
)


@dataclass(frozen=True)
class Plan:
    """What does not depend on the parameters: where, when and with what, and who will speak.

    `label` and `claim` say which incidents are labelled (labeller, word, coarse or fine) and
    claimed; `rows` are the incidents' columns.
    """

    rows: tuple[dict[str, str], ...]
    label: tuple[tuple[str, str, str, bool] | None, ...]
    claim: tuple[bool, ...]


def plan_of(count, unlabelled, seed, claimed=0.6):
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2020-01-05")
    rows, label = [], []
    for number in range(count):
        province = str(rng.choice(list(SITES)))
        day = start + pd.Timedelta(days=int(number * 700 / count))
        rows.append(
            {
                "incident_id": f"i{number}",
                "date": f"{day:%Y-%m-%d}",
                "weapon_type": str(rng.choice(["rocket", "mortar", "drone"])),
                "target_type": str(rng.choice(["base", "convoy", "shop"])),
                "province": province,
                "place": str(rng.choice(SITES[province])),
            }
        )
        who, kind = LABELLERS[rng.integers(3)]
        voice = (who, kind, str(rng.choice(WORDS)), bool(rng.random() < 0.3))
        label.append(None if number < unlabelled else voice)
    return Plan(tuple(rows), tuple(label), tuple(rng.random(count) < claimed))


def case_of(plan, statements, labels) -> Case:
    case = small_case(
        channels=[*CHANNELS, TERRITORY],
        incidents=plan.rows,
        statements=statements,
        labels=labels,
        links=LINK_ROWS,
        groups=GROUP_ROWS,
    )
    at = np.array([COORDINATES[row["place"]] for row in plan.rows])
    incidents = case.incidents.assign(latitude=at[:, 0], longitude=at[:, 1])
    tables = {**case.tables, "incidents": incidents, "territory": GROUND}
    return replace(case, tables=ReadOnly(tables))


def dictionary(plan) -> Case:
    """A case in which everything that may be said is said, so that the model has a level for it."""
    ids = [row["incident_id"] for row in plan.rows]
    said = [{"speaker_id": name} for name in NAMES]
    said += [{"speaker_id": who, "kind": kind} for who, kind in SPEAKERS]
    labels = [
        {"labeller": who, "labeller_type": kind, "confidence": word, "group_id": named}
        for who, kind in LABELLERS
        for word in WORDS
        for named in SETS
    ]
    return case_of(
        plan,
        [{"incident_id": ids[0], **row} for row in said],
        [{"incident_id": ids[n % len(ids)], **row} for n, row in enumerate(labels)],
    )


@dataclass(frozen=True)
class Generator:
    """The compiled model with draws from its priors and the tables that they make.

    `parameters` holds one draw a simulation; `tables` the same as tables, (simulations, ...).
    """

    plan: Plan
    compiled: CompiledModel
    widths: tuple[int, ...]
    parameters: xr.Dataset
    tables: dict[str, np.ndarray]

    def simulate(self, number, seed):
        """Speak of every incident given one simulation's parameters: the case, and who did it."""
        rng = np.random.default_rng(seed)
        table = {name: values[number] for name, values in self.tables.items()}
        prior = self.prior(number)
        truth = np.array([rng.choice(4, p=p / p.sum()) for p in prior])
        statements, labels = [], []
        for incident, actor in enumerate(truth):
            name = f"i{incident}"
            told = _said(rng, self._channel("denial"), table["table_denial"][:, actor])
            statements += [{"incident_id": name, "speaker_id": w, "kind": k} for w, k in told]
            if self.plan.claim[incident]:
                speaker = self._claimant(rng, table["table_claim"][:, actor])
                statements.append({"incident_id": name, "speaker_id": speaker})
            voice = self.plan.label[incident]
            if voice is not None:
                who, kind, word, coarse = voice
                named = self._named(rng, table, voice, actor, COARSE if coarse else FINE)
                labels.append(
                    {
                        "incident_id": name,
                        "labeller": who,
                        "labeller_type": kind,
                        "confidence": word,
                        "group_id": named,
                    }
                )
        return case_of(self.plan, statements, labels), truth

    def prior(self, number):
        """Probability of each actor from each incident's columns: (incidents, actors)."""
        stack, codes = self.compiled.stack, self.compiled.codes
        tables = {name: values[[number]] for name, values in self.tables.items()}
        rows = stacked_tables(stack, tables, 6)[0][codes.code[:, : codes.act_slots]]
        rows = rows * codes.weight[:, : codes.act_slots, None]
        measured = codes.factor.shape[1]
        return nested_logit(
            (rows[:, :measured] * codes.factor).sum(axis=1) + rows[:, measured:].sum(axis=1)
        )

    def data(self, case):
        """The simulated case as the compiled model takes it; unlabelled incidents weigh nothing."""
        codes = self.compiled.stack.encode(case_evidence(case), self.widths)
        labelled = np.array([voice is not None for voice in self.plan.label], dtype=float)
        return {**coded_data(codes), INCIDENT_WEIGHT: labelled}

    def _channel(self, name):
        return self.compiled.stack.channels[self.compiled.stack.position(name)]

    def _claimant(self, rng, row):
        """Names in use on every day here: softmax of activity plus leaning."""
        channel = self._channel("claim")
        readiness = np.exp(row[: len(channel.names)])
        chosen = channel.names[rng.choice(len(readiness), p=readiness / readiness.sum())]
        return "newcomer" if chosen.group_id == "(new)" else chosen.group_id

    def _named(self, rng, table, voice, actor, blocks):
        """h [actor in block] + (1 - h) q(block), read back from the label table's rows."""
        who, kind, word, _ = voice
        keys = self._channel("label").keys
        rows = {key[3]: code for code, key in enumerate(keys) if key[:3] == (who, kind, word)}
        actors = [
            frozenset(a for a, inside in zip(ACTORS, SETS[b], strict=True) if inside)
            for b in blocks
        ]
        p = np.exp([table["table_label"][rows[block], actor] for block in actors])
        assert abs(p.sum() - 1) < 1e-9
        return str(rng.choice(blocks, p=p / p.sum()))


def _said(rng, channel, rows):
    """Each speaker speaks with the probability whose logit is its row."""
    for (who, kind, _), logit in zip(channel.keys, rows[1:], strict=True):
        if rng.random() < 1 / (1 + np.exp(-logit)):
            yield who, kind


def nested_logit(scores):
    """(N, K + G) to (N, K); see `attribution.channels.effects`."""
    member, family = np.exp(scores[..., :4]), np.exp(scores[..., 4:])
    family = family / family.sum(axis=-1, keepdims=True)
    within = np.stack([member[..., g == FAMILY].sum(axis=-1) for g in FAMILY], axis=-1)
    return family[..., FAMILY] * member / within


def generator(plan, simulations, seed):
    """Compile the model of a plan once and draw parameters for all simulations."""
    case = dictionary(plan)
    stack, evidence = bind_stack(case), case_evidence(case)
    least = stack.encode(evidence).widths
    at_most = {"claim": 2, "denial": 1 + len(SPEAKERS), "label": 1}
    widths = tuple(
        at_most.get(channel.name, own) for channel, own in zip(stack.channels, least, strict=True)
    )
    silent = stack.encode(case_evidence(case_of(plan, [], [])), widths)
    compiled = compile_model(stack, silent)
    names = [variable.name for variable in compiled.model.free_RVs]
    # Interpreted: compiling would cost more than the draws.
    mode = Mode("py", "fast_compile")
    # At least two: PyMC gives a single draw no axis of its own.
    count = max(simulations, 2)
    drawn = draw(compiled.model.free_RVs, draws=count, random_seed=seed, mode=mode)
    parameters = xr.Dataset(
        {
            name: (("chain", "draw", *(f"{name}_{n}" for n in range(each.ndim - 1))), each[None])
            for name, each in zip(names, drawn, strict=True)
        }
    )
    tables = {name: each[0] for name, each in table_draws(compiled, parameters).items()}
    return Generator(plan, compiled, widths, parameters, tables)
