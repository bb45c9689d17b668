import csv
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from attribution.case.load import bundled_case_folder, load_case
from attribution.channels.effects import families
from attribution.channels.evidence import case_evidence
from attribution.evaluate import refit
from attribution.evaluate.splits import kfold
from attribution.evaluate.targets import targets_from_case
from attribution.model.fit import LABEL
from attribution.model.sampler import SamplerSettings


@pytest.fixture(scope="module")
def uncompiled(iraq):
    """The refitter of the bundled case, its model not compiled: for fabricated samplers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            refit,
            "compile_model",
            lambda stack, codes: SimpleNamespace(stack=stack, codes=codes),
        )
        return refit.compile_refitter(iraq)


@pytest.fixture
def sampler(monkeypatch):
    """Replace the sampler: it notes what it was asked for, and every table is empty of content."""
    asked = SimpleNamespace(calls=[])

    def sample(_compiled, _settings, *, seed, weight, incident_weight):
        asked.calls.append((seed, weight, incident_weight))
        return {"posterior": SimpleNamespace(to_dataset=lambda: None)}

    def table_draws(compiled, _posterior):
        groups = families(compiled.stack.channels[0].actors)
        return {
            f"table_{channel.name}": np.full(
                (
                    2,
                    3,
                    len(channel.levels),
                    groups.width if channel.role == "act" else groups.actors,
                ),
                0.0,
            )
            for channel in compiled.stack.channels
        }

    monkeypatch.setattr(refit, "sample", sample)
    monkeypatch.setattr(refit, "table_draws", table_draws)
    return asked


def test_a_refit_hides_all_labels_of_the_fold_and_keeps_everything_else(uncompiled, sampler, iraq):
    fold = kfold(targets_from_case(iraq), 5, seed=0)[2]
    uncompiled.predict(fold, seed=7)
    ((seed, weight, incident_weight),) = sampler.calls
    codes = uncompiled.compiled.codes
    out = np.isin(uncompiled.fitted, fold)
    label = codes.channel == uncompiled.compiled.stack.position(LABEL)
    assert seed == 7
    assert np.sum(out) == len(fold)
    assert np.all(weight[label & out[:, None]] == 0)
    assert np.array_equal(weight[~(label & out[:, None])], codes.weight[~(label & out[:, None])])
    assert np.array_equal(incident_weight, (~out).astype(float))


def test_labels_of_every_scope_are_hidden_not_only_those_that_are_scored(uncompiled, sampler, iraq):
    codes = uncompiled.compiled.codes
    labels = case_evidence(iraq).take(uncompiled.fitted).labels
    ids = iraq.incidents["incident_id"]
    scopes = set()
    for fold in kfold(targets_from_case(iraq), 5, seed=0):
        uncompiled.predict(fold, seed=0)
        weight = sampler.calls[-1][1]
        hidden = labels.loc[codes.piece[(weight == 0) & (codes.weight != 0)]]
        assert set(hidden["incident_id"]) == set(ids.iloc[fold])
        scopes |= set(hidden["scope"])
    assert scopes == {"incident", "series"}


@pytest.mark.usefixtures("sampler")
def test_predictions_look_at_no_label_and_cover_the_whole_case(uncompiled, iraq):
    position = uncompiled.compiled.stack.position(LABEL)
    offsets = uncompiled.compiled.stack.offsets
    used = uncompiled.blind.code[uncompiled.blind.weight != 0]
    assert not np.any((used >= offsets[position]) & (used < offsets[position + 1]))
    p = uncompiled.predict(np.array([], dtype=np.int64), seed=0)
    assert p.shape == (len(iraq.incidents), len(iraq.config.actors))
    # Tables without content: families are equally likely, and so are members of one.
    family = np.asarray(families(iraq.config.actors).of)
    even = 1 / (family.max() + 1) / np.bincount(family)[family]
    assert np.allclose(p, even)


def test_each_test_incident_is_predicted_by_its_own_folds_refit():
    calls = []

    def predict(hidden, seed):
        calls.append((hidden.tolist(), seed))
        return np.full((5, 2), float(len(calls)))

    folds = [np.array([0, 3]), np.array([1])]
    p = refit.cross_validate(SimpleNamespace(predict=predict), folds, seed=40)
    assert calls == [([0, 3], 40), ([1], 41)]
    assert p[:, 0].tolist() == [1.0, 2.0, 1.5, 1.0, 1.5]


def rewrite_labels(folder, ids):
    """Let all labels of some incidents name another group: the next one among those they name."""
    path = folder / "labels.csv"
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        columns, rows = reader.fieldnames, list(reader)
    chosen = [row for row in rows if row["incident_id"] in ids and row["group_id"] != "unknown"]
    groups = sorted({row["group_id"] for row in chosen})
    for row in chosen:
        row["group_id"] = groups[(groups.index(row["group_id"]) + 1) % len(groups)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.slow
def test_hidden_labels_cannot_influence_the_prediction(iraq, tmp_path, monkeypatch):
    """By real sampling; shown to have teeth by the same change left visible."""
    monkeypatch.setattr(refit, "SETTINGS", SamplerSettings(draws=30, tune=60, chains=2))
    fold = kfold(targets_from_case(iraq), 5, seed=0)[0]
    folder = tmp_path / "changed"
    shutil.copytree(bundled_case_folder(), folder)
    rewrite_labels(folder, set(iraq.incidents["incident_id"].iloc[fold]))
    changed = load_case(folder)
    before, after = refit.compile_refitter(iraq), refit.compile_refitter(changed)
    assert np.abs(before.predict(fold, 3) - after.predict(fold, 3)).max() < 1e-9
    nothing = np.array([], dtype=np.int64)
    shift = np.abs(before.predict(nothing, 3) - after.predict(nothing, 3))[fold]
    assert shift.max(axis=1).mean() > 0.02
