"""A small schema whose fields succeed and fail, and a GraphQL view that serves it."""

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
from student_graph.resolvers.context import Context, Info, Viewer, ViewerRole
from student_graph.resolvers.operation import Operation, SourceTraffic

TOKEN = {"Authorization": "Bearer t"}
AUTHENTICATOR = Authenticator({"t": Viewer("ada", ViewerRole.TEACHER, frozenset({DistrictId("hill")}))})
ADMISSION = Admission(AUTHENTICATOR)


@strawberry.type
class Query:
    """Fields that succeed, fail because of a vendor, or fail because of a bug."""

    @strawberry.field
    def role(self, info: Info) -> str:
        """The viewer's role."""
        info.context.operation.traffic.by_source["sis"] = SourceTraffic(calls=2, asks=1)
        return info.context.viewer.role.value

    @strawberry.field
    def bus(self, student: str | None = None) -> str | None:
        """A field whose vendor is down."""
        error = UnavailableError("no answer in time", retry_after=3)
        error.source = "sis"
        raise error

    @strawberry.field
    def bug(self, student: str = "605123") -> str | None:
        """A field with a bug, whose exception quotes what the client sent."""
        raise LookupError(f"no row for {student}")


async def no_reach(_: DistrictId) -> Reach:
    """Return a reach without students: there are no districts."""
    return Reach()


def start_operation(viewer: Viewer) -> Context:
    """Return the context of an operation without districts."""
    return Context(
        viewer, Sources({}, fetch_from_vendor), Operation(), HmacSigner(b"k"), Telemetry().health, no_reach
    )


SCHEMA = strawberry.Schema(Query)
VIEW = GraphQLView(SCHEMA, ADMISSION, start_operation)
