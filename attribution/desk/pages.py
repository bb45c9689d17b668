"""Pages for people. Each is an address of its own and works without scripts."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from attribution.case.records import records
from attribution.desk.asking import Question, Supposed, explained, then
from attribution.desk.drawings import drawing
from attribution.desk.errors import RequestError, RequestFault, not_found
from attribution.desk.pictures import PICTURES
from attribution.desk.render import page
from attribution.desk.search import COLUMNS, LONGEST_TEXT, Filters, read_filters, search
from attribution.desk.security import COOKIE, DRAWING_POLICY, LOGIN
from attribution.desk.similar import MOST, similar
from attribution.desk.state import Desk, DeskState
from attribution.desk.tables import Period, asked_day, asked_shares, periods
from attribution.desk.views import filter_groups, incident_content, record_of
from attribution.desk.what_if_form import form_of, read_form
from attribution.posterior.selection import PERIODS
from attribution.report.tables import labellers_table, preferences_table

if TYPE_CHECKING:
    from datetime import date

router = APIRouter(include_in_schema=False)


@router.get("/")
async def start() -> RedirectResponse:
    """Lead to the incidents."""
    return RedirectResponse("/incidents", HTTPStatus.SEE_OTHER)


@router.get("/incidents")
async def incidents(desk: DeskState, request: Request) -> Response:
    """Search and filter the incidents."""
    given = {name: request.query_params.getlist(name) for name in request.query_params}
    faults: tuple[object, ...] = ()
    try:
        filters, status = read_filters(desk.posterior, given), HTTPStatus.OK
    except RequestError as error:
        filters, status, faults = Filters(), error.status, error.faults
    found = search(desk.catalogue, filters)
    content = {
        "filters": filters,
        "found": found,
        "faults": faults,
        "groups": filter_groups(desk, filters),
    }
    return page("incidents.html.j2", desk, content, status)


@router.get("/incidents/{incident_id}")
async def incident(
    desk: DeskState, incident_id: str, actor: str = "", against: str = ""
) -> Response:
    """Explain an incident."""
    view = explained(desk.posterior, incident_id, actor or None, against or None)
    form = form_of(desk.posterior.case, Question(incident_id))
    position = desk.catalogue.position[incident_id]
    uninformative = desk.posterior.case.config.uninformative
    content = incident_content(desk, incident_id, view) | {
        "form": form,
        "actor": actor,
        "against": against,
        "similar": similar(desk.catalogue, position, uninformative, MOST),
    }
    return page("incident.html.j2", desk, content)


@router.get("/incidents/{incident_id}/what-if")
async def what_if(desk: DeskState, request: Request, incident_id: str) -> Response:
    """Change an incident and ask again."""
    if incident_id not in desk.catalogue.position:
        raise not_found("incident", incident_id, tuple(desk.catalogue.position))
    return await _what_if(desk, request, incident_id)


@router.get("/incidents/{incident_id}/as-of")
def as_of(desk: DeskState, incident_id: str, first: str = "", second: str = "") -> Response:
    """Compare what two days knew of an incident."""
    if incident_id not in desk.catalogue.position:
        raise not_found("incident", incident_id, tuple(desk.catalogue.position))
    days: list[date] = []
    faults: list[RequestFault] = []
    for where, text in (("first", first), ("second", second)):
        try:
            day = asked_day(where, text[:LONGEST_TEXT])
        except RequestError as error:
            faults += error.faults
        else:
            days += [day] if day else []
    status = HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.OK
    content = {
        "incident_id": incident_id,
        "first": "" if faults else first,
        "second": "" if faults else second,
        "faults": faults,
        "thens": [] if faults else [then(desk.posterior, incident_id, day) for day in days],
        "picture": None if faults or days else desk.pictures.get(f"history-{incident_id}"),
    }
    return page("as_of.html.j2", desk, content, status)


@router.get("/what-if")
async def what_if_from_nothing(desk: DeskState, request: Request) -> Response:
    """Make an incident up and ask."""
    return await _what_if(desk, request, None)


async def _what_if(desk: Desk, request: Request, incident_id: str | None) -> Response:
    given = {name: request.query_params.getlist(name) for name in request.query_params}
    question = read_form(desk.posterior.case, incident_id, given)
    answer: Supposed | None = None
    faults: tuple[object, ...] = ()
    status = HTTPStatus.OK
    try:
        answer = await desk.what_if.ask(question)
    except RequestError as error:
        faults, status = error.faults, error.status
    content: dict[str, object] = {
        "incident_id": incident_id,
        "form": form_of(desk.posterior.case, question),
        "answer": answer,
        "drawing": None if answer is None or not answer.view.chances else drawing(answer.view),
        "actor": question.actor or "",
        "against": question.against or "",
        "faults": faults,
    }
    return page("what_if.html.j2", desk, content, status)


@router.get("/brands")
async def brands(desk: DeskState) -> Response:
    """Show who stands behind the brands."""
    return page("brands.html.j2", desk, {"brands": desk.brand_views})


@router.get("/brands/{brand_id}")
async def brand(desk: DeskState, brand_id: str) -> Response:
    """Show one brand: its parents, what experts say of it, and what it claimed."""
    case = desk.posterior.case
    row = record_of(case.groups, "group_id", brand_id)
    if row is None:
        raise not_found("brand", brand_id, tuple(case.groups["group_id"]))
    views = {view.brand_id: view for view in desk.brand_views}
    links = case.brand_links[case.brand_links["brand_id"] == brand_id]
    said = case.statements[case.statements["speaker_id"] == brand_id]
    content = {
        "group": row,
        "view": views.get(brand_id),
        "links": records(links),
        "statements": records(said),
        "people": desk.people,
        "groups": desk.group_names,
        "sources": desk.sources,
    }
    return page("brand.html.j2", desk, content)


@router.get("/labellers")
async def labellers(desk: DeskState) -> Response:
    """Show how reliable the labellers are."""
    content = {
        "labellers": desk.labellers.to_dict("records"),
        "table": labellers_table(desk.labellers),
        "preferences": preferences_table(desk.preferences, desk.posterior.actor_names),
    }
    return page("labellers.html.j2", desk, content)


@router.get("/labellers/{labeller}")
async def labeller(desk: DeskState, labeller: str) -> Response:
    """Show one labeller: how often it is right, and all that it said."""
    case = desk.posterior.case
    row = record_of(case.labellers, "labeller", labeller)
    if row is None:
        raise not_found("labeller", labeller, tuple(case.labellers["labeller"]))
    content = {
        "labeller": row,
        "hit": record_of(desk.labellers, "labeller", labeller),
        "labels": records(case.labels[case.labels["labeller"] == labeller]),
        "groups": desk.group_names,
        "sources": desk.sources,
    }
    return page("labeller.html.j2", desk, content)


@router.get("/shares")
def shares(desk: DeskState, request: Request) -> Response:
    """Show the actors' shares of the incidents."""
    given = request.query_params
    by = given.get("by", "quarter")
    words = {name: given.getlist(name) for name in COLUMNS}
    faults: tuple[object, ...] = ()
    status = HTTPStatus.OK
    found: tuple[Period, ...] = ()
    try:
        table = asked_shares(desk, given.get("start", ""), given.get("end", ""), by, words)
        found = periods(table)
    except RequestError as error:
        faults, status = error.faults, error.status
    content = {
        "found": found,
        "by": by,
        "lengths": tuple(PERIODS),
        "start": given.get("start", ""),
        "end": given.get("end", ""),
        "chosen": {name: set(values) for name, values in words.items()},
        "words": desk.words,
        "faults": faults,
    }
    return page("shares.html.j2", desk, content, status)


@router.get("/pictures")
async def pictures(desk: DeskState) -> Response:
    """Show the pictures of the case."""
    return page("pictures.html.j2", desk, {"names": tuple(PICTURES)})


@router.get("/pictures/{name}.svg")
def drawn(desk: DeskState, name: str) -> Response:
    """Draw a picture."""
    headers = {"content-security-policy": DRAWING_POLICY, "cache-control": "private, max-age=600"}
    return Response(desk.pictures.get(name).svg, media_type="image/svg+xml", headers=headers)


@router.get("/pictures/{name}.csv")
def table_of(desk: DeskState, name: str) -> Response:
    """Hand out the table from which a picture was drawn."""
    headers = {"content-disposition": 'attachment; filename="picture.csv"'}
    return Response(desk.pictures.get(name).csv, media_type="text/csv", headers=headers)


@router.get("/pictures/{name}")
def picture(desk: DeskState, name: str) -> Response:
    """Show one picture, what it says in words, and its table."""
    return page("picture.html.j2", desk, {"picture": desk.pictures.get(name)})


@router.get(LOGIN)
async def login_form(desk: DeskState) -> Response:
    """Ask for the token."""
    if not desk.policy.token:
        return RedirectResponse("/", HTTPStatus.SEE_OTHER)
    return page("login.html.j2", desk, {"wrong": False})


@router.post(LOGIN)
async def login(
    desk: DeskState, request: Request, token: Annotated[str, Form(max_length=1000)] = ""
) -> Response:
    """Let those in who know the token."""
    if not desk.policy.token:
        return RedirectResponse("/", HTTPStatus.SEE_OTHER)
    if not desk.policy.knows(token):
        return page("login.html.j2", desk, {"wrong": True}, HTTPStatus.UNAUTHORIZED)
    answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    answer.set_cookie(
        COOKIE,
        desk.policy.cookie(),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer
