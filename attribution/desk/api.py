"""The JSON API. Every number comes from the posterior's own methods."""

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from attribution.case.records import plain
from attribution.desk.asking import Question, attributed, explained
from attribution.desk.errors import RequestError, RequestFault
from attribution.desk.schemas import (
    AttributeAnswer,
    AttributeRequest,
    BrandsAnswer,
    ErrorModel,
    IncidentAnswer,
    IncidentsAnswer,
    LabellersAnswer,
    SharesAnswer,
    WhatIfAnswer,
    WhatIfRequest,
)
from attribution.desk.search import LONGEST_TEXT, SORTS, read_filters, search
from attribution.desk.similar import similar
from attribution.desk.state import Desk, DeskState
from attribution.desk.tables import asked_day, asked_shares

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What every endpoint may answer besides its result; 422 and 413 where something is sent.
FAULTS: dict[int | str, dict[str, Any]] = {
    code: {"model": ErrorModel, "description": text}
    for code, text in {
        400: "The request cannot be read.",
        401: "The token is missing or wrong.",
        403: "The request comes from another site.",
        404: "There is no such thing.",
        413: "The request is too large.",
        421: "The desk has another name.",
        422: "Something asked for does not exist; the nearest word is named.",
    }.items()
}

router = APIRouter(prefix="/api", responses=FAULTS)

_Word = Annotated[str, Query(max_length=LONGEST_TEXT)]
_Words = Annotated[list[Annotated[str, Query(max_length=LONGEST_TEXT)]], Query(max_length=50)]
_Day = Annotated[str, Query(max_length=10, description="YYYY-MM-DD", examples=["2021-02-15"])]
_Sort = Annotated[
    str,
    Query(
        max_length=LONGEST_TEXT,
        description=f"One of {', '.join(SORTS)}; a minus before it turns the order round.",
    ),
]


@router.get("/incidents", summary="Search and filter the case's incidents")
async def incidents(
    desk: DeskState,
    request: Request,
    *,
    q: _Word = "",
    start: _Day = "",
    end: _Day = "",
    weapon_type: _Words = [],  # noqa: B006 - FastAPI copies it
    target_type: _Words = [],  # noqa: B006
    country: _Words = [],  # noqa: B006
    province: _Words = [],  # noqa: B006
    actor: _Words = [],  # noqa: B006
    evidence: _Words = [],  # noqa: B006
    brand: _Words = [],  # noqa: B006
    labelled: _Word = "",
    sort: _Sort = "-date",
    page: int = 1,
    size: int = 25,
) -> IncidentsAnswer:
    """Return a page of incidents with their most probable actors."""
    del q, start, end, weapon_type, target_type, country, province, actor, evidence, brand
    del labelled, sort, page, size  # read below, all faults at once
    given = {name: request.query_params.getlist(name) for name in request.query_params}
    found = search(desk.catalogue, read_filters(desk.posterior, given))
    return IncidentsAnswer.model_validate(
        {
            "total": found.total,
            "page": found.page,
            "pages": found.pages,
            "incidents": plain(found.rows),
            "model": desk.facts,
        }
    )


@router.get("/incidents/{incident_id}", summary="Explain an incident")
async def incident(
    desk: DeskState, incident_id: str, actor: _Word = "", against: _Word = ""
) -> IncidentAnswer:
    """Return the probabilities, the evidence piece by piece, and incidents like it."""
    view = explained(desk.posterior, incident_id, actor or None, against or None)
    return IncidentAnswer.model_validate(
        {"incident": plain(view), "similar": _similar(desk, incident_id), "model": desk.facts}
    )


@router.post("/attribute", summary="Attribute incidents from elsewhere")
def attribute(desk: DeskState, request: AttributeRequest) -> AttributeAnswer:
    """Return a row of the score output for each incident, in order; a bad row is marked."""
    rows = plain(attributed(desk.posterior, request.incidents))
    return AttributeAnswer.model_validate({"attributions": rows, "model": desk.facts})


# What takes milliseconds needs no thread of its own: threads would only take turns.
@router.post("/what-if", summary="Change an incident and ask again", response_model=WhatIfAnswer)
async def what_if(desk: DeskState, request: WhatIfRequest) -> Response:
    """Return what the model would say of such an incident. Nothing is stored."""
    answer = await desk.what_if.ask(Question(**request.model_dump()))
    content = {
        "changes": answer.changes,
        "remarks": answer.remarks,
        "chances_before": answer.before,
        "incident": answer.view,
        "model": desk.facts,
    }
    model = WhatIfAnswer.model_validate(content, from_attributes=True)
    return Response(model.model_dump_json(), media_type="application/json")


@router.get("/shares", summary="Shares of the actors")
def shares(
    desk: DeskState,
    *,
    start: _Day = "",
    end: _Day = "",
    by: Annotated[str, Query(max_length=LONGEST_TEXT, description="month, quarter or year")] = "",
    weapon_type: _Words = [],  # noqa: B006
    target_type: _Words = [],  # noqa: B006
    country: _Words = [],  # noqa: B006
    province: _Words = [],  # noqa: B006
) -> SharesAnswer:
    """Return the share of the incidents that each actor is behind."""
    words: dict[str, Sequence[str]] = {
        "weapon_type": weapon_type,
        "target_type": target_type,
        "country": country,
        "province": province,
    }
    table = asked_shares(desk, start, end, by, words)
    return SharesAnswer.model_validate({"shares": plain(table), "model": desk.facts})


@router.get("/brands", summary="Who stands behind the brands")
def brands(desk: DeskState, on: _Day = "") -> BrandsAnswer:
    """Return the probable parents of each claiming name, on a day or on its last day in use."""
    table = desk.brands if not on else desk.posterior.brands(on=asked_day("on", on))
    return BrandsAnswer.model_validate({"brands": plain(table), "model": desk.facts})


@router.get("/labellers", summary="How reliable the labellers are")
async def labellers(desk: DeskState) -> LabellersAnswer:
    """Return hit rates of labellers, and whom each type names when it does not know."""
    return LabellersAnswer.model_validate(
        {
            "labellers": plain(desk.labellers),
            "preferences": plain(desk.preferences),
            "model": desk.facts,
        }
    )


def _similar(desk: Desk, incident_id: str) -> list[dict[str, Any]]:
    position = desk.catalogue.position.get(incident_id)
    if position is None:
        raise RequestError((RequestFault("incident_id", "There is no such incident."),))
    found = similar(desk.catalogue, position, desk.posterior.case.config.uninformative)
    return [
        {
            "incident_id": other.row.incident_id,
            "likeness": other.likeness,
            "shared": list(other.shared),
            "kilometres": other.kilometres,
            "days": other.days,
        }
        for other in found
    ]
