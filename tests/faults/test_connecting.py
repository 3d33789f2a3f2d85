"""Section A: a vendor to which no connection opens at first."""

from __future__ import annotations

import socket
from typing import Any

import aiohappyeyeballs
import pytest

from tests.faults.vendor import district, vendor


@pytest.mark.row("A01")
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_connection_that_is_not_open_in_time_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """Whatever the request is: the vendor has not received it. One lost packet costs no answer."""
    connect, attempts = aiohappyeyeballs.start_connection, 0

    async def time_out_first(*args: Any, **options: Any) -> socket.socket:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise TimeoutError
        return await connect(*args, **options)

    monkeypatch.setattr(aiohappyeyeballs, "start_connection", time_out_first)
    async with vendor(lambda request: request.answer()) as server, district(server) as hill:
        response = await hill.http.request(method, "/work/s1")
    assert (response.status_code, attempts, len(server.requests)) == (200, 2, 1)
