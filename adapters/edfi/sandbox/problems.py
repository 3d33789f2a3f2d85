"""Error responses of Ed-Fi: problem details from version 7.2 on, and a message without details before."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from starlette.responses import JSONResponse, Response


class ProblemError(Exception):
    """A request that the sandbox refuses with an error response."""

    def __init__(self, status: int, kind: str, title: str, detail: str, errors: tuple[str, ...] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.errors = errors

    def response(self, *, legacy: bool, headers: Mapping[str, str] | None = None) -> Response:
        """The error response: a `message` in older versions (`legacy`), and problem details otherwise."""
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
    """A 401: the token is missing, unknown or expired."""
    detail = "The caller could not be authenticated."
    return ProblemError(401, "security:authentication", "Authentication Failed", detail, (error,))


def bad_parameter(error: str) -> ProblemError:
    """A 400: a query parameter is unknown or has an invalid value."""
    detail = "The request parameters were invalid. See 'errors' for details."
    return ProblemError(400, "bad-request:parameter", "Parameter Validation Failed", detail, (error,))


def missing_resource(error: str) -> ProblemError:
    """A 404: there is no such resource or row."""
    return ProblemError(404, "not-found", "Not Found", "The specified data could not be found.", (error,))


def throttled() -> ProblemError:
    """A 429: the rate limit is reached."""
    return ProblemError(429, "too-many-requests", "Too Many Requests", "The request rate limit has been exceeded.")


def unavailable() -> ProblemError:
    """A 503: the API is down."""
    return ProblemError(
        503, "service-unavailable", "Service Unavailable", "The service is temporarily unavailable."
    )
