"""How Brook is asked: filters in the query, and a cursor in each response."""

import httpx
from pydantic import TypeAdapter

from student_graph.adapters import IdentityError, StudentId, Window
from student_graph.adapters.keys import check_own_keys, query_text
from student_graph.adapters.paging import Params, PayloadPage, collect_pages, cursor_page, cursor_pages
from student_graph.adapters.reading import read
from tests.adapters.newcomer.brook_sis import api


async def people_page(http: httpx.AsyncClient, window: Window) -> PayloadPage[list[api.Item[api.Person]]]:
    """Return a page of all people."""

    def page(response: httpx.Response) -> tuple[list[api.Item[api.Person]], str | None]:
        listing = read(response, api.PEOPLE)
        return listing.data, listing.meta.after

    after = None if window.after is None else query_text(window.after)
    return await cursor_page(http, "/people", {"size": min(window.first, 20)}, page, after, param="after")


async def find_person(http: httpx.AsyncClient, number: StudentId) -> api.Item[api.Person] | None:
    """Return the person with a number; None if there is none, an error if there are two."""
    people = await read_all(http, "/people", {"number": query_text(number)}, api.PEOPLE)
    check_own_keys([person.attributes.number for person in people], [number], may_ignore_filter=True)
    own = [person for person in people if person.attributes.number == number]
    if len(own) > 1:
        raise IdentityError("two people with one number", code="IDENTITY_CONFLICT")
    return own[0] if own else None


async def read_all(
    http: httpx.AsyncClient, path: str, params: Params, shape: TypeAdapter[api.Listing[api.T]]
) -> list[api.Item[api.T]]:
    """Return all items of a list."""

    def page(response: httpx.Response) -> tuple[list[api.Item[api.T]], str | None]:
        listing = read(response, shape)
        return listing.data, listing.meta.after

    return await collect_pages(lambda: cursor_pages(http, path, params, page, param="after"), key=lambda x: x.id)
