"""
Errors in a response: a client's mistake is explained, an internal error is only a code.

An error that is neither a client's mistake nor an `AdapterError` is a bug in the gateway. Its response says that
something went wrong, and the log gets its type and its positions in the code. Neither gets a value of the request.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from graphql import GraphQLError
from starlette.types import Send

from student_graph.adapters.errors import AdapterError
from student_graph.gateway.concurrency.observation import note_errors
from student_graph.gateway.disclosure import UnwritableError
from student_graph.gateway.documents.coordinates import Coordinates
from student_graph.gateway.web.disconnect import ClientDisconnectedError
from student_graph.gateway.web.load_shedding import OverloadError
from student_graph.gateway.web.request import BadRequestError
from student_graph.gateway.web.response import encode_error, send_response
from student_graph.resolvers.fields.errors import INTERNAL, graph_error

log = logging.getLogger("student_graph.gateway")

MAX_MESSAGE_CHARACTERS = 300
"""Length of an error's message, which may quote what the client sent."""
BAD_INPUT = "BAD_INPUT"
"""Code of an error that graphql-core found in the values of variables or arguments."""
PUBLIC_EXTENSIONS = ("code", "source", "retryable", "retryAfter", "limit", "sensitivity", "coordinate")
"""Extensions that an error in a response may have, beside its `requestId`."""
UNWRITABLE_RETRY_AFTER_SECONDS = 5
_ISO_FORMAT = re.compile(r"Invalid isoformat string: .*$", re.DOTALL)
"""What Python says of a text that is no date; the message quotes the text before it."""


def format_errors(
    errors: Iterable[GraphQLError], request_id: str, coordinates: Coordinates | None = None
) -> list[dict[str, Any]]:
    """
    Return errors as members of a response, and log each kind of internal error among them once.

    With `coordinates` of the document, an error names the part of the schema that it is about.
    """
    errors = list(errors)
    _log_internal_errors([exc for error in errors if (exc := _internal_error(error)) is not None], request_id)
    formatted = []
    common_by_cause: dict[tuple[int, int], dict[str, Any]] = {}
    """What errors of one field with one cause have in common: everything but the path."""
    for error in errors:
        cause = (id(error.original_error or error), id(error.nodes))
        common = common_by_cause.get(cause)
        if common is None:
            coordinate = coordinates.of(error) if coordinates is not None else None
            common = common_by_cause[cause] = _format_error(error, request_id, coordinate)
        formatted.append(common if error.path is None else {**common, "path": error.path})
    note_errors(common["extensions"]["code"] for common in common_by_cause.values())
    return formatted


async def answer_refusals(send: Send, handle: Callable[[str], Awaitable[None]], media_type: str) -> None:
    """
    Handle a request with a response of a media type, and answer what refuses it.

    Raises:
        OverloadError: the process has too much to do. `GatewayApp` answers it, as for a request of no viewer.
    """
    try:
        await handle(media_type)
    except BadRequestError as error:
        note_errors([error.code])
        body = encode_error(error.message, error.code)
        await send_response(send, body, media_type, error.status, error.headers)
    except UnwritableError:
        note_errors(["NOT_RECORDED"])
        message = "The disclosure cannot be recorded at the moment, so nothing is disclosed."
        body = encode_error(message, "NOT_RECORDED")
        headers = {"Retry-After": str(UNWRITABLE_RETRY_AFTER_SECONDS)}
        await send_response(send, body, media_type, 503, headers)
    except OverloadError:
        raise
    except ClientDisconnectedError:
        return
    except Exception as exc:  # noqa: BLE001 - a bug in the gateway: the client learns only that there is one
        log_internal_error(exc)
        note_errors(["INTERNAL"])
        await send_response(send, encode_error(INTERNAL, "INTERNAL"), media_type, 500)


def log_internal_error(exc: Exception) -> None:
    """Log the type and the positions of an exception that is a bug in the gateway, but no value."""
    log.error("internal error: %s at %s", type(exc).__name__, " < ".join(stack_positions(exc)))


def stack_positions(exc: Exception) -> list[str]:
    """Return `file:line` of each frame of an exception's traceback, innermost first."""
    frames = reversed(traceback.extract_tb(exc.__traceback__))
    return [f"{frame.filename}:{frame.lineno}" for frame in frames]


def _format_error(error: GraphQLError, request_id: str, coordinate: str | None) -> dict[str, Any]:
    message = _ISO_FORMAT.sub("Write it in ISO 8601, such as 2026-11-30.", error.message)
    message = message.replace(" not to be None.", " not to be null.")  # graphql-core's word for JSON's null
    formatted: dict[str, Any] = {"message": message[:MAX_MESSAGE_CHARACTERS]}
    if error.locations:
        formatted["locations"] = [
            {"line": location.line, "column": location.column} for location in error.locations
        ]
    if error.path is not None:
        formatted["path"] = error.path
    members = {"code": BAD_INPUT} | (error.extensions or {})
    extensions = {name: value for name in PUBLIC_EXTENSIONS if (value := members.get(name)) is not None}
    if isinstance(error.original_error, AdapterError):
        public_error = graph_error(error.original_error)
        formatted["message"], extensions = public_error.message, dict(public_error.extensions or {})
    elif _internal_error(error) is not None:
        formatted["message"], extensions = INTERNAL, {"code": "INTERNAL"}
    if coordinate is not None:
        extensions["coordinate"] = coordinate
    return formatted | {"extensions": extensions | {"requestId": request_id}}


def _internal_error(error: GraphQLError) -> Exception | None:
    """
    Return the exception that caused an error if it is a bug in the gateway; None for all other errors.

    An error without a path but with a location in the document comes from parsing the document or its variables:
    its original exception describes what the client wrote, not a bug.
    """
    original = error.original_error
    if original is None or isinstance(original, (AdapterError, GraphQLError)):
        return None
    return None if error.path is None and error.nodes else original


def _log_internal_errors(exceptions: list[Exception], request_id: str) -> None:
    """Log each distinct exception once, without its text, which may contain what a client sent."""
    distinct = dict.fromkeys((type(exc).__name__, tuple(stack_positions(exc))) for exc in exceptions)
    for type_name, positions in distinct:
        log.error("internal error in request %s: %s at %s", request_id, type_name, " < ".join(positions))
