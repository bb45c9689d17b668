"""The desk in a real browser, from its start on the command line to its end."""

import csv
import json
import signal
import urllib.request

import browser
import pytest
from desk_client import ERBIL
from desk_server import desk_process

from attribution.model.words import percent
from attribution.posterior.store import bundled_model_folder, load

pytestmark = pytest.mark.slow

WIDTHS = (400, 1600)
BAD_ROWS = (
    "incident_id,date,weapon_type,country,claims\n"
    "first,2021-02-15,rocket,Iraq,Saraya Awliya al-Dam\n"
    "second,yesterday,rocket,Iraq,\n"
    "=third,2022-03-01,drone,Iraq,\n"
)


@pytest.fixture(scope="module")
def desk():
    with desk_process() as started:
        yield started


@pytest.fixture(scope="module")
def chromium():
    with browser.chromium() as opened:
        yield opened


@pytest.fixture
def page(desk, chromium):
    """A page that allows no message in its console and no request off the machine."""
    address, _, _ = desk
    context = chromium.new_context(accept_downloads=True, viewport={"width": 1600, "height": 1000})
    opened = context.new_page()
    told, elsewhere = [], []
    opened.on("console", lambda message: told.append(message.text))
    opened.on("pageerror", lambda error: told.append(str(error)))
    opened.on(
        "request",
        lambda request: (
            None if request.url.startswith((address, "data:")) else elsewhere.append(request.url)
        ),
    )
    yield opened
    context.close()
    assert told == []
    assert elsewhere == []


def asked(address, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        address + path, data=data, headers={"content-type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def test_search_open_and_suppose(page, desk):
    address, _, _ = desk
    posterior = load(bundled_model_folder("iraq"))
    page.goto(address)
    assert page.url == f"{address}/incidents"
    page.fill("#q", "erbil airport 2021 saraya")
    # The policy forbids what evaluates texts, so that the page is watched from outside.
    page.wait_for_url("**q=erbil**")
    assert page.locator("#results tbody tr").count() < 10
    assert "q=erbil%20airport%202021%20saraya" in page.url
    page.click(f'a[href="/incidents/{ERBIL}"]')
    page.wait_for_selector("h1")
    first = page.locator(".chances tbody tr").first
    explanation = posterior.explain(ERBIL)
    told = asked(address, f"/api/incidents/{ERBIL}")["incident"]["chances"][0]
    assert told["actor"] == explanation.actor == first.get_attribute("data-actor")
    assert told["p"] == explanation.probability == float(first.get_attribute("data-p"))
    assert first.locator(".strong").inner_text() == percent(explanation.probability)

    # Another claim, and the figures of the page follow without a visit.
    page.fill("#field-claim-1", "ashab_al_kahf")
    page.press("#field-claim-1", "Tab")
    page.wait_for_selector("#answer .chances")
    supposed = posterior.what_if(ERBIL, claims=["ashab_al_kahf"])
    asked_of = {"incident_id": ERBIL, "claims": ["ashab_al_kahf"]}
    told = asked(address, "/api/what-if", asked_of)["incident"]["chances"][0]
    shown = page.locator("#answer .chances tbody tr").first
    assert told["p"] == supposed.explanation.probability == float(shown.get_attribute("data-p"))
    assert told["actor"] == shown.get_attribute("data-actor")
    assert shown.locator(".strong").inner_text() == percent(told["p"])
    assert percent(told["p"]) in page.locator("#status").inner_text()
    # The address holds the question: opened again, it gives the same answer.
    page.reload()
    again = page.locator("#answer .chances tbody tr").first
    assert float(again.get_attribute("data-p")) == told["p"]


def test_a_file_with_bad_rows_comes_back(page, desk, tmp_path):
    address, _, _ = desk
    path = tmp_path / "mine.csv"
    path.write_text(BAD_ROWS, encoding="utf-8")
    page.goto(f"{address}/score")
    page.set_input_files("#file", path)
    page.click("button[type=submit]")
    page.wait_for_selector("#counts")
    assert page.locator("#counts").inner_text().startswith("3 rows: ")
    assert "1 rejected" in page.locator("#counts").inner_text()
    assert "date 'yesterday' is not a day" in page.locator("#rejected ~ .wide").inner_text()
    with page.expect_download() as waiting:
        page.click("#download")
    rows = list(csv.DictReader(waiting.value.path().read_text(encoding="utf-8").splitlines()))
    assert [row["incident_id"] for row in rows] == ["first", "second", "'=third"]
    assert rows[1]["status"].startswith("rejected: ")
    body = {"incidents": [{"incident_id": "first", "date": "2021-02-15", "weapon_type": "rocket",
                           "country": "Iraq", "claims": ["Saraya Awliya al-Dam"]}]}  # fmt: skip
    expected = asked(address, "/api/attribute", body)["attributions"][0]
    assert float(rows[0]["top_p"]) == pytest.approx(expected["top_p"], abs=1e-9)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "path",
    [
        "/incidents?q=erbil&weapon_type=rocket",
        f"/incidents/{ERBIL}",
        f"/incidents/{ERBIL}/what-if?weapon_type=drone&labels=hidden",
        f"/incidents/{ERBIL}/as-of?first=2021-02-24&second=2021-03-20",
        "/shares?by=year",
        "/brands",
        "/brands/saraya_awliya_al_dam",
        "/labellers",
        "/score",
        "/api",
        "/pictures",
        "/pictures/labellers",
    ],
)
def test_pages_fit_their_width(page, desk, tmp_path, path, width):
    address, _, _ = desk
    page.set_viewport_size({"width": width, "height": 1000})
    page.goto(address + path)
    page.wait_for_load_state("networkidle")
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # For whoever wants to look: pytest keeps the folder of the last runs.
    page.screenshot(path=tmp_path / "page.png", full_page=True)


def test_the_keyboard_reaches_the_content(page, desk):
    address, _, _ = desk
    page.goto(f"{address}/incidents")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    unlabelled = page.evaluate(
        "[...document.querySelectorAll('input:not([type=hidden]), select')]"
        ".filter(field => !field.labels.length).length"
    )
    assert unlabelled == 0


def test_it_works_without_scripts(desk, chromium):
    address, _, _ = desk
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/incidents/{ERBIL}")
    page.select_option("#field-weapon_type", "drone")
    page.click("#suppose ~ form button")
    assert "weapon_type rocket -> drone" in page.locator("#answer").inner_text()
    context.close()


def test_ctrl_c_closes_it():
    with desk_process() as (address, process, log):
        assert asked(address, "/api/labellers")["labellers"]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
        text = log.read_text()
    assert "The desk is closed." in text
    assert "Traceback" not in text
