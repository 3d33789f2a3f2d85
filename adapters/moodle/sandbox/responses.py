"""Responses of Moodle: JSON or XML, with status 200 for errors too."""

from __future__ import annotations

from html import escape
from typing import Any, TypeAlias

from starlette.responses import JSONResponse, Response

Json: TypeAlias = dict[str, Any]

DEBUG_TEXT = "SELECT 'x' FROM mdl_user WHERE idnumber = '604822'"
"""What Moodle adds to an error if the site debugs: a query with values, or a stack trace."""


class MoodleError(Exception):
    """An exception of Moodle."""

    def __init__(self, exception: str, code: str, message: str) -> None:
        super().__init__(code)
        self.exception, self.code, self.message = exception, code, message

    def body(self, *, debug: bool) -> Json:
        """The object that stands for it in JSON."""
        body = {"exception": self.exception, "errorcode": self.code, "message": self.message}
        return body | ({"debuginfo": DEBUG_TEXT} if debug else {})


def missing_record(table: str) -> MoodleError:
    """The exception for a record that the database does not have."""
    return MoodleError(
        "dml_missing_record_exception", "invalidrecord", f"Can't find data record in database table {table}."
    )


def lacks_capability(name: str) -> MoodleError:
    """The exception for an account that may not do something."""
    return MoodleError(
        "required_capability_exception",
        "nopermissions",
        f"Sorry, but you do not currently have permissions to do that ({name}).",
    )


def respond(value: Any, *, as_json: bool) -> Response:
    """The response with a value: JSON only if the request asks for it, else XML."""
    if as_json:
        return JSONResponse(value)
    if isinstance(value, dict) and "exception" in value:
        inner = f"<ERRORCODE>{value['errorcode']}</ERRORCODE>\n<MESSAGE>{escape(value['message'])}</MESSAGE>\n"
        text = f'<EXCEPTION class="{value["exception"]}">\n{inner}</EXCEPTION>\n'
    else:
        text = f"<RESPONSE>\n{_xml(value)}</RESPONSE>\n"
    headers = {"Content-Disposition": 'inline; filename="response.xml"'}
    return Response(f'<?xml version="1.0" encoding="UTF-8" ?>\n{text}', 200, headers, "application/xml")


def _xml(value: Any) -> str:
    match value:
        case dict():
            keys = "".join(f'<KEY name="{name}">{_xml(part)}</KEY>\n' for name, part in value.items())
            return f"<SINGLE>\n{keys}</SINGLE>\n"
        case list():
            return f"<MULTIPLE>\n{''.join(map(_xml, value))}</MULTIPLE>\n"
        case None:
            return '<VALUE null="null"/>\n'
        case bool():
            return f"<VALUE>{int(value)}</VALUE>\n"
        case _:
            return f"<VALUE>{escape(str(value))}</VALUE>\n"
