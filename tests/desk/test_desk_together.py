"""Questions that wait together are answered together; nobody is kept waiting for company."""

import asyncio
import json

import httpx
import pytest
from desk_client import BASE, ERBIL

from attribution.desk.app import create_app
from attribution.desk.together import MOST, Together


class Asked:
    """Answers with the question's square, and remembers who was asked together."""

    def __init__(self, spoiling=()):
        self.batches = []
        self.spoiling = set(spoiling)

    def __call__(self, questions):
        self.batches.append(list(questions))
        if self.spoiling & set(questions):
            raise RuntimeError("spoilt")
        return [ValueError(f"{q} is negative") if q < 0 else q * q for q in questions]


async def all_of(together, questions):
    return await asyncio.gather(*map(together.ask, questions), return_exceptions=True)


def test_those_who_wait_are_answered_at_once_and_in_order():
    asked = Asked()
    assert asyncio.run(all_of(Together(asked), range(10))) == [q * q for q in range(10)]
    assert asked.batches == [list(range(10))]


def test_one_alone_is_answered_alone():
    asked = Asked()
    together = Together(asked)

    async def one_after_the_other():
        return [await together.ask(question) for question in range(4)]

    assert asyncio.run(one_after_the_other()) == [0, 1, 4, 9]
    assert asked.batches == [[0], [1], [2], [3]]


def test_so_many_at_once_and_no_more():
    asked = Asked()
    count = 2 * MOST + 3
    assert asyncio.run(all_of(Together(asked), range(count))) == [q * q for q in range(count)]
    assert [len(batch) for batch in asked.batches] == [MOST, MOST, 3]


def test_a_question_at_fault_spoils_no_other():
    found = asyncio.run(all_of(Together(Asked()), [1, -2, 3]))
    assert found[0] == 1
    assert found[2] == 9
    assert str(found[1]) == "-2 is negative"


def test_where_all_fail_together_each_gets_its_own(caplog):
    asked = Asked(spoiling=[2])
    found = asyncio.run(all_of(Together(asked), [1, 2, 3]))
    assert found[0] == 1
    assert found[2] == 9
    assert isinstance(found[1], RuntimeError)
    assert asked.batches == [[1, 2, 3], [1], [2], [3]]
    assert "could not be answered together" in caplog.text


def test_who_goes_away_takes_nobody_along():
    asked = Asked()
    together = Together(asked)

    async def impatient():
        asking = [asyncio.create_task(together.ask(question)) for question in range(3)]
        await asyncio.sleep(0)
        asking[1].cancel()
        return await asyncio.gather(*asking, return_exceptions=True)

    found = asyncio.run(impatient())
    assert (found[0], found[2]) == (0, 4)
    assert isinstance(found[1], asyncio.CancelledError)


QUESTIONS = [
    {"incident_id": ERBIL, "columns": {"weapon_type": "drone"}},
    {"incident_id": ERBIL, "columns": {"date": "2020-03-01"}, "claims": []},
    {"incident_id": ERBIL, "columns": {"weapon_type": "trebuchet"}},
    {"incident_id": "no-such-incident"},
    {"columns": {"country": "Iraq", "province": "Baghdad"}, "actor": "isis"},
    {"incident_id": ERBIL, "columns": {}, "keep_labels": False, "against": "isis"},
    {"incident_id": ERBIL, "columns": {}, "actor": "isis", "against": "isis"},
    {"incident_id": ERBIL, "claims": ["new", "Saraya Awliya al-Dam"]},
    {"incident_id": ERBIL, "colour": "red"},
]


@pytest.fixture(scope="module")
def app(bundled):
    return create_app(bundled)


def answers(app, *, at_once):
    async def ask():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            asking = [client.post("/api/what-if", json=each) for each in 3 * QUESTIONS]
            if at_once:
                found = await asyncio.gather(*asking)
            else:
                found = [await one for one in asking]
        return [(answer.status_code, answer.text) for answer in found]

    return asyncio.run(ask())


def test_requests_at_once_have_the_answers_they_would_have_alone(app):
    found, expected = answers(app, at_once=True), answers(app, at_once=False)
    assert found == expected
    assert [status for status, _ in found[: len(QUESTIONS)]] == [
        200,
        200,
        422,
        404,
        200,
        200,
        422,
        200,
        422,
    ]
    assert json.loads(found[2][1])["faults"][0]["where"] == "weapon_type"
