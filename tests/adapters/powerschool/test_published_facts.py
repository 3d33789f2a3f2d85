"""Holds the declaration, the plugin and the sandbox against the published documentation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpx

from student_graph.adapters.errors import RefusedError
from student_graph.adapters.model import StudentId
from student_graph.adapters.powerschool.adapter import PowerSchoolSIS
from student_graph.adapters.powerschool.sandbox import PowerSchoolSandbox
from student_graph.adapters.powerschool.sandbox.plugin import FOLDER, granted_fields, queries
from student_graph.adapters.powerschool.sandbox.rows import tables
from student_graph.adapters.powerschool.sandbox.server import CLIENT_ID, CLIENT_SECRET, PREFIX
from student_graph.adapters.rest.client.bodies import PostTemplate
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing.harness import open_adapter
from tests.adapters.powerschool.published_facts import (
    DEFAULT_PAGE_ROWS,
    DISTRICT,
    METADATA,
    QUERY_NAME_PARTS,
    RESOURCES,
    STORED_GRADES,
    TRANSPORTATION,
)
from tests.subcases import subcases

PLAN = PowerSchoolSIS.plan
assert PLAN is not None
TEMPLATES = [(name, template) for name, part in PLAN.lookups.items() for template in part.requests.values()]
SUBQUERIES = {"races", "meetings", "categories"}
NEVER_GRANTED = re.compile(r"SSN|ALERT|MEDICAL|DOCTOR|PASSWORD|LUNCH|GUARDIAN")


@subcases(("name", "template"), TEMPLATES, ids=[name for name, _ in TEMPLATES])
def test_a_request_is_in_the_published_document(name: str, template: Any) -> None:
    """Method, path and parameters, those of the pages included."""
    assert PLAN is not None
    method = "POST" if isinstance(template, PostTemplate) else "GET"
    path = "".join(text for _, text in template.path.parts)
    parameters = {parameter for parameter, _ in template.query}
    if method == "POST":
        path, query = "/ws/schema/query/{queryname}", path.rpartition("/")[2]
        paging: Any = PLAN.declaration.paging
        parameters |= {paging.page, paging.size}
        assert query in queries()
        assert template.body.names or not queries()[query].arguments, name

    assert parameters <= RESOURCES[method, path]


@subcases("name", queries())
def test_a_query_compares_the_present_day_and_not_the_time(name: str) -> None:
    """In Oracle, `sysdate` has a time: on the last day of a term it is after that day at midnight."""
    assert queries()[name].sql.count("sysdate") == queries()[name].sql.count("trunc(sysdate)")


@subcases("name", queries())
def test_a_query_keeps_the_rules_of_power_queries(name: str) -> None:
    """Five parts of a name, an order for its pages, and a column for each that the SQL selects, in its order."""
    query = queries()[name]
    selected = query.sql.partition("from ")[0] if "(select" not in query.sql else query.sql

    assert len(name.split(".")) == QUERY_NAME_PARTS
    assert "order by" in query.sql.rpartition(")")[2] or query.sql.rstrip().splitlines()[-1].strip().startswith(
        "order by"
    )
    positions = [re.search(rf"\s{column}(,|\n)", query.sql) for column in query.columns]
    assert all(positions), selected
    starts = [position.start() for position in positions if position]
    assert starts == sorted(starts)
    assert set(re.findall(r":([a-z_]+)", query.sql)) == query.arguments.keys()


def test_the_plugin_asks_for_the_fields_that_its_queries_read_and_for_no_other() -> None:
    """Each `table.column` of the SQL, and none that could hold a number of social security or a note."""
    read = set()
    for query in queries().values():
        sql = re.sub(r"'[^']*'", "", query.sql)
        read |= {f"{table}.{column}".upper() for table, column in re.findall(r"\b([a-z_]+)\.([a-z_]+)\b", sql)
                 if table not in SUBQUERIES}  # fmt: skip
        read |= set(query.columns.values())
    unqualified = {"STUDENTRACE.STUDENTID"}  # in the subquery of races

    assert read | unqualified == granted_fields()
    assert not [field for field in granted_fields() if NEVER_GRANTED.search(field)]
    accesses = re.findall(r'access="(\w+)"', (FOLDER / "plugin.xml").read_text())
    assert set(accesses) == {"ViewOnly"}


def test_fields_of_published_tables_are_named_as_there() -> None:
    """Of the two tables whose fields the document lists."""

    def fields(table: str) -> set[str]:
        return {field.split(".")[1].lower() for field in granted_fields() if field.startswith(f"{table}.")}

    assert fields("TRANSPORTATION") == TRANSPORTATION | {"dcid"}
    assert fields("STOREDGRADES") - STORED_GRADES == {"dcid", "sectionid", "termid", "datestored"}


def test_rows_of_the_sandbox_have_the_columns_of_the_queries() -> None:
    """Each row has all columns of its query, and a text or null in each."""
    rows = tables(make_district(30))
    checked = set()
    for name, query in queries().items():
        table = max((table for table in rows if name.removeprefix(PREFIX).startswith(table)), key=len)
        for row in rows[table]:
            visible = {column: value for column, value in row.items() if not column.startswith("_")}
            assert visible.keys() == query.columns.keys(), name
            assert all(value is None or isinstance(value, str) for value in visible.values())
            checked.add(table)

    assert checked == rows.keys()


async def test_a_field_that_is_not_granted_is_an_error() -> None:
    """An administrator took the birth dates away: identities fail, and other queries are answered."""
    facts = make_district(12)
    sandbox = PowerSchoolSandbox(facts, not_granted=["STUDENTS.DOB"])
    student = StudentId(facts.students[0].id)
    async with open_adapter(sandbox) as adapter:
        identities: Mapping[StudentId, Any] = await adapter.student_identities_by_id([student])
        students: Mapping[StudentId, Any] = await adapter.students_by_id([student])

    assert isinstance(identities[student], RefusedError)
    assert students[student].name.last_name == facts.students[0].last


async def test_the_sandbox_is_as_the_document_says() -> None:
    """Pages of 100 rows if nothing is said, all rows with size 0, and refusals of what a query does not take."""
    sandbox = PowerSchoolSandbox(make_district(150))
    transport = httpx.ASGITransport(app=sandbox.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://ps.example") as client:
        form = {"grant_type": "client_credentials"}
        token = (await client.post("/oauth/access_token", data=form, auth=(CLIENT_ID, CLIENT_SECRET))).json()
        client.headers.update({"Authorization": f"Bearer {token['access_token']}", "Accept": "application/json"})
        url = f"/ws/schema/query/{PREFIX}people.students"
        default = (await client.post(url, json={})).json()
        everything = (await client.post(f"{url}?pagesize=0&count=true", json={})).json()
        wrong = [
            (await client.post(f"{url}_by_number", json=body)).status_code
            for body in ({}, {"students": "401001"}, {"students": ["401001"], "x": 1})
        ]
        unknown = (await client.post(f"{url}x", json={})).status_code
        metadata = (await client.get("/ws/v1/metadata")).json()["metadata"]
        district = (await client.get("/ws/v1/district")).json()["district"]

    assert len(default["record"]) == DEFAULT_PAGE_ROWS
    assert "count" not in default
    assert (len(everything["record"]), everything["count"]) == (150, 150)
    assert (wrong, unknown) == ([400, 400, 400], 404)
    assert metadata.keys() == METADATA
    assert district.keys() == DISTRICT
