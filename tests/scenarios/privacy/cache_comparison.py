"""A cache that viewers share, compared with none: each response is as if nobody had asked before."""

from __future__ import annotations

from typing import Any

from student_graph.gateway.cache import Limits
from tests.scenarios.helpers.namesake_districts import without_fractions
from tests.scenarios.privacy.test_mixed_viewers import Gateway


class CacheComparison:
    """The namesake districts behind two gateways: one with a cache for all viewers, and one without."""

    def __init__(self) -> None:
        self.cached = Gateway(Limits())
        self._uncached = Gateway(Limits(memory=0))
        self._expected: dict[tuple[str, str], Any] = {}

    async def post(self, viewer: str, query: str) -> dict[str, Any]:
        """Return the response of the cache, after a check that it is as without a cache."""
        response = await self.cached.post(viewer, query)
        if (viewer, query) not in self._expected:
            self._expected[viewer, query] = await self._uncached.post(viewer, query)
        expected = self._expected[viewer, query]
        data = without_fractions(response.get("data"))
        assert data == without_fractions(expected.get("data")), (viewer, query)
        assert codes_of(response) == codes_of(expected), (viewer, query)
        return response


def codes_of(response: dict[str, Any]) -> list[str]:
    """Return the codes of the errors and of the missing parts of a response."""
    errors = [error["extensions"]["code"] for error in response.get("errors", ())]
    return sorted(errors + [part["code"] for part in response["extensions"].get("degraded", ())])
