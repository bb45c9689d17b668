"""Files in and out: a CSV is brought, scored and taken away; and a page on the API."""

from http import HTTPStatus
from pathlib import Path
from typing import Any

import pandas as pd
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import FileResponse, RedirectResponse, Response

from attribution.case.records import records
from attribution.desk.errors import refuse
from attribution.desk.openapi_page import endpoints
from attribution.desk.render import page
from attribution.desk.security import UPLOAD
from attribution.desk.state import DeskState
from attribution.scoring.batch import REQUIRED
from attribution.scoring.tally import most_common

router = APIRouter(include_in_schema=False)

#: So many rows of a scored file are shown.
SHOWN_ROWS = 50
SHOWN_REASONS = 10


@router.get(UPLOAD)
async def score_form(desk: DeskState) -> Response:
    """Ask for a file."""
    content = {"limits": desk.uploads.limits, "required": REQUIRED}
    return page("score.html.j2", desk, content)


@router.post(UPLOAD)
async def score(desk: DeskState, request: Request) -> Response:
    """Score a file and lead to its result."""
    async with request.form(max_files=1, max_fields=1) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            raise refuse("file", "Choose a CSV file.", HTTPStatus.UNPROCESSABLE_ENTITY)
        scored = await run_in_threadpool(
            desk.uploads.score, desk.posterior, file.file, file.filename
        )
    return RedirectResponse(f"/scored/{scored.identifier}", HTTPStatus.SEE_OTHER)


@router.get("/scored/{identifier}")
def scored(desk: DeskState, identifier: str) -> Response:
    """Show the result of a file."""
    found = desk.uploads.find(identifier)
    content = {
        "scored": found,
        "rows": _first_rows(found.result),
        "rejected": [] if found.rejected is None else _first_rows(found.rejected),
        "reasons": tuple(most_common(found.summary.reasons, SHOWN_REASONS)),
        "shown": SHOWN_ROWS,
        "minutes": round(desk.uploads.limits.kept_seconds / 60),
    }
    return page("scored.html.j2", desk, content)


@router.get("/scored/{identifier}/result.csv")
async def result(desk: DeskState, identifier: str) -> Response:
    """Hand out the attributions of a file."""
    return _file(desk.uploads.find(identifier).result, "attributions.csv")


@router.get("/scored/{identifier}/rejected.csv")
async def rejected(desk: DeskState, identifier: str) -> Response:
    """Hand out the rows of a file that could not be used."""
    path = desk.uploads.find(identifier).rejected
    if path is None:
        raise refuse("file", "No row of this file was rejected.", HTTPStatus.NOT_FOUND)
    return _file(path, "rejected.csv")


@router.get("/api")
async def api_page(desk: DeskState, request: Request) -> Response:
    """Describe the JSON API."""
    document: dict[str, Any] = request.app.openapi()
    return page("api.html.j2", desk, {"endpoints": endpoints(document)})


def _file(path: Path, name: str) -> Response:
    return FileResponse(path, media_type="text/csv; charset=utf-8", filename=name)


def _first_rows(path: Path) -> list[dict[str, Any]]:
    frame = pd.read_csv(path, nrows=SHOWN_ROWS, dtype="str", keep_default_na=False)
    return [dict(row) for row in records(frame)]
