"""Questions answered together have the answers that they would have had alone."""

from __future__ import annotations

import random
from itertools import product
from threading import Thread
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from attribution.channels.evidence import case_evidence
from attribution.posterior.kept import Kept
from attribution.posterior.posterior import Posterior, UnknownIncidentError
from attribution.posterior.single import SingleReader
from attribution.posterior.store import bundled_model_folder, load
from attribution.posterior.supposed import Cell, Supposition
from attribution.posterior.what_if import Change, WhatIf, WhatIfQuestion

if TYPE_CHECKING:
    from attribution.posterior.single import SingleIncident

ERBIL = "20210215-erbil-airport"
CHANGES = (
    Change({}),
    Change({"weapon_type": "drone"}),
    Change({"target_type": ""}),
    Change({"country": "Iraq", "province": "Erbil", "place": "Erbil Air Base"}),
    Change({"date": "2020-01-08"}),
    Change({"date": ""}),
    Change({}, claims=[]),
    Change({}, claims=["Saraya Awliya al-Dam", "a name nobody knows"]),
    Change({"weapon_type": "mortar", "date": "2023-11-01"}, claims=["unknown"], keep_labels=False),
    Change({}, keep_labels=False),
)
FAULTY = (
    WhatIfQuestion("no-such-incident", Change({})),
    WhatIfQuestion(ERBIL, Change({"weapon_type": "trebuchet"})),
    WhatIfQuestion(ERBIL, Change({"date": "yesterday"})),
    WhatIfQuestion(ERBIL, Change({}), actor="nobody"),
    WhatIfQuestion(ERBIL, Change({}), actor="isis", against="isis"),
)


@pytest.fixture(scope="module")
def questions(posterior: Posterior) -> list[WhatIfQuestion]:
    """All kinds, those at fault among them, in no order; some are asked twice."""
    names = [None, ERBIL, *posterior.case.incidents["incident_id"][::90]]
    asked = [WhatIfQuestion(name, change) for name, change in product(names, CHANGES)]
    asked += [WhatIfQuestion(ERBIL, CHANGES[1], actor="isis", against="kataib_hezbollah")]
    asked += [*FAULTY, *asked[3:9]]
    random.Random(1).shuffle(asked)
    return asked


def alone(posterior: Posterior, question: WhatIfQuestion) -> WhatIf | Exception:
    (answer,) = posterior.what_if_many([question])
    return answer


def assert_same(found: WhatIf | Exception, expected: WhatIf | Exception) -> None:
    if isinstance(expected, Exception):
        assert (type(found), str(found)) == (type(expected), str(expected))
        return
    assert isinstance(found, WhatIf)
    assert found.changes == expected.changes
    assert found.score_before == expected.score_before
    assert found.explanation.score == expected.explanation.score
    assert found.explanation.evidence == expected.explanation.evidence
    assert found.explanation.actor == expected.explanation.actor


@pytest.mark.parametrize("size", [2, 7, 1000])
def test_answers_together_are_those_alone(questions, size: int) -> None:
    """Bit for bit: what is answered beside a question must not move its last digit."""
    lonely, crowded = load(bundled_model_folder("iraq")), load(bundled_model_folder("iraq"))
    expected = [alone(lonely, question) for question in questions]
    found = []
    for start in range(0, len(questions), size):
        found += crowded.what_if_many(questions[start : start + size])
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert_same(one, other)
    faults = [answer for answer in found if isinstance(answer, Exception)]
    assert len(faults) == len(FAULTY)
    assert sum(isinstance(fault, UnknownIncidentError) for fault in faults) == 1


def test_reading_ahead_changes_no_answer(questions) -> None:
    ahead, behind = load(bundled_model_folder("iraq")), load(bundled_model_folder("iraq"))
    ahead.read_ahead()
    some = questions[:40]
    for one, other in zip(ahead.what_if_many(some), behind.what_if_many(some), strict=True):
        assert_same(one, other)


def test_several_threads_may_ask_at_once(posterior, questions) -> None:
    shared = load(bundled_model_folder("iraq"))
    expected = [alone(posterior, question) for question in questions[:30]]
    found: dict[int, list[WhatIf | Exception]] = {}

    def ask(number: int) -> None:
        found[number] = shared.what_if_many(questions[:30])

    threads = [Thread(target=ask, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for answers in found.values():
        for one, other in zip(answers, expected, strict=True):
            assert_same(one, other)
    assert len(found) == 3


def test_one_question_raises_what_is_wrong_with_it(posterior: Posterior) -> None:
    with pytest.raises(UnknownIncidentError, match="no-such-incident"):
        posterior.what_if("no-such-incident", weapon_type="drone")
    with pytest.raises(ValueError, match="trebuchet"):
        posterior.what_if(ERBIL, weapon_type="trebuchet")


def test_no_question_has_no_answer(posterior: Posterior) -> None:
    assert posterior.what_if_many([]) == []


@pytest.mark.parametrize("row", range(0, 644, 37))
def test_the_answer_is_that_of_the_score_output(posterior: Posterior, row: int) -> None:
    """Added piece by piece or summed at once, it is the same posterior."""
    name = str(posterior.case.incidents["incident_id"].iloc[row])
    found, expected = posterior.explain(name).attribution, posterior.attribute([name])
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_incidents_read_together_are_those_read_alone(posterior: Posterior) -> None:
    """Of several, each has the slots that it has alone, and empty ones where others have more."""
    case, stack = posterior.case, posterior.stack
    rows = [None, 5, 300, *range(600, 640, 8)]
    asked = [Supposition(row) for row in rows]
    asked += [Supposition(row, (Cell("weapon_type", "drone"),), ("new",), False) for row in rows]
    found, codes = SingleReader(case, stack, case_evidence(case)).read_many(asked)
    assert len(codes.code) == len(asked)
    reader = SingleReader(case, stack, case_evidence(case))
    for one, own in zip(asked, found, strict=True):
        expected = reader.read(one)
        assert own.incident_id == expected.incident_id
        assert own.codes.notes == expected.codes.notes
        for name in ("code", "weight", "channel", "piece"):
            np.testing.assert_array_equal(used(own, name), used(expected, name))
        np.testing.assert_array_equal(own.codes.factor, expected.codes.factor)
        assert [piece[:5] for piece in map(parts, own.pieces)] == [
            piece[:5] for piece in map(parts, expected.pieces)
        ]


def used(incident: SingleIncident, name: str) -> np.ndarray:
    return getattr(incident.codes, name)[0][incident.codes.weight[0] != 0]


def parts(piece) -> tuple[str, ...]:
    return (piece.name, piece.channel, piece.text, piece.source_id, piece.date)


def test_what_was_not_asked_for_longest_is_given_up() -> None:
    kept: Kept[str, int] = Kept(2)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1
    kept.put("c", 3)
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (1, None, 3)
