"""
Load shedding: refuse requests early and cheaply under overload, so that the admitted ones are answered in time.

A burst may queue. Once there is more to do than that, a request is admitted only if the requests ahead of it will
not delay it for long, compared with the time of a response. The delay is their number, times the processor time
that one response takes. A request that waits for a vendor delays no other. The processor has time left if the
process neither uses it nor waits for it: a process that gets half of it is full at half of its work.

A request counts for others once it was received completely: one whose body does not come takes nothing from them.

One person does not take the service from others. A client within its budget of loop time goes first, and waits
only for other clients within theirs: requests of the rest never cause its refusal. Of each other person, at most
one request more than the client has itself is ahead of its request. A client without a request in progress takes
turns with a few others, whatever these ask for.

Services are refused before people: a service waits for all others, and no person is refused because of services.

One district does not take the service from others. Of each other district, at most one request more than of one's
own is ahead of a request, and each district has a guaranteed part of the requests in flight: those that wait for
vendors that never answer leave room for others.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Hashable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import NoReturn

from student_graph.gateway.concurrency.loop_time import LoopBudgets, metered_tasks, use_budget
from student_graph.gateway.web.in_flight import (
    BudgetLane,
    Lane,
    ProcessorShare,
    RequestInFlight,
    RequestsByDistrict,
    ResponseCosts,
    Sender,
    Usage,
    ViewerRequests,
    vendor_wait,
)
from student_graph.gateway.web.in_flight.lane import REFUSAL_SECONDS
from student_graph.gateway.web.token_bucket import ViewerRates

SAMPLE_INTERVAL_SECONDS = 0.005
"""Time between two samples of the processor's utilization."""


@dataclass(frozen=True, slots=True)
class LoadLimits:
    """Limits on the requests that one process handles at once."""

    in_flight: int = 2_000
    """Requests in flight in this process."""
    wait: float = 0.02
    """Seconds of work that may be ahead of a request when the process is busy; one response may be."""
    burst: float = 0.3
    """Seconds of work that may be ahead of a request otherwise."""
    viewer_in_flight: int | None = None
    """Requests in flight of one viewer; None for no limit."""
    viewer_rate: float | None = None
    """Requests per second of one viewer, on average; None for no limit."""
    viewer_burst: int = 40
    """Requests that a viewer may send at once after a quiet time."""
    bulk_share: float = 0.1
    """Share of `in_flight` that services may use: no person waits for them."""


class OverloadError(Exception):
    """The process has too much to do."""

    def __init__(self) -> None:
        super().__init__("too much to do")
        self.retry_after = 1.0 + random.random()  # noqa: S311 - not used for security
        """Seconds after which to try again, one to two. The header has 2 under any load: see decision 0105."""


class ViewerLimitError(OverloadError):
    """The viewer sends too many requests."""


class LoadShedder:
    """Counts the requests in flight in this process, and refuses new ones beyond its limits."""

    def __init__(
        self,
        limits: LoadLimits | None = None,
        cpu: Callable[[], float] = time.thread_time,
        clock: Callable[[], float] = time.monotonic,
        demand: Callable[[], float] | None = None,
    ) -> None:
        """Apply `limits`; `cpu`, `demand`: seconds of the processor used, used or waited for; `clock`: seconds."""
        self._limits = limits or LoadLimits()
        self._clock, self._share = clock, ProcessorShare(cpu, demand or cpu)
        self._everybody = Lane(self._limits.wait, self._limits.burst, self._share)
        """All requests: those that a request over its budget waits for."""
        self._within_budget = BudgetLane(self._limits.wait, self._limits.burst, self._share, self._everybody)
        """The requests of those who are within their budgets, which wait for no others."""
        self.budgets = LoopBudgets(clock, self._within_budget.remove_person)
        """The loop time that each viewer may use before it goes after others."""
        self._costs = ResponseCosts(cpu, self.budgets, self._everybody, self._within_budget)
        self._last_sample = Usage.now(cpu(), self.budgets)
        self._last_sampled_at = clock()
        self._sampling: asyncio.TimerHandle | None = None
        self._metering = ExitStack()
        self._viewer_requests = ViewerRequests(self._limits.viewer_in_flight)
        self.districts = RequestsByDistrict(self._limits.in_flight, self._limits.bulk_share)
        """The requests in flight by district."""
        rate = self._limits.viewer_rate
        self.viewer_rates = None if rate is None else ViewerRates(rate, self._limits.viewer_burst)
        """How fast each viewer may send requests; None for no limit."""
        self.in_flight = 0
        """Requests in flight."""
        self.waiting_for_vendors = 0
        """Requests in flight that wait for a vendor and use no processor time."""
        self.refused = 0
        """Requests refused since start."""

    @property
    def refuses_requests(self) -> bool:
        """Whether a person's request was refused within the last second: then others may be, too."""
        return self._clock() - self._everybody.refused_at <= REFUSAL_SECONDS

    def share_among(self, weights: Mapping[Hashable, float]) -> None:
        """Let these districts share the process by their weights. One alone has all of it."""
        self.districts.share_among(weights)
        self.budgets.keep_groups(weights)

    def start(self) -> None:
        """Start to sample the processor's utilization, and to charge what tasks do to the budgets of viewers."""
        self._metering.enter_context(metered_tasks())
        self._costs.start()
        self._sample()

    def stop(self) -> None:
        """Stop sampling and charging."""
        self._metering.close()
        if self._sampling is not None:
            self._sampling.cancel()
            self._sampling = None

    def _sample(self) -> None:
        usage, now = Usage.now(self._share.sample(), self.budgets), self._clock()
        elapsed = now - self._last_sampled_at
        if elapsed > 0:
            self._everybody.sample(usage.cpu - self._last_sample.cpu, elapsed, now)
            left = elapsed - usage.for_strangers(self._last_sample)
            self._within_budget.sample(usage.within_budgets(self._last_sample), left, now)
        self._last_sample, self._last_sampled_at = usage, now
        if exceeding := self.budgets.shares.exceeding:
            self._within_budget.remove_groups(exceeding)
        self._sampling = asyncio.get_running_loop().call_later(SAMPLE_INTERVAL_SECONDS, self._sample)

    def check(self) -> None:
        """
        Refuse a request before anything of it is read, if also a person within the budget would be refused now.

        Raises:
            OverloadError: too many requests are in flight, or the request would wait too long.
        """
        if self.in_flight >= self._limits.in_flight:
            self._refuse_person(self._everybody, None)
        if self._is_crowded(self._within_budget, self.districts.of_stranger):
            self._refuse_person(self._within_budget, None)

    def admit(
        self,
        person: Hashable = None,
        *,
        bulk: bool = False,
        districts: frozenset[Hashable] = frozenset(),
    ) -> RequestInFlight:
        """
        Admit a person's request that was received completely; it is in flight inside the returned context.

        Requests with `bulk` (those of services) are refused before all others. `districts` are the viewer's.

        Raises:
            OverloadError: too many requests are in flight, or the request would wait too long.
        """
        self.check()
        sender = self._sender(person, self.districts.group(districts), bulk=bulk)
        if self.districts.is_full(sender):
            self._refuse(sender.group)
        self._check_sender(sender)
        return RequestInFlight(self, sender)

    def _sender(self, person: Hashable, group: Hashable, *, bulk: bool) -> Sender:
        return Sender(person, bulk, self.budgets.of(person, group).is_within, group)

    def _check_sender(self, sender: Sender) -> None:
        """
        Refuse a request of a sender who would wait too long.

        Raises:
            OverloadError: the request is refused.
        """
        lane = self._within_budget if sender.is_within_budget else self._everybody
        if sender.is_service:
            ahead = lane.requests.ahead_of_service(sender.group)
            if self.districts.is_full(sender) or self._is_too_long(lane, ahead, sender.group, for_service=True):
                self._refuse(sender.group)
            return
        is_queued = lane.requests.of(sender) > 0
        is_late = is_queued and self._is_too_long(lane, lane.requests.ahead_of(sender), sender.group)
        if is_late or (not sender.is_within_budget and self._is_crowded(lane, sender.group)):
            self._refuse_person(lane, sender.group)

    def _is_crowded(self, lane: Lane, group: Hashable) -> bool:
        """Whether so many people take turns in a lane that one more of a group would wait too long."""
        people = lane.requests.people(group)
        return people >= lane.max_people_in_turns and self._is_too_long(lane, people, group)

    def _is_too_long(self, lane: Lane, requests: int, group: Hashable, *, for_service: bool = False) -> bool:
        return self._sampling is not None and lane.is_too_long(requests, group, for_service=for_service)

    def _refuse_person(self, lane: Lane, group: Hashable) -> NoReturn:
        """Refuse a request of a person who would wait too long in a lane, and so also in that of all."""
        lane.note_refusal(group, self._clock())
        self._refuse(group)

    def _refuse(self, group: Hashable) -> NoReturn:
        self.refused += 1
        if group is not None:
            self.districts.refused[group] += 1
        raise OverloadError

    def begin(self, sender: Sender) -> None:
        """Count a request that is in flight."""
        self.in_flight += 1
        self.districts.begin(sender)
        self._enter(sender)

    def finish(self, sender: Sender) -> None:
        """Count a request that has ended."""
        self.in_flight -= 1
        self.districts.finish(sender)
        self._leave(sender)
        self._costs.note_response(is_within_budget=sender.is_within_budget)

    @staticmethod
    def vendor_wait() -> AbstractContextManager[None]:
        """Count the current request as waiting for a vendor inside the context."""
        return vendor_wait()

    def begin_wait(self, sender: Sender) -> None:
        """Count a request that waits for a vendor."""
        self.waiting_for_vendors += 1
        self._leave(sender)

    def end_wait(self, sender: Sender) -> None:
        """Count a request that has stopped waiting."""
        self.waiting_for_vendors -= 1
        self._enter(sender)

    def _enter(self, sender: Sender) -> None:
        self._everybody.add(sender)
        if self.budgets.of(sender.person, sender.group).is_within:
            self._within_budget.add(sender)

    def _leave(self, sender: Sender) -> None:
        self._everybody.remove(sender)
        self._within_budget.remove(sender)

    def admit_viewer(
        self, viewer: Hashable, *, bulk: bool = False, districts: frozenset[Hashable] = frozenset()
    ) -> AbstractContextManager[None]:
        """
        Admit a request of a viewer by its head: it counts against the viewer's limits inside the returned context.

        Its body may still have to come. That takes from nobody else, so only `admit` counts it for all.
        The current task works for the viewer from now on.

        Raises:
            ViewerLimitError: the viewer has too many requests in flight, or sends them too fast.
            OverloadError: the request would wait too long, so its body is not read.
        """
        group = self.districts.group(districts)
        use_budget(budget := self.budgets.of(viewer, group))
        rates = self.viewer_rates
        if self._viewer_requests.is_full(viewer) or (rates is not None and not rates.take(viewer)):
            self.refused += 1
            raise ViewerLimitError
        self._check_sender(Sender(viewer, bulk, budget.is_within, group))
        return self._viewer_requests.counted(viewer)

    def check_viewer(
        self, viewer: Hashable, *, bulk: bool = False, districts: frozenset[Hashable] = frozenset()
    ) -> None:
        """
        Refuse the head of a viewer's request if it would wait too long, before anything is done for it.

        Raises:
            OverloadError: it would wait too long.
        """
        self._check_sender(self._sender(viewer, self.districts.group(districts), bulk=bulk))
