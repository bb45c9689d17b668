"""Whatever the OpenAPI document allows, and much that it does not: never a fault of the desk."""

import warnings

import pytest
from desk_client import BASE, client_of
from fake_posterior import FakePosterior
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis

FEW, MANY = 8, 350


def cases_of(app):
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers={"host": "127.0.0.1"})
    return [result.ok() for result in schema.get_all_operations()]


def check(client, case):
    """Send a case with the client, so that it passes the guard as everything does."""
    arguments = case.as_transport_kwargs(base_url=BASE)
    arguments.pop("cookies", None)
    answer = client.request(**arguments)
    assert answer.status_code < 500, f"{arguments}: {answer.status_code} {answer.text[:300]}"
    return answer


def run(client, most):
    tried = 0
    for operation in cases_of(client.app):

        @seeded(20)
        @settings(
            max_examples=most,
            deadline=None,
            database=None,
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case):
            nonlocal tried
            tried += 1
            answer = check(client, case)
            document = client.app.openapi()["paths"][case.path][case.method.lower()]
            allowed = set(document["responses"]) | {"405"}
            assert str(answer.status_code) in allowed
            assert answer.headers["content-type"].startswith("application/json")
            assert answer.json() is not None

        ask()
    return tried


def test_a_few_cases_of_every_endpoint(iraq):
    with client_of(FakePosterior(iraq)) as client:
        assert run(client, FEW) >= 7


@pytest.mark.slow
def test_two_thousand_cases(bundled):
    with client_of(bundled) as client:
        assert run(client, MANY) >= 2000
