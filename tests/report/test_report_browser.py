"""The report of the whole bundled case, and a printed note, in a real browser without a net."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from browser import Watched, chromium, watched

from attribution.model.words import percent, signed
from attribution.posterior.store import bundled_model_folder, load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from attribution.posterior.posterior import Posterior

pytestmark = pytest.mark.slow

ERBIL = "20210215-erbil-airport"
LARGEST = 6_000_000
WIDTHS = (400, 1600)


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return load(bundled_model_folder())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the report and a note as users do."""
    made = tmp_path_factory.mktemp("report")
    command = [sys.executable, "-m", "attribution.cli", "report", str(bundled_model_folder())]
    for options in (["-o", "report.html"], ["-o", "note.html", "--incident", ERBIL]):
        subprocess.run([*command, *options], cwd=made, check=True, timeout=1200)
    assert {path.name for path in made.iterdir()} == {"report.html", "note.html"}
    return made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(params=WIDTHS)
def seen(request: pytest.FixtureRequest, browser: Browser, folder: Path) -> Iterator[Watched]:
    """Open the report at one width; whatever a test does, nothing may go wrong on the page."""
    opened = watched(browser, request.param)
    opened.page.goto((folder / "report.html").as_uri())
    yield opened
    assert opened.faults == []
    assert {url.partition(":")[0] for url in opened.requests} == {"file"}
    assert len(opened.requests) == 1
    opened.page.context.close()


def shown(seen: Watched) -> list[str]:
    """Identifiers of the incidents in the table, from above."""
    return seen.page.eval_on_selector_all(
        "#incident-table > tbody > tr:not(.opened):not([hidden]) .id",
        "found => found.map(each => each.textContent)",
    )


def test_it_is_one_small_file_with_the_numbers_of_attribute(
    folder: Path, posterior: Posterior
) -> None:
    path = folder / "report.html"
    assert path.stat().st_size < LARGEST
    text = path.read_text(encoding="utf-8")
    (found,) = re.findall(r'id="report-data">(.*?)</script>', text)
    data = json.loads(found)
    expected = posterior.attribute()
    assert [each["id"] for each in data["incidents"]] == list(expected["incident_id"])
    assert all("pieces" in each for each in data["incidents"])
    for prefix in ("p", "lo", "hi"):
        columns = [f"{prefix}_{actor}" for actor in posterior.actors]
        assert [each[prefix] for each in data["incidents"]] == expected[columns].values.tolist()


def test_charts_are_drawn_and_nothing_overflows(seen: Watched) -> None:
    page = seen.page
    for key in ("time", "map", "brands", "labellers", "preferences"):
        drawn = page.wait_for_selector(f"#chart-{key} svg", state="attached")
        assert drawn is not None
        assert len(drawn.query_selector_all("path")) > 5, key
    width = page.evaluate("document.documentElement.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # Every chart has its text, and what scrolls can be reached with the keyboard.
    assert len(page.query_selector_all("figure.drawn figcaption")) == 5
    for region in page.query_selector_all(".scroll"):
        assert region.get_attribute("tabindex") == "0"
        assert region.get_attribute("aria-label")


def test_search_finds_what_the_evidence_says(seen: Watched, posterior: Posterior) -> None:
    page = seen.page
    assert len(shown(seen)) == 60
    page.fill("#search", "awliya al-dam ERBIL airport")
    found = shown(seen)
    assert ERBIL in found
    assert page.text_content("#found") == f"{len(found)} of 644 incidents"
    page.fill("#search", "no such words anywhere")
    assert shown(seen) == []
    assert page.is_visible("#nothing")
    page.fill("#search", "")
    page.select_option("#actor", "isis")
    answers = posterior.attribute()
    assert shown(seen) == list(answers.loc[answers["top_actor"] == "isis", "incident_id"])


def test_the_table_sorts(seen: Watched, posterior: Posterior) -> None:
    page = seen.page
    page.click("#more")
    answers = posterior.attribute()
    by_p = answers.sort_values("top_p", ascending=False, kind="stable")["incident_id"]
    page.click("th[data-sort=p] button")
    assert shown(seen) == list(by_p)
    assert page.get_attribute("th[data-sort=p]", "aria-sort") == "descending"
    page.click("th[data-sort=p] button")
    assert page.get_attribute("th[data-sort=p]", "aria-sort") == "ascending"
    assert answers.set_index("incident_id").loc[shown(seen)[0], "top_p"] == answers["top_p"].min()


def test_an_incident_opens_by_keyboard_with_its_waterfall(
    seen: Watched, posterior: Posterior
) -> None:
    page = seen.page
    page.fill("#search", ERBIL)
    button = page.query_selector("#incident-table button.open:visible")
    assert button is not None
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    panel = page.wait_for_selector(".panel")
    assert panel is not None
    row = posterior.attribute([ERBIL]).iloc[0]
    first = panel.query_selector(".chances tbody tr")
    assert first is not None
    assert posterior.actor_names[row["top_actor"]] in (first.text_content() or "")
    assert (first.query_selector(".strong").text_content()) == percent(row["top_p"])
    table = posterior.explain(ERBIL).table
    written = [each.text_content() for each in panel.query_selector_all(".evidence .strong")]
    assert written == [signed(value) for value in table["decibans"]]
    # Bars are as wide as they are heavy.
    widths = [each.bounding_box()["width"] for each in panel.query_selector_all(".evidence .bar")]
    heaviest = table["decibans"][:-1].abs().idxmax()
    assert max(range(len(table) - 1), key=lambda at: widths[at]) == heaviest
    links = [each.get_attribute("href") for each in panel.query_selector_all(".sources a")]
    assert links
    assert all(re.match("https?://", str(link)) for link in links)
    page.keyboard.press("Enter")
    assert page.query_selector(".panel") is None


def test_an_address_opens_its_incident(browser: Browser, folder: Path) -> None:
    seen = watched(browser, 1000)
    seen.page.goto(f"{(folder / 'report.html').as_uri()}#incident={ERBIL}")
    seen.page.wait_for_selector(".panel")
    assert seen.page.evaluate("document.activeElement.textContent") == ERBIL
    seen.page.goto(f"{(folder / 'report.html').as_uri()}#incident=%zz")
    assert seen.faults == []
    seen.page.context.close()


def test_without_scripts_it_can_be_read(browser: Browser, folder: Path) -> None:
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto((folder / "report.html").as_uri())
    assert page.is_visible("text=Rocket attacks on US and coalition targets in Iraq")
    assert page.locator("#incident-table tbody tr").count() == 644
    assert not page.is_visible("#filters")
    context.close()


def test_a_note_prints_on_two_pages(browser: Browser, folder: Path) -> None:
    seen = watched(browser, 400)
    seen.page.goto((folder / "note.html").as_uri())
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 400
    printed = seen.page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 2
    assert seen.faults == []
    seen.page.context.close()
