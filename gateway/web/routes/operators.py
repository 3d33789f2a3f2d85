"""Which operators may see what: one of all districts sees the gateway, one of some sees these districts alone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse

from student_graph.adapters.model import DistrictId
from student_graph.gateway.auth import Authenticator
from student_graph.gateway.web.response import error_response, operator_error
from student_graph.resolvers.context import Viewer


@dataclass(frozen=True, slots=True)
class Operators:
    """Recognizes the operators of a gateway."""

    authenticator: Authenticator
    districts: Collection[DistrictId]
    """All districts of the gateway."""

    async def viewer(self, request: Request) -> Viewer | JSONResponse:
        """The operator who sends a request; the response that refuses it, if it is not from one."""
        viewer = await self.authenticator.viewer(request.headers.get("authorization", ""))
        return operator_error(viewer) if viewer is None or not viewer.operator else viewer

    async def refusal_unless_of_all(self, request: Request) -> JSONResponse | None:
        """The response that refuses a request; None if it is from an operator of all districts."""
        viewer = await self.viewer(request)
        if isinstance(viewer, JSONResponse):
            return viewer
        return None if self.operates_all(viewer) else error_response(403, OF_ALL, "FORBIDDEN")

    def operates_all(self, viewer: Viewer) -> bool:
        """Whether an operator operates all districts of the gateway."""
        return viewer.districts.issuperset(self.districts)


OF_ALL = "Send the token of an operator of all districts: this is about the whole gateway."
