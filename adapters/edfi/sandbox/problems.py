"""What the vendor says when it refuses: problem details since version 7.2, a bare message before."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from starlette.responses import JSONResponse, Response


class ProblemError(Exception):
    """A refusal, on its way to becoming an answer."""

    def __init__(self, status: int, kind: str, title: str, detail: str, errors: tuple[str, ...] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.errors = errors

    def response(self, *, legacy: bool, headers: Mapping[str, str] | None = None) -> Response:
        """The refusal as the vendor's version spells it."""
        if legacy:
            text = " ".join((self.detail, *self.errors))
            return JSONResponse({"message": text}, self.status, headers)
        body = {
            "detail": self.detail,
            "type": f"urn:ed-fi:api:{self.kind}",
            "title": self.title,
            "status": self.status,
            "correlationId": secrets.token_hex(16),
            **({"errors": list(self.errors)} if self.errors else {}),
        }
        return JSONResponse(body, self.status, headers, media_type="application/problem+json")


def unauthenticated(error: str) -> ProblemError:
    """The token is absent, unknown or expired."""
    detail = "The caller could not be authenticated."
    return ProblemError(401, "security:authentication", "Authentication Failed", detail, (error,))


def bad_parameter(error: str) -> ProblemError:
    """A query parameter is unknown, or cannot be read."""
    detail = "The request parameters were invalid. See 'errors' for details."
    return ProblemError(400, "bad-request:parameter", "Parameter Validation Failed", detail, (error,))


def not_found(error: str) -> ProblemError:
    """There is no such resource or row."""
    return ProblemError(404, "not-found", "Not Found", "The specified data could not be found.", (error,))


def throttled() -> ProblemError:
    """More requests came than the vendor takes."""
    return ProblemError(429, "too-many-requests", "Too Many Requests", "The request rate limit has been exceeded.")


def unavailable() -> ProblemError:
    """The vendor answers nothing at all."""
    return ProblemError(
        503, "service-unavailable", "Service Unavailable", "The service is temporarily unavailable."
    )
