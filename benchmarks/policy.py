"""
`policy`: what it costs to decide who may see what, to record it, and to know who asks.

The page of 500 students is carried out by the executor over answers at hand, kept together as the cache keeps
them, with and without the policy before them.
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

SHARE = 10.0
"""Per cent of the executor's time that the policy may take for a page of 500."""
TOKEN = 0.15
"""Milliseconds in which a token is verified."""
STUDENTS = 500
TEACHER = Viewer("bench", ViewerRole.TEACHER, frozenset({DISTRICT}), unlimited_grants())


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    runs = 6 if quick else 60
    page = Page(STUDENTS)
    ids = frozenset(StudentId(f"{600_000 + n}") for n in range(STUDENTS))
    reaches = {
        "superintendent": (VIEWER, Reach(everybody=True)),
        "teacher": (TEACHER, Reach(groups={Ref("section", "101/S"): ids})),
    }
    fetches: dict[str, Callable[[Operation], Fetch]] = {"": lambda _: page.fetch}
    for name, (viewer, reach) in reaches.items():
        fetches[name] = _before(page.fetch, viewer, reach)
    spent: dict[str, list[float]] = {name: [] for name in fetches}
    operation = Operation()
    chance, turns = Random(1), list(fetches.items())  # noqa: S311 - the same order in each run
    for _ in range(runs + 3):
        # By turns, so that a slow moment of the machine is everybody's; the collector, which comes every so many
        # objects, would else come to the same one each time.
        chance.shuffle(turns)
        for name, make in turns:
            operation = Operation()
            started = time.perf_counter()
            await page.run("breadth", make(operation), operation)
            spent[name].append(time.perf_counter() - started)
    bare = _middle(spent[""])
    rows = [
        Row(
            "policy",
            "page of 500",
            f"{name}, over the executor",
            100 * (_middle(spent[name]) / bare - 1),
            "%",
            SHARE,
        )
        for name in reaches
    ]
    rows += [Row("policy", "page of 500", "the executor alone", bare * 1000, "ms")]
    return [*rows, *_record(operation, runs, bare), *await _tokens(runs)]


def _before(fetch: Fetch, viewer: Viewer, reach: Reach) -> Callable[[Operation], Fetch]:
    """A fetch with the policy before it."""

    async def reach_of(_: DistrictId) -> Reach:
        return reach

    return lambda operation: authorized(
        fetch, viewer, {DISTRICT: make_district()}, reach_of, operation.disclosures
    )


def _record(operation: Operation, runs: int, bare: float) -> list[Row]:
    """What it takes to record a page of 500, and to record it again."""
    secrets = DisclosureKeys(b"k" * 32)
    asked = OperationSummary("sha256:" + "0" * 64, "Page", ("Student.name", "Student.courseGrades"))
    with tempfile.TemporaryDirectory() as folder:
        log = DisclosureLog(Path(folder), secrets)
        first, again = [], []
        for _ in range(runs + 3):
            started = time.perf_counter()
            [(name, told)] = disclosed_records(operation.disclosures.records).items()
            made = disclosure_entry(secrets, VIEWER, asked, name, told, policy="", denied=0)
            log.write([made], {}, "r" * 32)
            first.append(time.perf_counter() - started)
            started = time.perf_counter()
            log.write([made], {}, "r" * 32)
            again.append(time.perf_counter() - started)
        log.current_file.close()
    return [
        Row("policy", "record", "a page of 500, over the executor", 100 * _middle(first) / bare, "%"),
        Row("policy", "record", "a page of 500 once more", _middle(again) * 1000, "ms"),
    ]


async def _tokens(runs: int) -> list[Row]:
    """How long it takes to know whose token it is."""
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
    spent: dict[str, list[float]] = {"the first time": [], "again": []}
    for times in spent.values():
        for token in tokens:
            started = time.perf_counter()
            await verifier.viewer(token)
            times.append(time.perf_counter() - started)
    goals = {"the first time": TOKEN, "again": None}
    return [
        Row("policy", "token", name, _middle(times) * 1000, "ms", goals[name]) for name, times in spent.items()
    ]


def _middle(seconds: list[float]) -> float:
    return sorted(seconds[len(seconds) // 20 :])[len(seconds[len(seconds) // 20 :]) // 2]
