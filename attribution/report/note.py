"""A note on one incident, to be printed and handed on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attribution.pictures.picture import PAGE, PictureError
from attribution.report.contents import featured_view
from attribution.report.methods import fit_facts

if TYPE_CHECKING:
    from attribution.pictures.picture import Picture
    from attribution.posterior.posterior import Posterior
    from attribution.report.incident import IncidentView


@dataclass(frozen=True)
class Drawing:
    """A picture drawn into the page: its title, what it says, and ``<svg>``."""

    title: str
    text: str
    svg: str


@dataclass(frozen=True)
class Note:
    """What a note says.

    Attributes
    ----------
    case
        Title of the case.
    view
        The incident, explained.
    drawings
        Waterfall and history.
    passed
        Whether the fit passed its diagnostics.
    facts
        What identifies the fit.
    """

    case: str
    view: IncidentView
    drawings: tuple[Drawing, ...]
    passed: bool
    facts: tuple[tuple[str, str], ...]


def note_on(posterior: Posterior, incident_id: str, *, drawn: bool = True) -> Note:
    """Gather what a note says of an incident.

    Parameters
    ----------
    posterior
        The model.
    incident_id
        An incident of its case.
    drawn
        Whether it has pictures.

    Returns
    -------
    Note
        Plain values, ready to be laid out.

    Raises
    ------
    UnknownIncidentError
        If the case has no such incident.
    """
    view = featured_view(posterior, incident_id)
    shown = ("attribution", "fitted", "seed", "draws", "evidence as of", "case fingerprint")
    return Note(
        case=posterior.case.config.title,
        view=view,
        drawings=_drawings(posterior, incident_id) if drawn and view.chances else (),
        passed=posterior.diagnose().passed,
        facts=tuple((name, value) for name, value in fit_facts(posterior) if name in shown),
    )


def _drawings(posterior: Posterior, incident_id: str) -> tuple[Drawing, ...]:
    try:
        pictures: tuple[Picture, ...] = (posterior.pictures.history(incident_id),)
    except PictureError:
        # Of an incident of which nothing dated was said there is no history.
        pictures = ()
    return tuple(Drawing(each.title, each.text, each.svg(PAGE)) for each in pictures)
