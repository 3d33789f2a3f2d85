"""
Break-glass: for a child's health or safety a member of staff may see, for an hour, what is not granted.

Five named students at most, and nobody else meanwhile: no list, no count. Who signed in more than five minutes ago
signs in again first. It is recorded before anything is opened, with the threat in words (34 CFR 99.32(a)(5) and
99.36), and told to those who review. What is given out is a ticket, sealed for its viewer, which a request brings.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.model import DistrictId, Sensitivity, StudentId
from student_graph.gateway.auth import Authenticator
from student_graph.gateway.auth.issuers import STAFF_ROLES
from student_graph.gateway.disclosure import DisclosureLog, UnwritableError
from student_graph.gateway.disclosure.entries import opened
from student_graph.gateway.disclosure.reading import openings
from student_graph.gateway.web.purge import bounded_body
from student_graph.gateway.web.request import BadRequestError
from student_graph.resolvers.access import Emergency
from student_graph.resolvers.context import Signer, Viewer
from student_graph.resolvers.fields.ids import student_id

log = logging.getLogger("student_graph.emergency")

HOUR = 3600.0
"""Seconds for which it is opened."""
FRESH = 300.0
"""Seconds for which a viewer counts as just signed in."""
MOST = 5
"""Students whom one opening may name."""
OFTEN, MONTH = 2, 30 * 86_400.0
"""Openings of one person in so many seconds, beyond which those who review are told so."""
KIND = "break-glass"
REASONS = frozenset({"HEALTH", "SAFETY"})
TRIES, BETWEEN = 5, 10.0
"""How often, and after how many seconds, those who review are told again."""


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be opened, as a request says it."""

    district: str
    students: list[str]
    classes: list[Sensitivity]
    reason: str
    text: str
    """The threat, in words."""


class BreakGlass:
    """Opens what is not granted, and knows what was opened."""

    def __init__(
        self,
        viewers: Authenticator,
        signer: Signer,
        disclosures: DisclosureLog,
        notify: str | None = None,
        *,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Record openings and tell `notify`, an address, of them; `wall` tells seconds since 1970."""
        self._viewers, self._signer, self._log, self._notify, self._wall = (
            viewers,
            signer,
            disclosures,
            notify,
            wall,
        )
        self._telling: set[asyncio.Task[None]] = set()

    def routes(self) -> list[Route]:
        """`/break-glass`."""
        return [Route("/break-glass", self._open, methods=["POST"])]

    async def _open(self, request: Request) -> JSONResponse:
        authorization = request.headers.get("authorization", "")
        viewer = await self._viewers.viewer(authorization)
        if viewer is None:
            return _refused(401, "Send the token of a member of staff.")
        try:
            wanted = _wanted(await bounded_body(request))
            self._check(viewer, authorization, wanted)
            ticket, until = await self._opened(viewer, wanted)
        except BadRequestError as refused:
            return _refused(refused.status, refused.message)
        except UnwritableError:
            return _refused(503, "It cannot be recorded at the moment, and is not opened.")
        return JSONResponse({"ticket": ticket, "until": until})

    def _check(self, viewer: Viewer, authorization: str, wanted: Wanted) -> None:
        """
        Let pass who may open what is wanted.

        Raises:
            RefusedError: the viewer may not, or has to sign in again.
        """
        if viewer.role not in STAFF_ROLES or viewer.issuer is None:
            raise BadRequestError(403, "Only a member of staff who signs in may do that.")
        if wanted.district not in viewer.districts:
            raise BadRequestError(403, "district: it is none of yours.")
        signed_in = self._viewers.signed_in(authorization)
        if signed_in is None or self._wall() - signed_in > FRESH:
            raise BadRequestError(401, "Sign in again first: it must be no more than five minutes ago.")

    async def _opened(self, viewer: Viewer, wanted: Wanted) -> tuple[str, str]:
        """
        The ticket, and until when it counts; recorded and told.

        Raises:
            UnwritableError: it cannot be recorded.
        """
        now = self._wall()
        until = now + HOUR
        name = secrets.token_hex(8)
        ends = datetime.fromtimestamp(until, UTC).isoformat(timespec="seconds")
        what = {"id": name, "reason": wanted.reason, "text": wanted.text, "until": ends}
        keys = self._log.secrets
        entry = opened(keys, viewer, wanted.district, wanted.students, classes=wanted.classes, told=what)
        await self._log.write_alone(entry, name)
        actor = self._log.secrets.pseudonym(wanted.district, f"{viewer.issuer}|{viewer.subject}")
        since = datetime.fromtimestamp(now - MONTH, UTC)
        often = await asyncio.to_thread(openings, self._log.chain.path.parent, actor, since) > OFTEN
        log.warning("break-glass %s was opened%s", name, ", not for the first time this month" if often else "")
        if self._notify is not None:
            told: dict[str, Any] = {
                "id": name,
                "district": wanted.district,
                "actor": actor,
                "reason": wanted.reason,
            }
            told |= {"students": len(wanted.students), "often": often}
            self._telling.add(task := asyncio.create_task(_tell(self._notify, told)))
            task.add_done_callback(self._telling.discard)
        classes = ",".join(sorted(each.name for each in wanted.classes))
        owner = f"{viewer.issuer}|{viewer.subject}"
        students = ",".join(wanted.students)
        return self._signer.sign(KIND, owner, wanted.district, students, classes, name, repr(until)), ends

    def viewer(self, viewer: Viewer, ticket: str) -> Viewer:
        """
        The viewer as the ticket makes them: somebody who sees the named students, and nobody else.

        Raises:
            RefusedError: it is no ticket of this viewer, or its hour is over.
        """
        try:
            kind, owner, district, students, classes, name, until = self._signer.verify(ticket)
        except (BadKeyError, ValueError):
            kind, until = "", "0"
        if kind != KIND or owner != f"{viewer.issuer}|{viewer.subject}" or self._wall() >= float(until):
            message = "Student-Graph-Break-Glass: this ticket does not count, or does no more."
            raise BadRequestError(403, message, "FORBIDDEN")
        emergency = Emergency(
            name,
            DistrictId(district),
            frozenset(map(StudentId, students.split(","))),
            frozenset(Sensitivity[each] for each in classes.split(",")),
        )
        return replace(viewer, emergency=emergency)

    async def close(self) -> None:
        """Tell nobody any more."""
        for task in self._telling:
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)


async def _tell(address: str, told: dict[str, Any]) -> None:
    """Tell those who review, within a minute."""
    async with httpx.AsyncClient(trust_env=False, timeout=5.0) as client:
        for _ in range(TRIES):
            try:
                if (await client.post(address, json=told)).is_success:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(BETWEEN)
    log.error("those who review could not be told of break-glass %s", told["id"])


def _wanted(body: bytes) -> Wanted:
    """
    What a body says is to be opened.

    Raises:
        RefusedError: it is no such thing, or names too much or too little.
    """
    try:
        wanted: Wanted = msgspec.json.decode(body, type=Wanted)
        students = [student_id(text) for text in wanted.students]
    except (msgspec.DecodeError, BadKeyError, UnicodeDecodeError, RecursionError):
        raise BadRequestError(
            400, "Send one JSON object with 'district', 'students', 'classes', 'reason' and 'text'."
        ) from None
    if not 1 <= len(set(students)) <= MOST:
        raise BadRequestError(400, f"students: name 1 to {MOST}.")
    if not wanted.classes or Sensitivity.OPEN in wanted.classes:
        raise BadRequestError(400, "classes: name those that are to be opened.")
    if wanted.reason not in REASONS:
        raise BadRequestError(400, f"reason: must be {' or '.join(sorted(REASONS))}.")
    if not 10 <= len(wanted.text.strip()) <= 500:
        raise BadRequestError(400, "text: say what threatens, in 10 to 500 letters.")
    return wanted


def _refused(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status)
