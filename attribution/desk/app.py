"""The desk's application: pages, API, and what is said of faults."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from anyio import to_thread
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

from attribution import __version__
from attribution.desk import api, handing, pages
from attribution.desk.errors import RequestError, RequestFault
from attribution.desk.render import HERE, page
from attribution.desk.security import API, Guard, Policy
from attribution.desk.state import Desk
from attribution.desk.uploads import Uploads
from attribution.posterior.posterior import UnknownIncidentError

if TYPE_CHECKING:
    from attribution.posterior.posterior import Posterior

TITLE = "attribution desk"
THREADS = 4
#: Texts of a request are repeated to its sender only so far.
_SHOWN = 200


def create_app(
    posterior: "Posterior", policy: Policy | None = None, uploads: Uploads | None = None
) -> FastAPI:
    """Build the application.

    Parameters
    ----------
    posterior
        The model.
    policy
        Who may ask; by default everyone on this machine.
    uploads
        Where files are kept.

    Returns
    -------
    FastAPI
        An ASGI application.
    """
    desk = Desk(posterior, policy or Policy(), uploads or Uploads())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # Long answers take turns: more threads than cores would only be in each other's way.
        to_thread.current_default_thread_limiter().total_tokens = THREADS
        await run_in_threadpool(desk.prepare)
        yield
        desk.uploads.close()

    app = FastAPI(
        title=TITLE,
        version=__version__,
        description=(
            "Who is probably behind an incident, how sure one can be, and on what evidence."
        ),
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.desk = desk
    app.include_router(api.router)
    app.include_router(pages.router)
    app.include_router(handing.router)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.add_exception_handler(RequestError, _on_request_error)
    app.add_exception_handler(UnknownIncidentError, _on_unknown_incident)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_middleware(Guard, policy=desk.policy)
    return app


def _on_request_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)
    return _told(request, error.status, str(error), error.faults)


def _on_unknown_incident(request: Request, error: Exception) -> Response:
    assert isinstance(error, UnknownIncidentError)
    close = error.nearest[0] if error.nearest else None
    message = f"{str(error)[:_SHOWN]}."
    return _told(
        request, HTTPStatus.NOT_FOUND, message, (RequestFault("incident_id", message, close),)
    )


def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = tuple(
        RequestFault(
            ".".join(str(part) for part in fault["loc"])[:_SHOWN], f"{fault['msg'][:_SHOWN]}."
        )
        for fault in error.errors()
    )
    message = " ".join(f"{fault.where}: {fault.message}" for fault in faults[:5])
    return _told(request, HTTPStatus.UNPROCESSABLE_ENTITY, message, faults)


def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    response = _told(request, status, f"{error.detail}.".replace("..", "."), ())
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


def _told(
    request: Request, status: HTTPStatus, message: str, faults: tuple[RequestFault, ...]
) -> Response:
    """Say what is wrong: as JSON to programs, as a page to people."""
    content: dict[str, Any] = {
        "message": _shown(message),
        "faults": [
            {
                "where": _shown(fault.where),
                "message": _shown(fault.message),
                "nearest": fault.nearest,
            }
            for fault in faults
        ],
    }
    if request.url.path.startswith(API):
        return JSONResponse(content, status)
    return page("error.html.j2", request.app.state.desk, content | {"status": status}, status)


def _shown(text: str) -> str:
    """Return a text that any answer can carry."""
    return text.encode("utf-8", "replace").decode("utf-8")
