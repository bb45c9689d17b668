"""A real browser for tests: Debian's chromium, without a net."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Watched:
    """A page, and what went wrong on it."""

    page: Page
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser; where there is none the test fails."""
    from playwright.sync_api import sync_playwright

    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    assert found is not None, f"none of {', '.join(NAMES)} is installed"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


def watched(browser: Browser, width: int, height: int = 1000) -> Watched:
    """Open an empty page, cut off from any net, that keeps its errors and requests."""
    context = browser.new_context(viewport={"width": width, "height": height}, offline=True)
    seen = Watched(context.new_page())
    seen.page.on("console", lambda said: _keep(seen, said.type, said.text))
    seen.page.on("pageerror", lambda error: seen.faults.append(str(error)))
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    return seen


def _keep(seen: Watched, kind: str, text: str) -> None:
    if kind in {"error", "warning"}:
        seen.faults.append(f"{kind}: {text}")
