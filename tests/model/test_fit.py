"""What a fit is made of, without sampling."""

import logging
import time
from types import SimpleNamespace

import numpy as np
import pytest
from random_tables import draw_tables, small_draws
from small_case import DENIAL, LABEL, WEAPON, small_case

from attribution.channels.evidence import case_evidence
from attribution.channels.stack import bind_stack
from attribution.model.fit import (
    NothingToLearnError,
    fit_draws,
    labelled_incidents,
    thin,
)
from attribution.model.progress import LINE_EVERY, LogProgress, TerminalProgress, choose_progress
from attribution.model.tables import axis_names


def test_a_case_without_labels_has_nothing_to_teach():
    with pytest.raises(NothingToLearnError, match="no incident of the case carries a label"):
        fit_draws(small_case(labels=[]))
    silent = [{"incident_id": "i1", "group_id": "unknown"}, {"incident_id": "i2", "basis": "brand"}]
    with pytest.raises(NothingToLearnError):
        fit_draws(small_case(labels=silent))


def test_only_incidents_with_a_label_that_counts_are_fitted():
    labels = [
        {"incident_id": "i1"},
        {"incident_id": "i3", "group_id": "unknown"},
        {"incident_id": "i4", "group_id": "beta"},
        {"incident_id": "i5", "basis": "brand"},
    ]
    case = small_case(labels=labels)
    stack = bind_stack(case)
    assert labelled_incidents(stack, stack.encode(case_evidence(case))).tolist() == [1, 4]


def test_a_case_without_a_label_channel_cannot_be_fitted():
    with pytest.raises(LookupError, match="no channel 'label'"):
        fit_draws(small_case(channels=[WEAPON]))


def test_a_case_in_which_nobody_denies_has_tables_too():
    case = small_case(channels=[DENIAL, LABEL], statements=[])
    stack = bind_stack(case)
    drawn = draw_tables(stack, stack.encode(case_evidence(case)), 1, 2, seed=1)
    np.testing.assert_array_equal(drawn.table("denial"), 0.0)


def test_thinned_draws_are_evenly_spaced_and_as_many_as_wanted():
    values = np.arange(20.0).reshape(4, 5, 1)
    np.testing.assert_array_equal(thin(values, 20), np.arange(20.0)[:, None])
    assert thin(values, 7).shape == (7, 1)
    kept = thin(values, 5)[:, 0]
    assert kept[0] == 0
    assert kept[-1] == 19
    assert np.ptp(np.diff(kept)) <= 1


def test_every_axis_of_every_variable_has_names():
    drawn = small_draws()
    names = axis_names(drawn.compiled.stack)
    assert names.keys() == drawn.tables.keys()
    for variable, values in drawn.tables.items():
        assert values.shape[2:] == tuple(len(axis) for axis in names[variable])


def chains(done):
    return [
        SimpleNamespace(finished_draws=done, total_draws=100, divergences=1, tuning=False)
        for _ in range(2)
    ]


def test_progress_is_a_line_now_and_then_where_nobody_watches(caplog, monkeypatch):
    with caplog.at_level(logging.INFO), choose_progress(show=False) as shown:
        assert isinstance(shown, LogProgress)
        shown(chains(10))
        assert caplog.messages == []
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now + LINE_EVERY + 1)
        shown(chains(40))
        shown(chains(41))
    assert caplog.messages == ["sampling: 80 of 200 draws, 2 divergences"]


def test_progress_is_a_bar_where_it_is_wanted(capsys):
    with choose_progress(show=True) as shown:
        assert isinstance(shown, TerminalProgress)
        shown(chains(50))
    assert capsys.readouterr().out == ""
