"""GraphQL over HTTP: one JSON body in, one JSON answer out, and never a 500."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import strawberry
from graphql import GraphQLError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from strawberry.types.execution import ExecutionResult

from gateway import document
from gateway.auth import Tokens
from gateway.errors import formatted
from gateway.fetching import extensions
from resolvers.context import Context, Viewer

MAX_BODY = 64 * 1024
"""Bytes of a request."""
NO_REQUEST = "Send one JSON object with a 'query', in UTF-8."


class GraphQLRequest(BaseModel):
    """What a client posts."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    query: str = Field(min_length=1)
    variables: dict[str, Any] | None = None
    operation_name: str | None = Field(default=None, alias="operationName")


class RefusedRequestError(Exception):
    """A request that is not a GraphQL one, or nobody's."""

    def __init__(self, status: int, message: str, code: str | None = None, **headers: str) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.headers = status, message, code, headers

    def response(self) -> Response:
        """The same as an answer."""
        error = {"message": self.message, "extensions": {"code": self.code} if self.code else {}}
        return _json({"errors": [error]}, self.status, {k.replace("_", "-"): v for k, v in self.headers.items()})


class GraphQLView:
    """Answers `POST /graphql`."""

    def __init__(self, schema: strawberry.Schema, tokens: Tokens, begin: Callable[[Viewer], Context]) -> None:
        self._schema = schema
        self._tokens = tokens
        self._begin = begin

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        try:
            asked, viewer = await self._read(request)
        except RefusedRequestError as refused:
            return refused.response()
        request_id = uuid.uuid4().hex
        context = self._begin(viewer)
        try:
            document.check(asked.query, asked.operation_name)
            result = await self._execute(asked, context)
        except GraphQLError as error:
            return _json({"errors": formatted([error], request_id)})
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = formatted(result.errors, request_id)
        return _json(answer | {"extensions": {**(result.extensions or {}), **extensions(context.operation)}})

    async def _execute(self, asked: GraphQLRequest, context: Context) -> ExecutionResult:
        result = await self._schema.execute(
            asked.query,
            variable_values=asked.variables,
            context_value=context,
            operation_name=asked.operation_name,
        )
        assert isinstance(result, ExecutionResult)
        return result

    async def _read(self, request: Request) -> tuple[GraphQLRequest, Viewer]:
        """
        What is asked, and by whom; cheap refusals first.

        Raises:
            RefusedRequestError: the request is too large, of the wrong kind, unreadable, or nobody's.
        """
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise RefusedRequestError(415, "Send the request as application/json.")
        if request.headers.get("content-encoding", "identity") != "identity":
            raise RefusedRequestError(415, "Send the request uncompressed.")
        body = await _body(request)
        viewer = self._tokens.viewer_of(request)
        if viewer is None:
            message = "Send the token of a viewer as 'Authorization: Bearer TOKEN'."
            raise RefusedRequestError(401, message, "UNAUTHENTICATED", WWW_Authenticate="Bearer")
        return _parsed(body), viewer


async def _body(request: Request) -> bytes:
    """
    The body, read no further than it may be long.

    Raises:
        RefusedRequestError: it is longer, or the client went away.
    """
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                raise RefusedRequestError(413, f"The request is longer than {MAX_BODY // 1024} KiB.")
    except ClientDisconnect:
        raise RefusedRequestError(400, "The request ended early.") from None
    return bytes(body)


def _parsed(body: bytes) -> GraphQLRequest:
    """
    The JSON object of a GraphQL request.

    Raises:
        RefusedRequestError: it is something else.
    """
    try:
        return GraphQLRequest.model_validate(from_json(body, allow_inf_nan=False))
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"] if part in ("query", "variables", "operationName"))
        raise RefusedRequestError(400, f"{where}: {first['msg']}" if where else NO_REQUEST) from None
    except ValueError:
        raise RefusedRequestError(400, NO_REQUEST) from None


def _json(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text.encode(errors="replace"), status, headers, media_type="application/json")
