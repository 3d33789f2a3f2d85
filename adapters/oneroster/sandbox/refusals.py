"""How a server says no."""

from __future__ import annotations

from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response

from student_graph.adapters.oneroster.sandbox.quirks import Manner


class RefusalError(Exception):
    """An answer other than 200, before it is spelled."""

    def __init__(self, status: int, description: str, minor: str) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.minor = minor

    def response(self, manner: Manner) -> Response:
        """The refusal in the server's manner."""
        headers = {"Retry-After": "1"} if self.status == 429 else {}
        if self.status == 401:
            headers["WWW-Authenticate"] = "OAuth" if manner.auth == "oauth1" else "Bearer"
        if self.status == 429 and manner.throttled_in_html:
            return HTMLResponse(f"{self.description}, please try again later.", 429, headers)
        return JSONResponse(self._body(manner), self.status, headers)

    def _body(self, manner: Manner) -> dict[str, Any]:
        if manner.errors == "text":
            short = {401: "invalid_token", 404: "Not found"}
            return {"error": short.get(self.status, self.description)}
        body = {
            "imsx_codeMajor": "failure",
            "imsx_severity": "error",
            "imsx_description": self.description,
        }
        minor = manner.not_found_minor if self.status == 404 else self.minor
        if manner.errors == "flat":
            told = "invalid_data" if self.status == 400 else minor if minor == "server_error" else None
            return body | ({"imsx_codeMinor": told} if told else {})
        named = {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": minor}
        return body | {"imsx_CodeMinor": {"imsx_codeMinorField": [named]}}


def bad_value(description: str) -> RefusalError:
    """A query parameter has a value that cannot be."""
    return RefusalError(400, description, "invaliddata")


def bad_filter(description: str) -> RefusalError:
    """A filter cannot be read, or names no field."""
    return RefusalError(400, description, "invalid_filter_field")


def unauthorized(description: str) -> RefusalError:
    """The request is not known to be anybody's."""
    return RefusalError(401, description, "unauthorisedrequest")


def forbidden(scope: str) -> RefusalError:
    """The token lacks a scope."""
    return RefusalError(
        403,
        f"Insufficient scope: your token must have the '{scope}' scope to access this route.",
        "forbidden",
    )


def no_route() -> RefusalError:
    """The server does not offer this."""
    return RefusalError(404, "The specified resource was not found", "unknownobject")


def no_row(table: str, sourced: str) -> RefusalError:
    """There is no row of this id."""
    return RefusalError(404, f"Resource not found: {table}/{sourced}", "unknownobject")


def broken() -> RefusalError:
    """The server fails at what it was asked."""
    return RefusalError(500, "An internal server error occurred", "internal_server_error")


def throttled() -> RefusalError:
    """Too many requests came."""
    return RefusalError(429, "Too many requests", "server_busy")


def unavailable() -> RefusalError:
    """The server is down."""
    return RefusalError(503, "Service unavailable", "server_busy")
