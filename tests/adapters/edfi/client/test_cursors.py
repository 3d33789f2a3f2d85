"""Long lists are read by page tokens if the server has them, and else by limit and offset."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from student_graph.adapters.edfi.api.people import STUDENTS
from student_graph.adapters.edfi.client.requests import EdFiClient
from student_graph.adapters.edfi.sandbox import DataStandard, EdFiSandbox
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sandbox.district import make_district
from tests.adapters.edfi.scripted_sandbox import connected
from tests.long_runs import size

ROOT = "http://edfi.test"
ROWS = 57
PAGE_ROWS = 5


def row(number: int) -> dict[str, Any]:
    """A row of `students`."""
    return {"id": f"r{number}", "studentUniqueId": str(number), "firstName": "A", "lastSurname": "B"}


@dataclass
class Server:
    """An API whose tokens are numbers of rows; rows come and go between its responses."""

    has_tokens: bool = True
    has_partitions: bool = True
    ignores_tokens: bool = False
    max_rows: int = 500
    change: random.Random | None = None
    """If not None, an odd number is deleted and another one added before every page."""
    numbers: list[int] = field(default_factory=lambda: list(range(ROWS)))
    requests: list[httpx.URL] = field(default_factory=list)

    def respond(self, request: httpx.Request) -> httpx.Response:
        """The discovery document, the parts of the list, or a page."""
        self.requests.append(request.url)
        params = request.url.params
        if request.url.path == "/":
            urls = {"oauth": f"{ROOT}/oauth/token", "dataManagementApi": f"{ROOT}/data/"}
            model = {"name": "Ed-Fi", "version": "6.1.0"}
            return httpx.Response(200, json={"version": "8.0", "dataModels": [model], "urls": urls})
        if request.url.path.endswith("/partitions"):
            return self.partitions(int(params["number"]))
        if self.change is not None:
            self.numbers.remove(self.change.choice([number for number in self.numbers if number % 2]))
            self.numbers = [max(self.numbers) // 2 * 2 + 3, *self.numbers]
        if "offset" in params:
            start, limit = int(params["offset"]), int(params["limit"])
            page = [row(number) for number in self.numbers[start : start + limit]]
            return httpx.Response(200, json=page, headers={"Total-Count": str(len(self.numbers))})
        if not self.has_tokens:
            return httpx.Response(400, json={"error": "Student does not include property 'pageSize'"})
        return self.page(params)

    def partitions(self, count: int) -> httpx.Response:
        """The tokens of so many parts."""
        if not self.has_partitions:
            return httpx.Response(404)
        step = -(-ROWS // count)
        return httpx.Response(200, json={"pageTokens": [f"{n}-{n + step}" for n in range(0, 10 * ROWS, step)]})

    def page(self, params: httpx.QueryParams) -> httpx.Response:
        """The page of a token. Every second page is empty, and a part ends with a page without a token."""
        if (rows := int(params["pageSize"])) > self.max_rows:
            return httpx.Response(400, json={"detail": f"pageSize must be at most {self.max_rows}."})
        first, last = map(int, params.get("pageToken", f"0-{10**9}").split("-"))
        if self.ignores_tokens:
            return httpx.Response(200, json=[row(number) for number in self.numbers[:rows]])
        part = sorted(number for number in self.numbers if first <= number < last)
        if not part:
            return httpx.Response(200, json=[])
        if params.get("pageToken") and not params["pageToken"].startswith("0"):
            token = f"0{part[0]}-{last}"
            return httpx.Response(200, json=[], headers={"Next-Page-Token": token})
        page = [row(number) for number in part[:rows]]
        return httpx.Response(200, json=page, headers={"Next-Page-Token": f"{part[:rows][-1] + 1}-{last}"})

    def client(self, page_rows: int = PAGE_ROWS) -> EdFiClient:
        """A client that reads pages of so many rows."""
        http = httpx.AsyncClient(transport=httpx.MockTransport(self.respond), event_hooks={"response": [_raise]})
        return EdFiClient(http, ROOT, page_size=page_rows, concurrency=4)


async def _raise(response: httpx.Response) -> None:
    """Raise an error for an error response, as the gateway's client does."""
    response.raise_for_status()


async def numbers_read(client: EdFiClient) -> list[int]:
    """The numbers of the rows that the client reads, in order."""
    return sorted(int(student.studentUniqueId) for student in await client.read_rows(STUDENTS))


def offsets(server: Server) -> set[str]:
    """The offsets in the requests."""
    return {url.params["offset"] for url in server.requests if "offset" in url.params}


@pytest.mark.parametrize("has_partitions", [True, False])
async def test_a_list_ends_at_the_missing_header_and_not_at_an_empty_page(has_partitions: bool) -> None:
    """Every second page is empty and has a token; only the first page is requested by its offset."""
    server = Server(has_partitions=has_partitions)

    assert await numbers_read(server.client()) == list(range(ROWS))
    assert offsets(server) == {"0"}


@pytest.mark.parametrize("seed", range(size(5, 200)))
async def test_rows_that_remain_are_read_once_while_others_come_and_go(seed: int) -> None:
    """Between any two pages a row is deleted and another one added: even numbers stay, and none is lost."""
    server = Server(change=random.Random(seed))  # noqa: S311 - no secret
    rows = await numbers_read(server.client())

    assert [number for number in rows if number % 2 == 0 and number < ROWS] == list(range(0, ROWS, 2))
    assert len(rows) == len(set(rows))


async def test_a_page_size_is_taken_from_the_refusal() -> None:
    """A server that allows fewer rows in a page by tokens than by offset is asked for fewer."""
    server = Server(max_rows=11, numbers=list(range(150)))

    assert await numbers_read(server.client(page_rows=13)) == list(range(150))
    assert {url.params["pageSize"] for url in server.requests if "pageSize" in url.params} == {"13", "11"}


async def test_a_server_that_refuses_tokens_is_read_by_offset_from_then_on() -> None:
    """A declared version is no proof: some servers refuse `pageToken` and `pageSize` with a 400."""
    server = Server(has_tokens=False, has_partitions=False)
    client = server.client()
    first, second = await numbers_read(client), await numbers_read(client)

    assert first == second == list(range(ROWS))
    assert len([url for url in server.requests if "pageSize" in url.params]) == 1


async def test_a_server_that_ignores_tokens_loses_no_row() -> None:
    """The rows are fewer than the total, and the list is read by offset."""
    server = Server(ignores_tokens=True)

    assert await numbers_read(server.client()) == list(range(ROWS))
    assert len(offsets(server)) > 1


@pytest.mark.parametrize("standard", ["5.0", "5.1", "6.0"])
async def test_the_sandbox_reads_the_same_in_both_ways(standard: DataStandard) -> None:
    """From ODS/API 7.3 on a long list is read by tokens, before by offsets: the records are the same."""
    sandbox = EdFiSandbox(make_district(60), standard)
    async with connected(sandbox, page_size=5) as adapter:
        [students] = (await adapter.roster_by_district([DistrictId("here")])).values()
    by_token = [line for line in sandbox.requests if "pageToken=" in line]

    assert isinstance(students, list)
    assert [student.student_id for student in students] == sorted(fact.id for fact in sandbox.facts.students)
    assert len(by_token) == (0 if standard == "5.0" else 12)
