"""
`policy`: the cost of the access policy, of recording disclosures and of verifying tokens.

A page of 500 students is executed over prepared answers, shared as the cache shares them, with and without the
policy.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from jwt import PyJWK
from jwt.algorithms import ECAlgorithm

from benchmarks.page import Page
from benchmarks.support.district import DISTRICT, VIEWER, make_district
from benchmarks.support.figures import Row
from student_graph.adapters.answers import Ref
from student_graph.adapters.model import DistrictId, StudentId
from student_graph.adapters.sources import Fetch
from student_graph.gateway.auth import Issuer, IssuerKeys, TokenVerifier
from student_graph.gateway.authorization.policy import authorized
from student_graph.gateway.disclosure import DisclosureKeys, DisclosureLog
from student_graph.gateway.disclosure.entries import OperationSummary, disclosed_records, disclosure_entry
from student_graph.resolvers.access import Reach, unlimited_grants
from student_graph.resolvers.context import Viewer, ViewerRole
from student_graph.resolvers.operation import Operation

MAX_POLICY_PERCENT = 10.0
"""Goal: the time of the policy in percent of the executor's time."""
MAX_TOKEN_MS = 0.15
"""Goal: the time to verify a new token."""
STUDENT_COUNT = 500
TEACHER = Viewer("bench", ViewerRole.TEACHER, frozenset({DISTRICT}), unlimited_grants())


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    runs = 6 if quick else 60
    page = Page(STUDENT_COUNT)
    ids = frozenset(StudentId(f"{600_000 + n}") for n in range(STUDENT_COUNT))
    reaches = {
        "superintendent": (VIEWER, Reach(everybody=True)),
        "teacher": (TEACHER, Reach(groups={Ref("section", "101/S"): ids})),
    }
    fetches: dict[str, Callable[[Operation], Fetch]] = {"": lambda _: page.fetch}
    for name, (viewer, reach) in reaches.items():
        fetches[name] = _with_policy(page.fetch, viewer, reach)
    seconds_by_name: dict[str, list[float]] = {name: [] for name in fetches}
    operation = Operation()
    rng, variants = Random(1), list(fetches.items())  # noqa: S311 - a fixed seed
    for _ in range(runs + 3):
        # In random order, so that slow moments of the machine affect all variants. In a fixed order the garbage
        # collector, which runs after a number of allocations, would run during the same variant each time.
        rng.shuffle(variants)
        for name, create_fetch in variants:
            operation = Operation()
            started = time.perf_counter()
            await page.run("breadth", create_fetch(operation), operation)
            seconds_by_name[name].append(time.perf_counter() - started)
    executor_seconds = _median(seconds_by_name[""])
    rows = [
        Row(
            "policy",
            "page of 500",
            f"{name}, over the executor",
            100 * (_median(seconds_by_name[name]) / executor_seconds - 1),
            "%",
            MAX_POLICY_PERCENT,
        )
        for name in reaches
    ]
    rows += [Row("policy", "page of 500", "the executor alone", executor_seconds * 1000, "ms")]
    return [*rows, *await _measure_records(operation, runs, executor_seconds), *await _measure_tokens(runs)]


def _with_policy(fetch: Fetch, viewer: Viewer, reach: Reach) -> Callable[[Operation], Fetch]:
    """Creates the fetch that applies the policy, for an operation."""

    async def reach_of(_: DistrictId) -> Reach:
        return reach

    return lambda operation: authorized(
        fetch, viewer, {DISTRICT: make_district()}, reach_of, operation.disclosures
    )


async def _measure_records(operation: Operation, runs: int, executor_seconds: float) -> list[Row]:
    """The time to record the disclosures of a page of 500, and to record them again."""
    keys = DisclosureKeys(b"k" * 32)
    summary = OperationSummary("sha256:" + "0" * 64, "Page", ("Student.name", "Student.courseGrades"))
    with tempfile.TemporaryDirectory() as folder:
        log = DisclosureLog(Path(folder), keys)
        first, again = [], []
        for _ in range(runs + 3):
            started = time.perf_counter()
            [(district, records)] = (await disclosed_records(operation.disclosures.records)).items()
            entry = disclosure_entry(keys, VIEWER, summary, district, records, policy="", denied=0)
            log.write([entry], {}, "r" * 32)
            first.append(time.perf_counter() - started)
            started = time.perf_counter()
            log.write([entry], {}, "r" * 32)
            again.append(time.perf_counter() - started)
        log.current_file.close()
    return [
        Row("policy", "record", "a page of 500, over the executor", 100 * _median(first) / executor_seconds, "%"),
        Row("policy", "record", "a page of 500 once more", _median(again) * 1000, "ms"),
    ]


async def _measure_tokens(runs: int) -> list[Row]:
    """The time to verify a token, the first time and again."""
    key = generate_private_key(SECP256R1())
    public = PyJWK({**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": "one"})
    issuer = Issuer(
        "https://login.example",
        IssuerKeys(static_keys={"one": public}),
        "student-graph",
        frozenset({DISTRICT}),
        roles={"teacher": ViewerRole.TEACHER},
    )
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": issuer.name,
        "aud": issuer.audience,
        "iat": now,
        "exp": now + 600,
        "role": "teacher",
    }
    tokens = [
        jwt.encode({**claims, "sub": str(n)}, key, "ES256", headers={"kid": "one"}) for n in range(10 * runs)
    ]
    verifier = TokenVerifier({issuer.name: issuer})
    seconds_by_name: dict[str, list[float]] = {"the first time": [], "again": []}
    for seconds in seconds_by_name.values():
        for token in tokens:
            started = time.perf_counter()
            await verifier.viewer(token)
            seconds.append(time.perf_counter() - started)
    goals = {"the first time": MAX_TOKEN_MS, "again": None}
    return [
        Row("policy", "token", name, _median(times) * 1000, "ms", goals[name])
        for name, times in seconds_by_name.items()
    ]


def _median(seconds: list[float]) -> float:
    """The median without the first twentieth of the runs, which warm up."""
    return sorted(seconds[len(seconds) // 20 :])[len(seconds[len(seconds) // 20 :]) // 2]
