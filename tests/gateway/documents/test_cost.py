"""Estimated costs: how long lists are, what affects the estimate, and what a refusal tells the client."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from student_graph.adapters.answers import Answer
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import Lookup, lookup_of
from student_graph.adapters.sources import Source
from student_graph.gateway.documents.cost import CostEstimator
from student_graph.gateway.documents.cost_cache import CostCache
from student_graph.gateway.documents.limits import DocumentLimits, LimitChecker
from student_graph.gateway.documents.prices import OperationCost
from student_graph.gateway.documents.store import DocumentStore
from student_graph.gateway.fetch.list_lengths import MIN_KEYS, ListLengths
from student_graph.resolvers.context import ListLength, declared_list_length
from student_graph.resolvers.schema import core_schema, make_schema
from tests.gateway.small_district import Ledger, Sis, district, source
from tests.subcases import subcases

SCHEMA = core_schema(make_schema())
EXAMPLES = Path(__file__).parents[3] / "examples" / "queries"
STUDENTS = """
query Page($first: Int!, $name: String) {
  students(filter: {name: $name}, first: $first) { edges { node { studentUniqueId } } }
}
query One { student(studentUniqueId: "1") { studentUniqueId } }
"""
PAGE = "students(filter: {{}}{first}) {{ edges {{ node {{ attendanceEvents(first: 100) {{ totalCount }} }} }} }}"
ALL_WORK = """
query {
  viewer { sections { roster { student {
    name { firstName } gradeLevel
    courseGrades { numeric } assignments { title }
    attendanceEvents(first: 100) { edges { node { date } } }
    assessments { assessment { title } scores { result } }
  } } } }
}
"""
FIVE_LISTS = """
query Page($first: Int!) {
  students(filter: {}, first: $first) { edges { node {
    courseGrades { numeric } assignments { title } enrollments { entryDate }
    attendanceEvents(first: 100) { edges { node { date } } } assessments { scores { result } }
  } } }
}
"""


def cost(
    text: str, variables: dict[str, Any] | None = None, list_length: ListLength = declared_list_length
) -> OperationCost:
    """The estimated cost of the only operation of a document over one small district."""
    document = DocumentStore(SCHEMA).get_by_text(text)
    assert not document.errors
    operation = document.operation(None)
    return CostCache(SCHEMA, list_length).cost(document, operation, variables, [district(Ledger())])


def test_two_operations_of_a_document_have_their_own_costs() -> None:
    """The cache tells them apart by name, and equal documents parsed twice share one entry."""
    costs, districts = CostCache(SCHEMA), [district(Ledger())]
    document, parsed_again = (DocumentStore(SCHEMA).get_by_text(STUDENTS) for _ in range(2))
    page = costs.cost(document, document.operation("Page"), {"first": 7}, districts)
    single = costs.cost(document, document.operation("One"), None, districts)

    assert (page.records, single.records) == (7, 1)
    assert costs.cost(parsed_again, parsed_again.operation("Page"), {"first": 7}, districts) is page


def test_a_cost_depends_on_sizes_in_the_variables_alone() -> None:
    """A number and the length of a list matter; a text does not."""
    costs, districts = CostCache(SCHEMA), [district(Ledger())]
    document = DocumentStore(SCHEMA).get_by_text(STUDENTS)

    def page_cost(first: int, name: str) -> OperationCost:
        return costs.cost(document, document.operation("Page"), {"first": first, "name": name}, districts)

    assert page_cost(7, "Ada") is page_cost(7, "Grace")
    assert page_cost(90, "Ada").records == 90


@subcases(
    ("declaration", "argument", "variables"),
    [
        ("", ", first: 100", {}),
        ("query ($n: Int!) ", ", first: $n", {"n": 100}),
        ("query ($n: Int!) ", ", first: $n", {"n": 100.0}),
        ("query ($n: Int! = 100) ", ", first: $n", {}),
        ("query ($n: Int = 100) ", ", first: $n", {}),
    ],
)
def test_a_number_is_priced_as_the_field_will_get_it(
    declaration: str, argument: str, variables: dict[str, Any]
) -> None:
    """A literal, a default, an integer variable and a float variable of the same value cost the same."""
    text = f"{declaration}{{ {PAGE.format(first=argument)} }}"

    assert cost(text, variables).records == 100


@pytest.mark.parametrize("invalid", [{"name": 7}, {"nam": "x"}, {"name": []}])
def test_variables_that_are_refused_do_not_make_others_cheap(invalid: dict[str, Any]) -> None:
    """The cost of an operation with a filter is the same after one whose filter is not valid."""
    costs, districts = CostCache(SCHEMA), [district(Ledger())]
    text = "query($f: StudentFilter!) { students(filter: $f, first: 50) { edges { node { studentUniqueId } } } }"
    document = DocumentStore(SCHEMA).get_by_text(text)
    refused, valid = (
        costs.cost(document, document.operation(None), {"f": value}, districts)
        for value in (invalid, {"name": "x"})
    )

    assert (refused.records, valid.records) == (0, 50)


INDICATORS = "{{ viewer {{ sections {{ roster {{ student {{ indicators{arguments} {{ level }} }} }} }} }} }}"


def test_indicators_are_priced_by_the_preset_in_the_document() -> None:
    """A preset without tests does not pay for their systems; a variable may name any preset and pays for all."""
    lookups = {}
    for name, arguments in {
        "none": "",
        "balfanz": '(preset: "ews_balfanz")',
        "with tests": '(preset: "ews_balfanz", add: [ASSESSMENT])',
        "variable": "(preset: $preset)",
        "variable in a list": '(preset: "ews_balfanz", add: [$added])',
    }.items():
        variables = {"$preset": "$preset: String", "$added": "$added: Domain!"}
        declared = [declaration for variable, declaration in variables.items() if variable in arguments]
        head = f"query ({declared[0]}) " if declared else ""
        document = DocumentStore(SCHEMA).get_by_text(head + INDICATORS.format(arguments=arguments))
        estimator = CostEstimator(
            SCHEMA, {}, {"preset": "ews_balfanz", "added": "ATTENDANCE"}, [district(Ledger())]
        )
        assert estimator.cost(document.operation(None)) is not None
        lookups[name] = {lookup.name for lookup in estimator.reads}

    tests = {"assessment_results_by_student", "assessments_by_id"}
    assert "attendance_events_by_student" in lookups["balfanz"]
    assert not lookups["balfanz"] & tests
    assert not lookups["none"] & tests
    assert lookups["with tests"] == lookups["balfanz"] | tests
    assert lookups["variable"] == lookups["variable in a list"] > lookups["with tests"]


def test_the_default_of_first_is_the_length_of_a_page() -> None:
    """The schema's default, 25, counts for a field without the argument."""
    assert cost(f"{{ {PAGE.format(first='')} }}").records == 25


def test_first_is_an_upper_bound_of_a_list_that_is_usually_shorter() -> None:
    """A hundred events may be asked for, but a student has sixteen; five are five."""
    events = (
        '{{ student(studentUniqueId: "1") {{ attendanceEvents(first: {}) {{ edges {{ node {{ date }} }} }} }} }}'
    )

    assert cost(events.format(100)).records == 1 + 16
    assert cost(events.format(5)).records == 1 + 5


@pytest.mark.parametrize(
    ("root", "argument", "type_"), [("nodes", "ids", "ID"), ("_entities", "representations", "_Any")]
)
def test_a_list_of_keys_has_a_price(root: str, argument: str, type_: str) -> None:
    """For the records that it names, for those below them, and for the lookups that read them."""
    schema = core_schema(make_schema(federation=True))
    fields = "... on Student { assignments { title } }"
    document = f"query ($keys: [{type_}!]!) {{ {root}({argument}: $keys) {{ {fields} }} }}"
    parsed = DocumentStore(schema).get_by_text(document)
    keys = {"keys": [f"{index}" for index in range(30)]}
    estimator = CostEstimator(schema, {}, keys, [district(Ledger())])
    estimate = estimator.cost(parsed.operation(None))

    assert not parsed.errors
    assert estimate is not None
    assert {price.path: price.records / 30 for price in estimate.costliest} == {root: 1, f"{root}.assignments": 60}
    assert estimator.reads[lookup_of(Adapter.students_by_id)].keys == 30


def test_a_list_is_as_long_as_the_source_answered_lately() -> None:
    """The average of the answers replaces what the lookup declares, once enough keys are known."""
    enrollments = lookup_of(Adapter.school_enrollments_by_student)
    text = '{ student(studentUniqueId: "1") { enrollments { entryDate } } }'

    def list_length(_: Source, lookup: Lookup) -> float:
        return 40.0 if lookup is enrollments else 1.0

    assert cost(text).records == 1 + enrollments.records_per_key
    assert cost(text, list_length=list_length).records == 1 + 40


def test_list_lengths_are_learned_from_answers() -> None:
    """The average counts once there are enough keys, and the last keys weigh more than old ones."""
    lengths, sis = ListLengths(), source(Sis, Ledger(), "sis")
    lookup = lookup_of(Adapter.school_enrollments_by_student)

    def learn(records: int, keys: int) -> None:
        answer: Answer[Any] = Answer([None] * records, "sis", datetime(2027, 1, 1, tzinfo=UTC))
        lengths.learn(sis, lookup, {f"s{key}": answer for key in range(keys)})

    learn(5, MIN_KEYS - 1)
    assert lengths(sis, lookup) == lookup.records_per_key
    learn(5, 1)
    assert lengths(sis, lookup) == 5
    for _ in range(20):
        learn(1, 1_000)
    assert lengths(sis, lookup) == pytest.approx(1, abs=0.01)


def test_a_refusal_names_the_costliest_fields_and_a_page_size_that_passes() -> None:
    """The three fields with the most records and their prices; the suggested `first` passes, one more does not."""
    checker = LimitChecker(DocumentLimits(cost=5_000))
    refused = cost(FIVE_LISTS, {"first": 100})
    error = checker.cost_error(refused, service=False)
    assert error is not None
    page = refused.smaller_page(5_000)
    assert page is not None

    assert error.message.startswith("The response may hold too many records; request fewer at once: ")
    assert "students.edges.node.assignments (6000)" in error.message
    assert f"It would pass with first: {page.first} at students, which is Query.students(first:)." in error.message
    assert (error.extensions or {})["coordinate"] == "Student.assignments"
    assert checker.cost_error(cost(FIVE_LISTS, {"first": page.first}), service=False) is None
    assert checker.cost_error(cost(FIVE_LISTS, {"first": page.first + 1}), service=False) is not None


def test_a_refusal_does_not_repeat_a_long_alias() -> None:
    """An alias of thousands of characters does not fill the error and the log."""
    alias = "a" * 5_000
    error = LimitChecker(DocumentLimits(cost=1)).cost_error(
        cost(f"{{ {alias}: students(filter: {{}}) {{ edges {{ node {{ id }} }} }} }}"), service=False
    )

    assert error is not None
    assert len(error.message) < 400


@subcases("file", sorted(EXAMPLES.glob("*.graphql")), ids=lambda file: file.stem)
def test_the_default_limits_admit_every_example(file: Path) -> None:
    """Each document of examples/queries is within the default limits."""
    variables = {"studentUniqueId": "1"} if "$studentUniqueId: String!" in file.read_text() else {}

    assert LimitChecker().cost_error(cost(file.read_text(), variables), service=False) is None


def test_the_default_limits_admit_a_teachers_day_and_a_list_of_500() -> None:
    """All work of each student of six classes for a person; 500 students with five lists each for a service."""
    assert LimitChecker().cost_error(cost(ALL_WORK), service=False) is None
    assert LimitChecker().cost_error(cost(FIVE_LISTS, {"first": 100}), service=False) is None
    assert LimitChecker().cost_error(cost(FIVE_LISTS, {"first": 500}), service=True) is None
