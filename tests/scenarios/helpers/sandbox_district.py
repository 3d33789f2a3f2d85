"""A district over its sandboxes, without a server: for tests that count vendor calls or work below GraphQL."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any

from student_graph.adapters.model import DistrictId, Sensitivity
from student_graph.adapters.registry import find_adapter
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import Sandbox, served
from student_graph.adapters.sources import District, Source
from student_graph.gateway.cache import Limits
from student_graph.gateway.config.districts import connect
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.access import unlimited_grants
from student_graph.resolvers.context import Context, Viewer, ViewerRole
from tests.patience import OPERATION_SECONDS, SOURCE_SECONDS

DISTRICT_ID = DistrictId("here")
KINDS = ("edfi", "canvas")
VIEWER = Viewer(
    "all", ViewerRole.SUPERINTENDENT, frozenset({DISTRICT_ID}), unlimited_grants(*Sensitivity), operator=True
)
"""A viewer who may see everything."""


@dataclass
class SandboxDistrict:
    """A district whose sandboxes count their requests."""

    facts: DistrictFacts
    district: District
    sandboxes: dict[str, Sandbox]

    def start_operation(self) -> Context:
        """Return the context of an operation of `VIEWER`, without a cache."""
        pipeline = FetchPipeline(
            [self.district], HmacSigner(b"0" * 32), Limits(memory=0), operation_seconds=OPERATION_SECONDS
        )
        return pipeline.start_operation(VIEWER)

    def source(self, kind: str) -> Source:
        """Return the source of a kind."""
        return next(source for source in self.district.sources if source.kind == kind)

    def new_calls(self) -> Counter[str]:
        """Count the vendor calls since the last time, by kind and last part of the path."""
        calls: Counter[str] = Counter()
        for kind, sandbox in self.sandboxes.items():
            for request in sandbox.requests:
                path = request.split()[1].partition("?")[0].rstrip("/")
                calls[f"{kind} {path.rpartition('/')[2]}"] += 1
            sandbox.requests.clear()
        return calls


@contextlib.asynccontextmanager
async def sandbox_district(
    facts: DistrictFacts, kinds: Sequence[str] = KINDS, **options: Any
) -> AsyncIterator[SandboxDistrict]:
    """
    Serve a sandbox of each kind for a district, and yield the district.

    `options` are settings of the sources that have a setting of that name.
    """
    points = [point for kind in kinds for point in entry_points(group="student_graph.sandboxes", name=kind)]
    sandboxes = {point.name: point.load()(facts) for point in points}
    with served(*sandboxes.values()):
        sources = []
        for kind, sandbox in sandboxes.items():
            settings_type = find_adapter(kind).settings_type()
            own = {name: value for name, value in options.items() if name in settings_type.model_fields}
            settings = settings_type.model_validate(sandbox.source_settings() | {"timeout": SOURCE_SECONDS} | own)
            sources.append(connect(DISTRICT_ID, kind, kind, settings))
        sources.sort(key=lambda source: source.identity is not None)
        district = District(DISTRICT_ID, facts.name, tuple(sources), frozen_on=facts.now)
        try:
            yield SandboxDistrict(facts, district, sandboxes)
        finally:
            for source in sources:
                await source.adapter.http.aclose()
