"""How Hillside is asked: by the district's number, and page by page from the `uid` of the last row."""

import httpx
from pydantic import TypeAdapter

from hillside_sis import api
from student_graph.adapters import IdentityError, Window, model
from student_graph.adapters.keys import path_id, query_text
from student_graph.adapters.paging import Params, PayloadPage, collect_pages, cursor_page, keyset_pages
from student_graph.adapters.reading import read


async def students_page(http: httpx.AsyncClient, window: Window) -> PayloadPage[list[api.StudentRow]]:
    """Return a page of all students."""

    def read_page(response: httpx.Response) -> tuple[list[api.StudentRow], str | None]:
        rows = read(response, api.STUDENTS).data
        return rows, rows[-1].uid if rows else None

    after = None if window.after is None else path_id(window.after)
    return await cursor_page(http, "/v2/pupils", {"size": window.first}, read_page, after, param="starting_after")


async def find_student(http: httpx.AsyncClient, number: model.StudentId) -> api.StudentRow | None:
    """Return the student with the district's number; None if there is none, an error if there are two."""
    rows = await read_all(http, "/v2/pupils", {"district_no": query_text(number)}, api.STUDENTS)
    if len(rows) > 1:
        raise IdentityError("two students with one number", code="IDENTITY_CONFLICT")
    return rows[0] if rows else None


async def read_all(
    http: httpx.AsyncClient, path: str, params: Params, shape: TypeAdapter[api.Listing[api.T]]
) -> list[api.T]:
    """Return all rows of a list."""
    return await collect_pages(
        lambda: keyset_pages(http, path, params, lambda r: read(r, shape).data, cursor_of=lambda row: row.uid),
        key=lambda row: row.uid,
    )
