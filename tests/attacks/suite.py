"""All attacks, and the laboratory in which they run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.attacks import flooding, forging, growing, slow, vendors
from tests.attacks.gateway import attacked_gateway
from tests.attacks.measurement import Attack, Laboratory
from tests.attacks.normal_viewers import NORMAL_VIEWERS, normal_viewers

ATTACKS: tuple[Attack, ...] = (
    *slow.ATTACKS, *flooding.ATTACKS, *growing.ATTACKS, *forging.ATTACKS, *vendors.ATTACKS,
)  # fmt: skip


@contextlib.contextmanager
def laboratory(folder: Path, max_tasks: int = 16) -> Iterator[Laboratory]:
    """Serve a gateway with normal viewers until the block ends; attacks have `max_tasks` requests in flight."""
    hostile = [attack.district for attack in vendors.ATTACKS]
    with attacked_gateway(folder, hostile) as gateway:
        tokens = [gateway.token(f"normal-viewer-{number}") for number in range(NORMAL_VIEWERS)]
        students = [student.id for student in gateway.facts.students]
        with normal_viewers(gateway.process.pid, gateway.host, gateway.port, tokens, students) as running:
            yield Laboratory(gateway, running, max_tasks=max_tasks)
