"""
What Moodle's errors mean.

The status of an error is 200 as that of an answer. The body is an object with the class of an exception, a code, a
message, and with debugging a query or a stack trace. Only the first two are used: no text of Moodle leaves here.
"""

from __future__ import annotations

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from student_graph.adapters.errors import (
    AdapterError,
    NotOfferedError,
    PayloadError,
    RefusedError,
    UnavailableError,
)
from student_graph.adapters.reading import content_of

FORBIDDEN_CODE = "SOURCE_FORBIDDEN"
SEARCHED_BYTES = 512
"""Bytes at the start of a body that are searched for an error: its first property is the exception."""
_FUNCTIONS_TABLE = "external_functions"
"""The table of functions: a record that is missing there is an unknown function, and not an unknown course."""

_TOKEN_REFUSED = frozenset({"invalidtoken", "invalidtimedtoken"})
_ACCOUNT_REFUSED = frozenset(
    {
        "wsaccessuserdeleted",
        "wsaccessuserunconfirmed",
        "wsaccessusersuspended",
        "wsaccessuserexpired",
        "wsaccessusernologin",
        "forcepasswordchangenotice",
        "usernotfullysetup",
        "sitepolicynotagreed",
    }
)
_OUT_OF_ORDER = frozenset({"sitemaintenance", "upgraderunning", "upgraderequired", "redirecterrordetected"})
_MISSING = frozenset({"invalidrecord", "invalidrecordunknown", "invaliduser", "invaliduserid", "invalidcourseid"})
_REFUSED = frozenset(
    {
        "nopermissions",
        "nopermission",
        "nopermissiontoviewgrades",
        "requireloginerror",
        "notingroup",
        "cannotviewprofile",
        "cannotviewreport",
        "coursehidden",
        "errorcoursecontextnotvalid",
    }
)
_NO_ACCESS = frozenset({"accessexception", "servicenotavailable"})


class UnknownObjectError(NotOfferedError):
    """Moodle does not know the course or the user of a request."""

    def __init__(self) -> None:
        super().__init__("not known to Moodle")


class RefusedValueError(PayloadError):
    """Moodle refuses a value in a request, or cannot send a value of its own; a smaller batch may have neither."""


class _Failure(BaseModel):
    """The body of an error."""

    model_config = ConfigDict(hide_input_in_errors=True)

    exception: str
    errorcode: str = ""
    message: str = ""


def check_answer(function: str, response: httpx.Response) -> httpx.Response:
    """
    The response itself, unless its body is an error.

    Raises:
        AdapterError: The body is an error.
    """
    start = content_of(response)[:SEARCHED_BYTES]
    if response.is_success and b'"exception"' in start and start.lstrip().startswith(b"{"):
        try:
            failure = _Failure.model_validate_json(content_of(response))
        except ValidationError:
            return response
        raise error_of(function, failure.exception, failure.errorcode, failure.message)
    return response


def error_of(function: str, exception: str, code: str, message: str = "") -> AdapterError:  # noqa: PLR0911 - one for each kind
    """The error for an exception of Moodle, with a text of the adapter."""
    exception = exception.rpartition("\\")[2]  # newer releases send the class with its namespace
    if code in _TOKEN_REFUSED:
        return RefusedError("the token is not accepted, or has expired")
    if code in _ACCOUNT_REFUSED:
        return RefusedError("the account of the token cannot be used: sign in with it once, or activate it")
    if code in _OUT_OF_ORDER:
        return UnavailableError("Moodle is under maintenance")
    if code in _MISSING or exception == "dml_missing_record_exception":
        if _FUNCTIONS_TABLE in message:
            return NotOfferedError(f"Moodle does not know the function {function}")
        return UnknownObjectError()
    if exception.startswith(("dml_", "ddl_", "cache_", "lock_")):
        return UnavailableError("the database of Moodle fails")
    if code in _NO_ACCESS or exception == "webservice_access_exception":
        return RefusedError(
            f"the token may not call {function}: add it to the token's service, and its account to the users",
            code=FORBIDDEN_CODE,
        )
    if code in _REFUSED or exception in {"required_capability_exception", "require_login_exception"}:
        return RefusedError(f"the account of the token lacks a capability for {function}", code=FORBIDDEN_CODE)
    if exception in {"invalid_parameter_exception", "invalid_response_exception"}:
        return RefusedValueError(f"a value that {function} refuses")
    return PayloadError(f"an error of {function} with a success status")
