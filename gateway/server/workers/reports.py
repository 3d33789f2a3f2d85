"""How the workers of a gateway report to each other. A gateway of one process is a gateway with one worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

Report: TypeAlias = "Callable[[], Any]"
"""Returns what a worker reports, as JSON."""


class Workers(Protocol):
    """All workers of a gateway, as one of them sees them."""

    @property
    def number(self) -> int:
        """The position of this worker, from 1. One that replaces another worker has its number."""

    def offer(self, name: str, report: Report) -> None:
        """Answer by a function when a worker asks for reports of a name, in place of an earlier function."""

    async def collect(self, name: str) -> Mapping[int, Any]:
        """Return the report of each worker by its number; one that does not answer within a second is left out."""

    async def overview(self) -> Mapping[str, Any]:
        """Return the workers that run, and how many were replaced, as JSON."""


class OneWorker:
    """The only process of a gateway."""

    number = 1

    def __init__(self) -> None:
        self._reports: dict[str, Report] = {}

    def offer(self, name: str, report: Report) -> None:
        """Answer by a function when reports of a name are collected."""
        self._reports[name] = report

    async def collect(self, name: str) -> Mapping[int, Any]:
        """Return the report of this process."""
        return {self.number: self._reports[name]()}

    async def overview(self) -> Mapping[str, Any]:
        """Return that nothing supervises this process."""
        return {"workers": [], "restarts": 0}
