"""A whole district over its sandboxes, in process: for tests that count requests or look below GraphQL."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib.metadata import entry_points

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

HERE = DistrictId("here")
KINDS = ("edfi", "canvas")
VIEWER = Viewer("all", ViewerRole.SUPERINTENDENT, frozenset({HERE}), unlimited_grants(*Sensitivity), operator=True)


@dataclass
class Road:
    """A district whose sandboxes count their requests."""

    facts: DistrictFacts
    district: District
    sandboxes: dict[str, Sandbox]

    def operation(self) -> Context:
        """An operation of a viewer who may see everything."""
        return FetchPipeline([self.district], HmacSigner(b"0" * 32), Limits(memory=0)).start_operation(VIEWER)

    def source(self, kind: str) -> Source:
        """The source of that kind."""
        return next(source for source in self.district.sources if source.kind == kind)

    def calls(self) -> Counter[str]:
        """Requests since the last time, by kind and last part of the path."""
        counted: Counter[str] = Counter()
        for kind, sandbox in self.sandboxes.items():
            for request in sandbox.requests:
                path = request.split()[1].partition("?")[0].rstrip("/")
                counted[f"{kind} {path.rpartition('/')[2]}"] += 1
            sandbox.requests.clear()
        return counted


@contextlib.asynccontextmanager
async def road(facts: DistrictFacts) -> AsyncIterator[Road]:
    """The district over its two sandboxes, until the block ends."""
    points = [point for kind in KINDS for point in entry_points(group="student_graph.sandboxes", name=kind)]
    sandboxes = {point.name: point.load()(facts) for point in points}
    with served(*sandboxes.values()):
        sources = []
        for kind, sandbox in sandboxes.items():
            settings = find_adapter(kind).settings_type().model_validate(sandbox.source_settings())
            sources.append(connect(HERE, kind, kind, settings))
        sources.sort(key=lambda source: source.identity is not None)
        yield Road(facts, District(HERE, facts.name, tuple(sources), frozen_on=facts.now), sandboxes)
        for source in sources:
            await source.adapter.http.aclose()
