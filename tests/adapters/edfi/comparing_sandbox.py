"""A small Ed-Fi API that compares filters as its database does: with or without regard to spelling."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.adapters.edfi.scripted_sandbox import RowsByResource, ScriptedSandbox

PAGING = frozenset({"offset", "limit", "totalCount"})


class ComparingSandbox(ScriptedSandbox):
    """Serves the rows of a test that satisfy the filters."""

    def __init__(self, rows: RowsByResource, *, ignores_case: bool) -> None:
        super().__init__(rows)
        self.ignores_case = ignores_case
        """Whether case and blanks at the end decide nothing, as in SQL Server; they do in PostgreSQL."""

    def compared(self, value: Any) -> str:
        """A value in the form that the database compares."""
        return str(value).lower().rstrip(" ") if self.ignores_case else str(value)

    async def _list(self, request: Request) -> Response:
        if (rows := self.rows.get(request.path_params["resource"])) is None:
            return JSONResponse({"message": "no such resource"}, 404)
        query = request.query_params
        filters = {name: self.compared(query[name]) for name in query.keys() - PAGING}
        matching = [
            dict(row)
            for row in rows
            if all(self.compared(leaves(row).get(name)) == value for name, value in filters.items())
        ]
        start, limit = int(query["offset"]), int(query["limit"])
        headers = {"Total-Count": str(len(matching))}
        return JSONResponse(matching[start : start + limit], headers=headers)


def leaves(row: Any) -> dict[str, Any]:
    """The values of a row and of its references by name, with the name that the filter of a program has."""
    values: dict[str, Any] = {}
    for name, value in row.items():
        if name == "programReference":
            values["programEducationOrganizationId"] = value["educationOrganizationId"]
        values.update(leaves(value) if isinstance(value, dict) else {name: value})
    return values
