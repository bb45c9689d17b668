"""Saved pages in a real browser: drawn offline, no complaint, nothing asked of the net."""

from pathlib import Path

import pytest
from browser import chromium

from attribution.posterior.posterior import Posterior

pytestmark = pytest.mark.slow

ERBIL = "20210215-erbil-airport"


@pytest.fixture(scope="module")
def browser():
    with chromium() as launched:
        yield launched


@pytest.mark.parametrize(
    "name",
    ["waterfall", "history", "over_time", "map", "brands", "brand_drift", "labellers"],
)
def test_a_saved_page_is_drawn_without_the_net(
    bundled: Posterior, browser, name: str, tmp_path: Path
) -> None:
    drawn = {
        "waterfall": lambda: bundled.explain(ERBIL).plot(),
        "history": lambda: bundled.pictures.history(ERBIL),
        "brand_drift": lambda: bundled.pictures.brand_drift("ashab_al_kahf"),
    }.get(name) or getattr(bundled.pictures, name)
    path = tmp_path / "a.html"
    drawn().save(path)
    said, asked = [], []
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_selector("#chart svg.marks", timeout=60_000)
    marks = page.locator("#chart svg.marks path").count()
    assert marks > 20
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "blob:", "data:"))] == []
    page.close()
