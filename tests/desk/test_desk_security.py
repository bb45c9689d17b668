"""Who is let in, what every answer forbids, and what hostile text becomes."""

import re

import pytest
from desk_client import BASE, ENDPOINTS, ERBIL, HOSTILE, PAGES, client_of
from fake_posterior import FakePosterior

from attribution.desk.security import Policy, host_name, is_loopback

TOKEN = "a-token-of-some-length"


@pytest.fixture
def locked(iraq):
    with client_of(FakePosterior(iraq), Policy(token=TOKEN)) as opened:
        yield opened


@pytest.mark.parametrize(
    "path", [*PAGES, *ENDPOINTS, "/openapi.json", "/static/desk.css", "/nothing"]
)
def test_every_answer_forbids_what_no_page_needs(client, path):
    headers = client.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "server" not in headers


@pytest.mark.parametrize("path", PAGES)
def test_no_page_needs_what_the_policy_forbids(client, path):
    text = client.get(path).text
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=", text)
    assert "javascript:" not in text
    assert all("src=" in tag for tag in re.findall(r"<script\b[^>]*>", text))
    assert "<style" not in text
    # Only links lead elsewhere; nothing is loaded from there.
    loaded = re.findall(
        r"<(?:script|img|link|iframe|object|form)\b[^>]*(?:src|href|action)=\"([^\"]*)", text
    )
    assert loaded
    assert all(address.startswith(("/", "data:,")) for address in loaded), loaded


@pytest.mark.parametrize("path", PAGES)
def test_hostile_text_stays_text(hostile, path):
    text = hostile.get(path).text
    assert "alert(" not in text or "&lt;script&gt;alert(" in text
    assert "<script>alert" not in text
    # Nor does it end an attribute.
    assert '</script>"' not in text


def test_a_source_is_linked_only_if_it_is_on_the_web(hostile, client):
    assert 'href="https://' in client.get(f"/incidents/{ERBIL}").text
    assert 'rel="noreferrer noopener"' not in hostile.get(f"/incidents/{ERBIL}").text


@pytest.mark.parametrize("name", ["q", "start", "weapon_type", "sort", "page", "brand"])
def test_hostile_filters_are_told_and_stay_text(client, name):
    answer = client.get("/incidents", params={name: HOSTILE})
    assert answer.status_code == (200 if name == "q" else 422)
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "10.0.0.1",
        "",
        "[",
        "[::",
    ],
)
def test_a_name_that_is_not_meant_is_refused(client, host):
    answer = client.get("/incidents", headers={"host": host})
    assert answer.status_code == 421
    assert "erbil" not in answer.text.casefold()


@pytest.mark.parametrize(
    "host", ["127.0.0.1:1", "localhost", "LOCALHOST:8321", "[::1]:80", "127.0.0.2"]
)
def test_loopback_names_are_meant(client, host):
    assert client.get("/score", headers={"host": host}).status_code == 200


def test_other_hosts_are_meant_if_named():
    assert Policy(hosts=("desk.example",)).is_meant("desk.example:80")
    assert not Policy(hosts=("desk.example",)).is_meant("other.example")
    assert Policy(addresses=True).is_meant("192.168.1.5:80")
    assert not Policy(addresses=True).is_meant("evil.example")
    assert host_name("[::1]:80") == "::1"
    assert is_loopback("127.0.0.1")
    assert is_loopback("localhost")
    assert not is_loopback("0.0.0.0")
    assert not is_loopback("desk.example")


CROSS = (
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:9"},
    {"origin": "https://127.0.0.1:8321"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
)


@pytest.mark.parametrize("headers", CROSS)
@pytest.mark.parametrize("path", ["/score", "/login", "/api/what-if", "/api/attribute"])
def test_no_other_site_can_post(client, path, headers):
    answer = client.post(path, headers=headers, json={"incident_id": ERBIL})
    assert answer.status_code == 403


def test_the_desk_and_programs_can_post(client):
    for headers in ({}, {"origin": BASE, "sec-fetch-site": "same-origin"}):
        answer = client.post("/api/what-if", headers=headers, json={"incident_id": ERBIL})
        assert answer.status_code == 200


def test_another_site_may_link_here_and_nothing_more(client):
    cross = {"sec-fetch-site": "cross-site"}
    assert client.get("/score", headers=cross | {"sec-fetch-mode": "navigate"}).status_code == 200
    assert (
        client.get("/api/incidents", headers=cross | {"sec-fetch-mode": "no-cors"}).status_code
        == 403
    )


@pytest.mark.parametrize("path", [*PAGES, *ENDPOINTS, "/score", "/api/what-if", "/login"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_nothing_else_is_done(client, path, method):
    assert client.request(method, path).status_code == 405


def test_without_the_token_nothing_is_told(locked):
    for path in (*ENDPOINTS, "/openapi.json"):
        answer = locked.get(path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    for path in PAGES:
        answer = locked.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert locked.post("/api/what-if", json={}).status_code == 401
    assert locked.post("/score", files={"file": ("a.csv", b"date\n")}).status_code == 303
    assert locked.get("/static/desk.css").status_code == 200


def test_the_token_in_a_header_opens(locked):
    for word, status in ((TOKEN, 200), (TOKEN[:-1], 401), ("", 401), ("é", 401)):
        header = f"Bearer {word}".encode()
        assert locked.get("/api/labellers", headers={"authorization": header}).status_code == status
    # Nor may it stand in an address, which is logged and remembered.
    assert locked.get("/api/labellers", params={"token": TOKEN}).status_code == 401


def test_the_token_in_the_form_opens_by_a_cookie_that_does_not_hold_it(locked):
    wrong = locked.post("/login", data={"token": "wrong"})
    assert wrong.status_code == 401
    assert "set-cookie" not in wrong.headers
    right = locked.post("/login", data={"token": TOKEN})
    cookie = right.headers["set-cookie"]
    assert right.headers["location"] == "/"
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in cookie
    assert locked.get("/incidents").status_code == 200
    locked.cookies.clear()
    assert locked.get("/incidents").status_code == 303
    other = locked.get("/incidents", headers={"cookie": f"desk={'0' * 64}"})
    assert other.status_code == 303


def test_large_requests_are_stopped(client):
    declared = client.post("/api/what-if", content=b" " * (2**21 + 1))
    assert declared.status_code == 413
    assert "too large" in declared.json()["message"]

    def pieces():
        for _ in range(40):
            yield b" " * 2**16

    assert client.post("/api/what-if", content=pieces()).status_code == 413
