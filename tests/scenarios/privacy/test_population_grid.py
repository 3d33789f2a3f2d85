"""Filters with conditions, for every role and class of data, and for viewers who share one cache."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.long_runs import size
from tests.scenarios.helpers.namesake_districts import DALE, HILL, NUMBERS
from tests.scenarios.privacy import test_grid as grid
from tests.scenarios.privacy import test_mixed_viewers as mixed
from tests.scenarios.privacy.cache_comparison import CacheComparison, codes_of
from tests.scenarios.privacy.test_grid import ALL_CLASSES, CLASSES, RELATIONS, VISIBLE, Stage

CONDITIONS = {
    "OPEN": "gradeLevels: [NINTH, TENTH, FIRST]",
    "PROGRAM": "program: {kind: LANGUAGE_INSTRUCTION}",
    "LOCATION": "bus: {}",
    "DISCIPLINE": "metric: {metric: INCIDENTS, atLeast: 1}",
    "DISABILITY": "program: {kind: SPECIAL_EDUCATION}",
    "MEAL": "meals: {statuses: [FREE, REDUCED]}",
    "HOMELESS": "program: {kind: HOMELESS}",
}
"""A condition on each class of data that conditions read."""
ORDERS = {"OPEN": "CHRONIC_ABSENCE", "DISCIPLINE": "INCIDENTS"}
"""A metric of each class of data that metrics are in."""
OPERATIONS = size(15, 1_000)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """The two districts of the grid of roles and relations."""
    yield from grid.stage.__wrapped__()  # type: ignore[attr-defined] # the function that the fixture wraps


def test_every_class_that_conditions_read_has_one_here() -> None:
    """No condition reads contacts, identifiers or demographics."""
    assert CONDITIONS.keys() == (ALL_CLASSES | {"OPEN"}) - {"PII", "CONTACT", "DEMOGRAPHIC"}


@pytest.mark.row("K01", "K02")
def test_every_role_filters_by_its_classes_only(
    stage: Stage, record_property: Callable[[str, object], None]
) -> None:
    """A list is refused without the grant; with it, each student within reach meets the condition or does not."""
    checks = 0
    for role in VISIBLE:
        number = 1 if role.endswith("-2") else 0
        district = stage.districts[number].id
        students = [stage.students[name] for name in RELATIONS if (name == "other district") == bool(number)]
        visible = {stage.students[name] for name in VISIBLE[role]} & set(students)
        for sensitivity, condition in CONDITIONS.items():
            filter = f'district: "{district}", ids: {json.dumps(students)}'
            page = "totalCount undecided edges { node { studentUniqueId } }"
            response = stage.gateway.post(
                f"{{ yes: students(filter: {{{filter}, where: {{{condition}}}}}) {{ {page} }} "
                f"no: students(filter: {{{filter}, where: {{not: {{{condition}}}}}}}) {{ {page} }} }}",
                role,
            )
            checks += 2
            codes = [error["extensions"]["code"] for error in response.get("errors", ())]
            allowed = sensitivity in {"OPEN"} | CLASSES[role]
            if not allowed or codes:  # the second district has no source of programs, meals, buses and incidents
                assert codes == (["NOT_OFFERED"] if allowed else ["FORBIDDEN"]) * 2, (role, sensitivity)
                assert not allowed or number
                assert response["data"] == {"yes": None, "no": None}
                continue
            yes, no = (grid.numbers_and_totals(response["data"][name])[0] for name in ("yes", "no"))
            assert yes.isdisjoint(no)
            assert yes | no == visible, (role, sensitivity)
            assert [response["data"][name]["totalCount"] for name in ("yes", "no")] == [len(yes), len(no)]
    record_property("filters", f"{checks} filters of {len(VISIBLE)} people by {len(CONDITIONS)} classes, 0 leaks")


@pytest.mark.row("K01")
def test_every_role_orders_by_its_classes_only(stage: Stage) -> None:
    """The order of a class without a grant is refused."""
    for role in VISIBLE:
        district = stage.districts[role.endswith("-2")].id
        for sensitivity, metric in ORDERS.items():
            order = f"{{metric: {metric}, direction: ASCENDING}}"
            query = f'students(filter: {{district: "{district}"}}, orderBy: {order}) {{ totalCount }}'
            response = stage.gateway.post(f"{{ {query} }}", role)
            codes = [error["extensions"]["code"] for error in response.get("errors", ())]
            allowed = sensitivity in {"OPEN"} | CLASSES[role]
            assert codes == ([] if allowed else ["FORBIDDEN"]), (role, metric)


def random_query(rng: random.Random) -> str:
    """Return a list with a condition and perhaps an order, of students of one of two districts."""
    where = rng.choice(
        [
            "metric: {metric: INCIDENTS, atLeast: 1}",
            "metric: {metric: INCIDENTS, atMost: 0}",
            'enrollment: {school: "101"}',
            "any: [{gradeLevels: [NINTH]}, {metric: {metric: INCIDENTS, atLeast: 1}}]",
            'all: [{enrollment: {school: "102"}}, {metric: {metric: INCIDENTS, atLeast: 1}}]',
        ]
    )
    where = rng.choice([where, f"not: {{{where}}}"])
    order = rng.choice(["", ", orderBy: {metric: INCIDENTS, direction: DESCENDING}"])
    ids = rng.choice(["", f", ids: {json.dumps(rng.sample(NUMBERS, 4))}"])
    district = rng.choice([HILL, DALE])
    name = "incidents" if "INCIDENTS" in where + order else "open"
    page = "totalCount undecided edges { node { n: studentUniqueId name { firstName } } }"
    return (
        f'{{ {name}: students(filter: {{district: "{district}"{ids}, where: {{{where}}}}}, first: 30{order}) '
        f"{{ {page} }} }}"
    )


@pytest.mark.row("K03")
@pytest.mark.long_run
async def test_populations_of_viewers_who_share_a_cache_are_their_own(
    record_property: Callable[[str, object], None],
) -> None:
    """Each answer is as without a cache, and a list by incidents holds nobody whose incidents are not granted."""
    rng, counts = random.Random(20261129), Counter[str]()  # noqa: S311 - the same queries each time
    gateways = CacheComparison()
    for _ in range(OPERATIONS):
        viewer, query = rng.choice(list(mixed.VIEWERS)), random_query(rng)
        response = await gateways.post(viewer, query)
        counts["refused"] += "FORBIDDEN" in codes_of(response)
        counts["listed"] += bool(
            (response.get("data") or {}).get("open") or (response["data"] or {}).get("incidents")
        )
        students: Any = (response.get("data") or {}).get("incidents")
        for edge in students["edges"] if students and "atLeast" in query and "any:" not in query else ():
            may_see = mixed.RESTRICTED_FIELDS.get(viewer, lambda _: set())(edge["node"]["n"])
            assert "incidents" in may_see or "not: {" in query, (viewer, query)
    record_property("populations", f"mixed viewers: {OPERATIONS} lists, {dict(counts)}, 0 foreign students")
    assert counts["refused"] > 0
    assert counts["listed"] > 0
