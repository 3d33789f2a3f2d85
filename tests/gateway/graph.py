"""A graph that does what graphs do, also wrong, behind a view that answers."""

from __future__ import annotations

import strawberry

from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import Sources
from student_graph.gateway.auth import Authenticator
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from student_graph.gateway.signing import HmacSigner
from student_graph.gateway.telemetry import Telemetry
from student_graph.gateway.web.admission import Admission
from student_graph.gateway.web.graphql import GraphQLView
from student_graph.resolvers.access import Reach
from student_graph.resolvers.context import Context, Info, Operation, Traffic, Viewer, ViewerRole

TOKEN = {"Authorization": "Bearer t"}
VIEWERS = Authenticator({"t": Viewer("ada", ViewerRole.TEACHER, frozenset({DistrictId("hill")}))})
ADMISSION = Admission(VIEWERS)


@strawberry.type
class Query:
    """A graph that does what graphs do, also wrong."""

    @strawberry.field
    def role(self, info: Info) -> str:
        """Who asks."""
        info.context.operation.traffic["sis"] = Traffic(calls=2, asks=1)
        return info.context.viewer.role.value

    @strawberry.field
    def bus(self, student: str | None = None) -> str | None:
        """A vendor that is down."""
        error = UnavailableError("no answer in time", retry_after=3)
        error.source = "sis"
        raise error

    @strawberry.field
    def bug(self, student: str = "605123") -> str | None:
        """A mistake of ours whose text holds what the client sent."""
        raise LookupError(f"no row for {student}")


async def nobody(_: DistrictId) -> Reach:
    """Nobody is reached: there are no districts."""
    return Reach()


def begin(viewer: Viewer) -> Context:
    """The context of an operation without districts."""
    return Context(
        viewer, Sources({}, fetch_from_vendor), Operation(), HmacSigner(b"k"), Telemetry().health, nobody
    )


SCHEMA = strawberry.Schema(Query)
VIEW = GraphQLView(SCHEMA, ADMISSION, begin)
