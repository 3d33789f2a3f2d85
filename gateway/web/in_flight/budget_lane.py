"""The lane of those who are within their budgets, from which a request is taken when its sender gets over."""

from __future__ import annotations

from collections.abc import Collection, Hashable

from student_graph.gateway.web.in_flight.lane import Lane
from student_graph.gateway.web.in_flight.request import Sender
from student_graph.gateway.web.in_flight.usage import ProcessorShare


class BudgetLane(Lane):
    """Counts the requests of senders who are within their budgets of loop time."""

    max_people_in_turns = 2
    """As for `Lane`. Nobody who is within the budget keeps others waiting for long."""

    def __init__(self, wait: float, burst: float, share: ProcessorShare, everybody: Lane) -> None:
        """See `Lane`; `everybody` is the lane of all requests, with these and with those over their budgets."""
        super().__init__(wait, burst, share)
        self._everybody = everybody
        self._senders: dict[Hashable, set[Sender]] = {}
        """The requests in the lane by person."""

    def add(self, sender: Sender) -> None:
        """Count a request that needs the processor."""
        self.requests.add(sender)
        self._senders.setdefault(sender.person, set()).add(sender)

    def remove(self, sender: Sender) -> None:
        """Count a request less, if it is in the lane."""
        senders = self._senders.get(sender.person)
        if senders and sender in senders:
            self.requests.remove(sender)
            senders.remove(sender)
            if not senders:
                del self._senders[sender.person]

    @property
    def cost(self) -> float | None:
        """
        Seconds of processor time that one response takes; None as long as too few were sent.

        Like that of all as long as it is not known: when a crowd has come, all are over their budgets at first.
        """
        return self._everybody.cost if self._cost is None else self._cost

    def note_refusal(self, group: Hashable, now: float) -> None:
        """Note that a person's request was refused, also in the lane of all requests."""
        super().note_refusal(group, now)
        self._everybody.note_refusal(group, now)

    def remove_person(self, person: Hashable) -> None:
        """Note that a person got over the budget: those who are within theirs do not wait for the requests."""
        for sender in self._senders.pop(person, ()):
            self.requests.remove(sender)

    def remove_groups(self, groups: Collection[Hashable]) -> None:
        """Note that groups use more than a fair share: others do not wait for the requests of their people."""
        for person in [
            name for name, of_person in self._senders.items() if any(s.group in groups for s in of_person)
        ]:
            self.remove_person(person)
