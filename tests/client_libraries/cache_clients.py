"""The clients with a normalized cache, and what each of them is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from student_graph.adapters.sandbox.demo_student import demo_student
from student_graph.gateway.cli.schema.type_policies import WRITERS
from student_graph.gateway.demo.districts import DemoDistrict
from student_graph.resolvers.schema import core_schema, make_schema
from tests.client_libraries.node_project import run_script
from tests.gateway.documents.examples.questions import FOLDER, QUESTIONS
from tests.scenarios.helpers.demo_gateway import DemoGateway


@dataclass(frozen=True)
class CacheClient:
    """A client's library, with the policies of its cache."""

    name: str
    policies: str
    """Name of the cache, as `student-graph schema --type-policies` takes it."""
    libraries: tuple[tuple[str, Any], ...] = ()
    """What its scripts import."""

    def run(self, kind: str, folder: Path, policies: str | None = None, **members: Any) -> Any:
        """Run its script of a kind with the policies of the schema, or with others, and return what it prints."""
        text = policies or WRITERS[self.policies](core_schema(make_schema()))
        script = "urql" if self.policies == "graphcache" else self.policies
        if self.name == "apollo-3":
            # Node does not resolve folders of packages without `exports`; bundlers do.
            text = text.replace('"@apollo/client/utilities"', '"@apollo/client-3/utilities/index.js"')
        (folder / "policies.mjs").write_text(text)
        return run_script(f"{script}_{kind}.mjs", folder, **dict(self.libraries), **members)


CLIENTS = (
    CacheClient("urql", "graphcache"),
    CacheClient(
        "apollo-4",
        "apollo",
        (
            ("library", "@apollo/client"),
            ("persistedLibrary", "@apollo/client/link/persisted-queries"),
            ("incrementalLibrary", "@apollo/client/incremental"),
            ("handlers", ["Defer20220824Handler", "GraphQL17Alpha9Handler"]),
        ),
    ),
    CacheClient(
        "apollo-3",
        "apollo",
        (
            ("library", "@apollo/client-3/core/index.js"),
            ("persistedLibrary", "@apollo/client-3/link/persisted-queries/index.js"),
            ("handlers", ["default"]),
        ),
    ),
)


def url_of(gateway: DemoGateway) -> str:
    """Return the address of a gateway's graph."""
    return f"{str(gateway.client.base_url).rstrip('/')}/graphql"


def example_jobs(gateway: DemoGateway, district: DemoDistrict) -> list[dict[str, Any]]:
    """Return the documents of examples/queries with variables, each with the token of its viewer."""
    jobs = []
    for name, question in QUESTIONS.items():
        document = (FOLDER / f"{name}.graphql").read_text("utf-8")
        variables = question.all_variables(document, district)
        token = gateway.tokens[question.viewer]
        jobs.append({"name": name, "document": document, "variables": variables, "token": token})
    return jobs


_DEFERRED = """query OneStudent($number: String!) {
  student(by: { studentUniqueId: $number }) {
    id
    name { firstName lastName }
    ... @defer { courseGrades { letter numeric section { id courseTitle } } }
    ...Work @defer
  }
}
fragment Work on Student { assignments { title } attendance { absentDays { value level } } }
"""
_PERSISTED = "query Districts { districts { id name } }"
_PAGE = """query Page($after: String) {
  students(filter: {}, first: 7, after: $after) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { id studentUniqueId } }
  }
}
"""


def behavior_input(gateway: DemoGateway, district: DemoDistrict) -> dict[str, Any]:
    """Return what the scripts of behavior are asked to do."""
    number = {"number": demo_student(district.facts)}
    return {
        "url": url_of(gateway),
        "token": gateway.tokens["superintendent"],
        "deferred": {"query": _DEFERRED, "variables": number},
        "undeferred": {"query": _DEFERRED.replace("@defer", ""), "variables": number},
        "persisted": {"query": _PERSISTED, "variables": {}},
        "firstPage": {"query": _PAGE, "variables": {}},
        "replaced": [*map(_step, REPLACED)],
        "aliased": [_namesake("ada", "Hill"), _namesake("bo", "Stone")],
        "reads": READS,
    }


def _step(step: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    selections, student = step
    query = f'query {{ student(by: {{ id: "ada" }}) {{ id {selections} }} }}'
    data = {"student": {"__typename": "Student", "id": "ada", **student}}
    return {"query": query, "variables": {}, "data": data}


def _namesake(id: str, last_name: str) -> dict[str, Any]:
    """A student whose first name, which another student has too, is selected as `id`."""
    name = _object("PersonName", id="Kim", lastName=last_name)
    query = f'query {{ student(by: {{ id: "{id}" }}) {{ id name {{ id: firstName lastName }} }} }}'
    return {"query": query, "variables": {}, "data": {"student": _object("Student", id=id, name=name)}}


def _object(type_name: str, **members: Any) -> dict[str, Any]:
    return {"__typename": type_name, **members}


REPLACED: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "name { firstName } courseGrades { letter numeric } transportation { busNumber mileage }",
        {
            "name": _object("PersonName", firstName="Ada"),
            "courseGrades": [
                _object("CourseGrade", letter="A", numeric=95),
                _object("CourseGrade", letter="B", numeric=85),
            ],
            "transportation": _object("Transportation", busNumber="11", mileage=2.5),
        },
    ),
    (
        "name { lastName } courseGrades { letter } transportation { busNumber }",
        {
            "name": _object("PersonName", lastName="Hill"),
            "courseGrades": [_object("CourseGrade", letter="B")],
            "transportation": _object("Transportation", busNumber="12"),
        },
    ),
)
"""
Selections of a student and their results, one after the other.

The second list has lost its first grade, and the second bus is another one. The names are those of one person.
"""
READS = tuple(
    f'query {{ student(by: {{ id: "ada" }}) {{ id {selections} }} }}'
    for selections in (
        "name { firstName lastName }",
        "courseGrades { letter }",
        "courseGrades { letter numeric }",
        "transportation { busNumber }",
        "transportation { busNumber mileage }",
    )
)
"""What the cache is asked for then: the name in full, the others as in the second result and in full."""
