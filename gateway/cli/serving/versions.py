"""Asks a source for its version, which shows whether it answers."""

from __future__ import annotations

import httpx
from pydantic import ValidationError

from student_graph.adapters.errors import AdapterError, translate
from student_graph.adapters.sources import Source
from student_graph.gateway.concurrency.deadlines import within


async def ask_about_itself(source: Source) -> str | AdapterError:
    """What a source says about itself, or what went wrong, within its timeout."""
    try:
        async with within(source.adapter.settings.timeout):
            return await source.adapter.check()
    except (AdapterError, httpx.HTTPError, ValidationError, TimeoutError) as exc:
        return translate(exc)
