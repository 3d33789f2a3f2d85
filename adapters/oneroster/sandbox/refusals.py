"""Error responses of a OneRoster server."""

from __future__ import annotations

from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response

from student_graph.adapters.oneroster.sandbox.quirks import Quirks


class RefusalError(Exception):
    """A request that the server answers with an error status."""

    def __init__(self, status: int, description: str, minor_code: str) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.minor_code = minor_code

    def response(self, quirks: Quirks) -> Response:
        """The error response, in the form that the quirks say."""
        headers = {"Retry-After": "1"} if self.status == 429 else {}
        if self.status == 401:
            headers["WWW-Authenticate"] = "OAuth" if quirks.auth == "oauth1" else "Bearer"
        if self.status == 429 and quirks.throttled_in_html:
            return HTMLResponse(f"{self.description}, please try again later.", 429, headers)
        return JSONResponse(self._body(quirks), self.status, headers)

    def _body(self, quirks: Quirks) -> dict[str, Any]:
        if quirks.errors == "text":
            texts = {401: "invalid_token", 404: "Not found"}
            return {"error": texts.get(self.status, self.description)}
        body = {
            "imsx_codeMajor": "failure",
            "imsx_severity": "error",
            "imsx_description": self.description,
        }
        minor_code = quirks.missing_row_minor_code if self.status == 404 else self.minor_code
        if quirks.errors == "flat":
            if self.status == 400:
                return body | {"imsx_codeMinor": "invalid_data"}
            return body | ({"imsx_codeMinor": minor_code} if minor_code == "server_error" else {})
        field = {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": minor_code}
        return body | {"imsx_CodeMinor": {"imsx_codeMinorField": [field]}}


def bad_value(description: str) -> RefusalError:
    """A 400: a query parameter has an invalid value."""
    return RefusalError(400, description, "invaliddata")


def bad_filter(description: str) -> RefusalError:
    """A 400: a filter is not valid or has an unknown field."""
    return RefusalError(400, description, "invalid_filter_field")


def unauthorized(description: str) -> RefusalError:
    """A 401: the request is not authenticated."""
    return RefusalError(401, description, "unauthorisedrequest")


def forbidden(scope: str) -> RefusalError:
    """A 403: the token does not have a scope."""
    return RefusalError(
        403,
        f"Insufficient scope: your token must have the '{scope}' scope to access this route.",
        "forbidden",
    )


def no_route() -> RefusalError:
    """A 404: the server does not have this route."""
    return RefusalError(404, "The specified resource was not found", "unknownobject")


def no_row(table: str, sourced_id: str) -> RefusalError:
    """A 404: there is no row with this id."""
    return RefusalError(404, f"Resource not found: {table}/{sourced_id}", "unknownobject")


def server_error() -> RefusalError:
    """A 500: the server fails."""
    return RefusalError(500, "An internal server error occurred", "internal_server_error")


def throttled() -> RefusalError:
    """A 429: there are too many requests."""
    return RefusalError(429, "Too many requests", "server_busy")


def unavailable() -> RefusalError:
    """A 503: the server is down."""
    return RefusalError(503, "Service unavailable", "server_busy")
