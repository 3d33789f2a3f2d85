"""The estimated cost of lists of students with a condition or an order, and what a refusal says."""

from __future__ import annotations

from typing import Any

import pytest

from student_graph.adapters.model import DistrictId
from student_graph.adapters.registry import find_adapter
from student_graph.adapters.sources import District, Source
from student_graph.gateway.documents.cost_cache import CostCache
from student_graph.gateway.documents.limits import DocumentLimits, LimitChecker
from student_graph.gateway.documents.prices import OperationCost
from student_graph.gateway.documents.store import DocumentStore
from student_graph.resolvers.cohorts.conditions.reads import reads_of_list
from student_graph.resolvers.cohorts.measurement.parts import lookup_methods
from student_graph.resolvers.metrics.registry import METRICS
from student_graph.resolvers.schema import core_schema, make_schema
from tests.clients import async_client

SCHEMA = core_schema(make_schema())
LIST = (
    "query($f: StudentFilter!, $o: StudentOrder) { a: students(filter: $f, orderBy: $o, first: 1) { totalCount } }"
)
CHRONIC = {"metric": {"metric": "CHRONIC_ABSENCE", "level": ["AT_RISK"]}}
BELOW = {"not": {"assessment": {"family": "ACT", "proficient": True}}}


def districts(students: int) -> list[District]:
    """Return a district of so many students on Ed-Fi, which no test calls."""
    kind, id_ = find_adapter("edfi"), DistrictId("hill")
    values = {"base_url": "http://edfi.test", "client_id": "a", "client_secret": "b", "students": students}
    adapter = kind("sis", kind.settings_type().model_validate(values), async_client())
    return [District(id_, "Hill", (Source("sis", "edfi", id_, adapter),))]


def cost(text: str, students: int = 10_000, **variables: Any) -> OperationCost:
    """Return the estimated cost of a document over a district of so many students."""
    document = DocumentStore(SCHEMA).get_by_text(text)
    assert not document.errors
    return CostCache(SCHEMA).cost(document, document.operation(None), variables, districts(students))


def test_a_condition_costs_the_calls_of_what_it_reads() -> None:
    """More conditions and larger districts cost more; a list without any costs what it cost before."""
    plain = cost(LIST, f={}).list_calls
    program = cost(LIST, f={"where": {"program": {"kind": "TITLE_I"}}}).list_calls
    both = cost(LIST, f={"where": {"all": [{"program": {"kind": "TITLE_I"}}, CHRONIC]}}).list_calls
    ordered = cost(LIST, f={}, o={"metric": "CHRONIC_ABSENCE"}).list_calls

    assert plain == 0 < program < both
    assert plain < ordered < both
    assert cost(LIST, f={"where": CHRONIC}).calls <= cost(LIST, f={}).calls
    assert cost(LIST, 2_000, f={"where": CHRONIC}).list_calls < cost(LIST, f={"where": CHRONIC}).list_calls


@pytest.mark.parametrize("bound", [{"ids": ["1", "2"]}, {"school": "1"}])
def test_a_bound_makes_a_condition_cheaper(bound: dict[str, Any]) -> None:
    """Two students, or those of a school, need fewer calls than all students of a district."""
    everybody = cost(LIST, f={"where": {"all": [CHRONIC, BELOW]}})
    bounded = cost(LIST, f={**bound, "where": {"all": [CHRONIC, BELOW]}})
    assert bounded.list_calls <= everybody.list_calls
    assert cost(LIST, f={"ids": ["1", "2"], "where": CHRONIC}).list_calls < 20


def test_a_condition_costs_the_same_in_a_variable_and_in_the_document() -> None:
    """A client cannot hide the cost of a filter."""
    literal = """{ a: students(
        filter: {where: {metric: {metric: CHRONIC_ABSENCE, level: [AT_RISK]}}}, first: 1
    ) { totalCount } }"""
    assert cost(literal).list_calls == cost(LIST, f={"where": CHRONIC}).list_calls


def test_conditions_that_read_the_same_are_read_once() -> None:
    """Two lists of the same records cost little more than one: an operation calls each lookup once."""
    two = LIST.removesuffix("}") + " b: students(filter: $f, orderBy: $o, first: 1) { totalCount } }"
    assert cost(two, f={"where": CHRONIC}).list_calls <= cost(LIST, f={"where": CHRONIC}).list_calls + 1


def test_a_refusal_names_the_list_and_what_bounds_it() -> None:
    """It says where most calls are expected, how many, and that a school or ids would bound them."""
    checker = LimitChecker(DocumentLimits(list_calls=20))
    refused = checker.cost_error(cost(LIST, f={"where": {"all": [CHRONIC, BELOW]}}), service=False)
    assert refused is not None
    assert refused.extensions == {"code": "QUERY_TOO_COMPLEX", "limit": 20}
    assert "The most calls are expected at a (" in refused.message
    assert refused.message.endswith("a judges all students of its list: name a school, ids or fewer conditions.")

    rosters = "{ viewer { sections { roster { student { name { lastName } } } } } }"
    other = LimitChecker(DocumentLimits(calls=1)).cost_error(cost(rosters), service=False)
    assert other is not None
    assert "The most calls are expected at viewer.sections" in other.message
    assert "judges all" not in other.message


def test_every_condition_and_metric_has_its_reads() -> None:
    """No kind of condition is free, also under all, any and not."""
    kinds: dict[str, Any] = {
        "enrollment": {},
        "gradeLevels": ["SIXTH"],
        "section": "x",
        "program": {"kind": "HOMELESS"},
        "meals": {"statuses": ["FREE"]},
        "bus": {},
        "assessment": {"family": "ACT"},
        "metric": {"metric": "ABSENT_DAYS"},
    }
    reads = reads_of_list(in_school=False)
    for kind, value in kinds.items():
        alone = reads({"filter": {"where": {kind: value}}}).lookups
        assert alone
        nested = {"all": [{"any": [{"not": {kind: value}}]}]}
        assert reads({"filter": {"where": nested}}).lookups == alone
    for metric, spec in METRICS.items():
        for name in (metric, metric.name):
            lookups = reads({"filter": {}, "orderBy": {"metric": name}}).lookups
            assert [lookup.method for lookup in lookups] == lookup_methods(spec.parts)
