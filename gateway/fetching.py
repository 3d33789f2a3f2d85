"""How one operation asks: the chain from a viewer's question to the adapters, put together in one place."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from adapters.model import DistrictId
from adapters.sources import Answer, Ask, District, Fetch, Source, Sources
from gateway.flights import Flights
from gateway.identity import identified
from gateway.paths import routed
from gateway.policy import authorized
from gateway.telemetry import Telemetry, traced
from gateway.vendor import bounded, fetch_from_vendor
from resolvers.context import Context, Operation, Seal, Traffic, Viewer

DEADLINE = 10.0
"""Seconds that an operation may take."""


def begin(districts: Mapping[DistrictId, District], viewer: Viewer, telemetry: Telemetry, seal: Seal) -> Context:
    """What the resolvers of one operation use."""
    operation = Operation()
    deadline = asyncio.get_running_loop().time() + DEADLINE
    fetch = chain(districts, viewer, telemetry, operation.traffic, deadline)
    return Context(viewer, Sources(districts, fetch), operation, seal, telemetry.health)


def chain(
    districts: Mapping[DistrictId, District],
    viewer: Viewer,
    telemetry: Telemetry,
    traffic: dict[str, Traffic],
    deadline: float,
) -> Fetch:
    """
    authorized -> shared -> identified -> routed -> shared -> bounded -> traced -> adapter.

    Shared stands twice: outside, so that identity and access paths see all keys of a field at once; inside, so
    that the lookups which those two add (identities, coarse reads) are asked once, whoever needs them. An ask that
    neither of the two changes goes by the inner flights alone.
    """
    once = Flights(traced(bounded(fetch_from_vendor, deadline), telemetry, traffic))
    known = Flights(routed(once, once))
    merged = Flights(identified(known, districts, telemetry), turns=2)
    plain = once.waiting(turns=2)

    async def fetch(source: Source, ask: Ask[Any], /) -> Mapping[Any, Answer[Any]]:
        is_plain = source.identity is None and ask.lookup.method not in source.adapter.paths
        return await (plain if is_plain else merged)(source, ask)

    return authorized(fetch, viewer)


def extensions(operation: Operation) -> dict[str, Any]:
    """What an answer tells beside its data: what is missing, and what was asked of whom."""
    told: dict[str, Any] = {
        "sources": {
            name: {
                "calls": seen.calls,
                "asks": seen.asks,
                "failures": seen.failures,
                "ms": round(seen.milliseconds, 1),
            }
            for name, seen in operation.traffic.items()
        }
    }
    if operation.degraded:
        told["degraded"] = [
            {"path": list(d.path), "source": d.source, "code": d.code, "retryable": d.retryable}
            for d in operation.degraded
        ]
    return told
