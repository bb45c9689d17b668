"""Pages from templates; everything in them is escaped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from attribution import __version__
from attribution.channels.base import spoken_word
from attribution.desk.drawings import drawing
from attribution.desk.pictures import cell
from attribution.model.words import interval, percent
from attribution.report.tables import decimal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from attribution.desk.state import Desk

HERE = Path(__file__).parent


def link(url: str) -> str:
    """Return an address that may be linked to, "" for any other text.

    Parameters
    ----------
    url
        What stands in a table of sources.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in {"http", "https"} and parts.hostname else ""


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "decimal": decimal,
        "cell": cell,
        "drawing": drawing,
        "link": link,
        "spoken": spoken_word,
        "by_actor": lambda chances: {chance.actor: chance.p for chance in chances},
        "segment": lambda text: quote(str(text), safe=""),
    }
    environment.globals |= {"interval": interval, "version": __version__}
    return environment


_ENVIRONMENT = _environment()


def page(
    template: str, desk: Desk, content: Mapping[str, object], status: int = 200
) -> HTMLResponse:
    """Render a page.

    Parameters
    ----------
    template
        Name of the template.
    desk
        The desk, for what every page shows.
    content
        What this one shows.
    status
        HTTP status.
    """
    posterior = desk.posterior
    common = {
        "case_title": posterior.case.config.title,
        "facts": desk.facts,
        "actor_names": posterior.actor_names,
        "has_token": bool(desk.policy.token),
    }
    text = _ENVIRONMENT.get_template(template).render(**common, **content)
    return HTMLResponse(text, status)
