"""The requests for rows: GET, or POST with a JSON body for vendors that use POST for reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True, slots=True)
class RowRequest:
    """A request for rows, in which all placeholders are replaced by values."""

    url: str
    params: Mapping[str, str]
    body: Mapping[str, Any] | None = None
    """The JSON of a POST request; None for a GET request."""

    def with_params(self, **params: str) -> RowRequest:
        """The same request with further parameters."""
        return RowRequest(self.url, {**self.params, **params}, self.body)

    async def send(self, http: httpx.AsyncClient, params: Mapping[str, str]) -> httpx.Response:
        """
        Send the request with further parameters.

        A POST request is marked as repeatable: its declaration says that it only reads, so it is sent again after
        a failure as a GET request is.
        """
        params = {**self.params, **params}
        if self.body is None:
            return await http.get(self.url, params=params)
        return await http.request("POST", self.url, params=params, json=self.body, extensions={"repeatable": True})
