"""What is wrong with a request, all of it at once."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from attribution.case.faults import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class RequestFault:
    """One thing that is wrong.

    Attributes
    ----------
    where
        The parameter or field.
    message
        What is wrong with it and what is allowed, as a sentence.
    nearest
        What was probably meant; None if nothing is near.
    """

    where: str
    message: str
    nearest: str | None = None


class RequestError(Exception):
    """A request cannot be answered, and it is not the desk's fault.

    Parameters
    ----------
    faults
        Everything that is wrong.
    status
        HTTP status, 4xx.
    """

    def __init__(
        self,
        faults: Sequence[RequestFault],
        status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY,
    ) -> None:
        self.faults = tuple(faults)
        self.status = status
        super().__init__(" ".join(fault.message for fault in self.faults))


def refuse(where: str, message: str, status: HTTPStatus) -> RequestError:
    """Return the error for a single fault.

    Parameters
    ----------
    where, message
        See `RequestFault`.
    status
        HTTP status, 4xx.
    """
    return RequestError((RequestFault(where, message),), status)


def not_found(kind: str, name: str, known: Sequence[str]) -> RequestError:
    """Return the error for something that does not exist.

    Parameters
    ----------
    kind
        What was asked for, as in "brand".
    name
        Its identifier as given.
    known
        The identifiers that exist.
    """
    close = nearest(name, known)
    hint = f" Nearest: {close}." if close else ""
    fault = RequestFault(kind, f"There is no {kind} '{name[:80]}'.{hint}", close)
    return RequestError((fault,), HTTPStatus.NOT_FOUND)
