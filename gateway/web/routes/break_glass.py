"""
Break-glass: for a student's health or safety, staff may see data for an hour that their grants do not include.

One opening names at most five students, and its ticket shows no other student: no list, no count. Staff who signed
in more than five minutes ago must sign in again, and one person opens six times an hour at most. The opening and
the threat, as text, are recorded before anything is shown (34 CFR 99.32(a)(5) and 99.36), and the reviewers are
notified. The response holds a ticket that is signed for its viewer; requests send it in the header
`Student-Graph-Break-Glass`. Issuer, subject, role and district of the viewer are checked whenever it is used.
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
from student_graph.gateway.disclosure.entries import actor_pseudonym, break_glass_entry
from student_graph.gateway.disclosure.search import count_break_glass
from student_graph.gateway.web.request import BadRequestError, read_body
from student_graph.gateway.web.response import error_response
from student_graph.gateway.web.routes.opening_limit import MAX_OPENINGS_PER_HOUR, OpeningLimit
from student_graph.resolvers.access import Emergency
from student_graph.resolvers.context import Signer, Viewer
from student_graph.resolvers.fields.ids import parse_student_id

log = logging.getLogger("student_graph.emergency")

TICKET_SECONDS = 3600.0
"""How long a ticket is valid."""
MAX_SIGN_IN_AGE_SECONDS = 300.0
MAX_STUDENTS_PER_OPENING = 5
MAX_USUAL_OPENINGS = 2
"""Openings of one person within a month. If there are more, the notification says that they are frequent."""
FREQUENCY_WINDOW_SECONDS = 30 * 86_400.0
MIN_TEXT_CHARACTERS, MAX_TEXT_CHARACTERS = 10, 500
LINE_CHARACTERS = "\t\n\r"
"""Control characters that a text may have: its lines. The record escapes them."""
RETRY_AFTER_SECONDS = 600
"""When somebody who opened too often may try again: the first of the openings may be an hour old then."""
TICKET_KIND = "break-glass"
"""First part of a signed ticket, so that no other signed text, such as a cursor, counts as one."""
REASONS = frozenset({"HEALTH", "SAFETY"})
MAX_NOTIFICATION_ATTEMPTS = 5
SECONDS_BETWEEN_NOTIFICATION_ATTEMPTS = 10.0
NOTIFICATION_TIMEOUT_SECONDS = 5.0


class OpeningRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request to open data."""

    district: str
    students: list[str]
    classes: list[Sensitivity]
    """Classes of data to open."""
    reason: str
    text: str
    """Description of the threat."""


class BreakGlass:
    """The route `/break-glass`, which opens data, and the check of the tickets that it issues."""

    def __init__(
        self,
        authenticator: Authenticator,
        signer: Signer,
        disclosures: DisclosureLog,
        reviewers_url: str | None = None,
        *,
        limit: OpeningLimit | None = None,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """
        Record openings in `disclosures`, and send each to `reviewers_url`.

        `limit` counts the openings of each person; `wall_clock` is in Unix seconds.
        """
        self._authenticator = authenticator
        self._signer = signer
        self._disclosures = disclosures
        self._reviewers_url = reviewers_url
        self._wall_clock = wall_clock
        self._limit = limit or OpeningLimit(wall_clock=wall_clock)
        self._notifications: set[asyncio.Task[None]] = set()

    def routes(self) -> list[Route]:
        """Return the route `/break-glass`."""
        return [Route("/break-glass", self._handle, methods=["POST"])]

    async def _handle(self, request: Request) -> JSONResponse:
        authorization = request.headers.get("authorization", "")
        viewer = await self._authenticator.viewer(authorization)
        if viewer is None:
            return error_response(401, "Send the token of a member of staff.", "UNAUTHENTICATED")
        try:
            opening = _parse_opening(await read_body(request.receive))
            self._authorize(viewer, authorization, opening)
            ticket, until = await self._open(viewer, opening)
        except BadRequestError as error:
            return error_response(error.status, error.message, error.code, error.headers)
        except UnwritableError:
            message = "The opening cannot be recorded at the moment, so nothing is opened."
            return error_response(503, message, "NOT_RECORDED")
        return JSONResponse({"ticket": ticket, "until": until})

    def _authorize(self, viewer: Viewer, authorization: str, opening: OpeningRequest) -> None:
        """
        Check that the viewer may open data in the district and signed in recently.

        Raises:
            BadRequestError: the viewer may not, or must sign in again.
        """
        if not _may_open(viewer):
            raise BadRequestError(403, "Only members of staff who sign in may use break-glass.")
        if opening.district not in viewer.districts:
            raise BadRequestError(403, "district: it is not one of your districts.")
        signed_in_at = self._authenticator.signed_in_at(authorization)
        if signed_in_at is None or self._wall_clock() - signed_in_at > MAX_SIGN_IN_AGE_SECONDS:
            raise BadRequestError(401, "Sign in again first: it must be no more than five minutes ago.")

    async def _open(self, viewer: Viewer, opening: OpeningRequest) -> tuple[str, str]:
        """
        Record an opening, notify the reviewers, and return the ticket and its expiry as an ISO 8601 time.

        Raises:
            BadRequestError: the person opened too often within an hour.
            UnwritableError: the opening cannot be recorded.
        """
        slot = await self._limit.take(self._person(viewer))
        if slot is None:
            log.warning("break-glass was refused: the same person opened it too often within an hour")
            message = f"You may open data {MAX_OPENINGS_PER_HOUR} times an hour; a colleague may open more."
            raise BadRequestError(429, message, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
        now = self._wall_clock()
        expires_at = now + TICKET_SECONDS
        until = datetime.fromtimestamp(expires_at, UTC).isoformat(timespec="seconds")
        name = secrets.token_hex(8)
        try:
            await self._record(viewer, opening, name, until)
        except UnwritableError:
            await self._limit.give_back(slot)
            raise
        actor = actor_pseudonym(self._disclosures.keys, viewer, opening.district)
        since = datetime.fromtimestamp(now - FREQUENCY_WINDOW_SECONDS, UTC)
        openings = await asyncio.to_thread(count_break_glass, self._disclosures.directory, actor, since)
        frequent = openings > MAX_USUAL_OPENINGS
        log.warning("break-glass %s was opened%s", name, "; this person opens often" if frequent else "")
        if self._reviewers_url is not None:
            notification = {
                "id": name,
                "district": opening.district,
                "actor": actor,
                "reason": opening.reason,
                "students": len(opening.students),
                "often": frequent,
            }
            task = asyncio.create_task(_notify(self._reviewers_url, notification))
            self._notifications.add(task)
            task.add_done_callback(self._notifications.discard)
        classes = ",".join(sorted(item.name for item in opening.classes))
        parts = (*_owner(viewer), opening.district, classes, name, repr(expires_at), *opening.students)
        return self._signer.sign(TICKET_KIND, *parts), until

    def _person(self, viewer: Viewer) -> str:
        """A keyed hash of who the viewer is, the same in all districts (no district has the id `*`)."""
        return actor_pseudonym(self._disclosures.keys, viewer, "*")

    async def _record(self, viewer: Viewer, opening: OpeningRequest, name: str, until: str) -> None:
        """
        Write an opening to the disclosure log.

        Raises:
            UnwritableError: it cannot be written.
        """
        details = {"id": name, "reason": opening.reason, "text": opening.text, "until": until}
        keys, students, classes = self._disclosures.keys, opening.students, opening.classes
        entry = break_glass_entry(keys, viewer, opening.district, students, classes=classes, details=details)
        await self._disclosures.write_break_glass(entry, name)

    def use_ticket(self, viewer: Viewer, ticket: str) -> Viewer:
        """
        Return the viewer with the rights of a ticket: the ticket's students and no others.

        The viewer's token may be another one than at the opening: it must still be of the same issuer, subject and
        role, and speak for the ticket's district.

        Raises:
            BadRequestError: the ticket is not the viewer's, or has expired.
        """
        try:
            kind, issuer, subject, role, district, classes, name, expires_at, *students = self._signer.verify(
                ticket
            )
        except (BadKeyError, ValueError):
            kind = ""
        if (
            kind != TICKET_KIND
            or not _may_open(viewer)
            or (issuer, subject, role) != _owner(viewer)
            or district not in viewer.districts
            or self._wall_clock() >= float(expires_at)
        ):
            message = "Student-Graph-Break-Glass: the ticket is not valid, or has expired."
            raise BadRequestError(403, message, "FORBIDDEN")
        emergency = Emergency(
            name,
            DistrictId(district),
            frozenset(map(StudentId, students)),
            frozenset(Sensitivity[item] for item in classes.split(",")),
        )
        return replace(viewer, emergency=emergency)

    async def finish(self) -> None:
        """Wait until all notifications are sent, or have failed for about a minute."""
        await asyncio.gather(*self._notifications, return_exceptions=True)

    async def close(self) -> None:
        """Cancel the notifications that are not yet sent."""
        for task in self._notifications:
            task.cancel()
        await asyncio.gather(*self._notifications, return_exceptions=True)


def _may_open(viewer: Viewer) -> bool:
    """Whether a viewer is a member of staff who signed in; a service or a viewer of the settings did not."""
    return viewer.role in STAFF_ROLES and viewer.issuer is not None


def _owner(viewer: Viewer) -> tuple[str, str, str]:
    """Return a ticket's owner: issuer, subject and role, because a subject may get a token with another role."""
    return viewer.issuer or "", viewer.subject, viewer.role.name


async def _notify(url: str, notification: dict[str, Any]) -> None:
    """Send a notification to the reviewers, with retries for about a minute."""
    async with httpx.AsyncClient(trust_env=False, timeout=NOTIFICATION_TIMEOUT_SECONDS) as client:
        for _ in range(MAX_NOTIFICATION_ATTEMPTS):
            try:
                if (await client.post(url, json=notification)).is_success:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(SECONDS_BETWEEN_NOTIFICATION_ATTEMPTS)
    log.error("the reviewers could not be notified of break-glass %s", notification["id"])


def _parse_opening(body: bytes) -> OpeningRequest:
    """
    Parse the body of a request to open data.

    Raises:
        BadRequestError: a member is missing, unknown or not allowed.
    """
    try:
        opening: OpeningRequest = msgspec.json.decode(body, type=OpeningRequest)
        students = {parse_student_id(text) for text in opening.students}
    except (msgspec.DecodeError, BadKeyError, UnicodeDecodeError, RecursionError):
        message = "Send one JSON object with 'district', 'students', 'classes', 'reason' and 'text'."
        raise BadRequestError(400, message) from None
    if not 1 <= len(students) <= MAX_STUDENTS_PER_OPENING:
        raise BadRequestError(400, f"students: name 1 to {MAX_STUDENTS_PER_OPENING} students.")
    if not opening.classes or Sensitivity.OPEN in opening.classes:
        raise BadRequestError(400, "classes: name the classes of data to open, without OPEN.")
    if opening.reason not in REASONS:
        raise BadRequestError(400, f"reason: must be {' or '.join(sorted(REASONS))}.")
    is_shown = all(char.isprintable() or char in LINE_CHARACTERS for char in opening.text)
    if not MIN_TEXT_CHARACTERS <= len(opening.text.strip()) <= MAX_TEXT_CHARACTERS or not is_shown:
        limits = f"{MIN_TEXT_CHARACTERS} to {MAX_TEXT_CHARACTERS}"
        raise BadRequestError(400, f"text: describe the threat in {limits} characters that can be printed.")
    return opening
