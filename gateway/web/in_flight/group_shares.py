"""The requests that need the processor by district, so that nobody waits for the crowd of another district."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

from student_graph.gateway.web.in_flight.request import Sender
from student_graph.gateway.web.in_flight.shares import Shares

NEWCOMER = object()
"""Stands for a group without a request."""


class GroupShares:
    """
    Counts requests by group of their senders, such as their district, and by person within it.

    What a request waits for in its own group is compared with every other group: of each of those, at most one
    more than that is ahead.
    """

    def __init__(self) -> None:
        self._people: dict[Hashable, Shares] = {}
        """Requests of people by group; only groups with a request are in it."""
        self._services: Counter[Hashable] = Counter()
        """Requests of services by group."""
        self.requests_of_people = 0
        """Requests of people of all groups."""

    def add(self, sender: Sender) -> None:
        """Count one more request of a sender."""
        if sender.is_service:
            self._services[sender.group] += 1
        else:
            self.requests_of_people += 1
            self._people.setdefault(sender.group, Shares()).add(sender.person)

    def remove(self, sender: Sender) -> None:
        """Count one request of a sender less."""
        if sender.is_service:
            self._services[sender.group] -= 1
            if not self._services[sender.group]:
                del self._services[sender.group]
            return
        self.requests_of_people -= 1
        people = self._people[sender.group]
        people.remove(sender.person)
        if not people.requests:
            del self._people[sender.group]

    def of(self, sender: Sender) -> int:
        """Requests of a person."""
        people = self._people.get(sender.group)
        return 0 if people is None else people.of(sender.person)

    def ahead_of(self, sender: Sender) -> int:
        """Requests of people that are ahead of one more request of a person."""
        people = self._people.get(sender.group)
        own = 0 if people is None else people.ahead_of(sender.person)
        return own + self._requests_of_others(sender.group, own)

    def own_people(self, group: Hashable) -> int:
        """People of a group with a request."""
        return len(self._people.get(group, ()))

    def people(self, group: Hashable) -> int:
        """People that take turns with one more person of a group."""
        if not self._people:  # usually; each request asks several times
            return 0
        own = self.own_people(group)
        return own + sum(min(len(other), own + 1) for name, other in self._people.items() if name != group)

    def ahead_of_service(self, group: Hashable) -> int:
        """Requests of people and services that are ahead of one more request of a service of a group."""
        people = self._people.get(group)
        own = (0 if people is None else people.requests) + self._services[group]
        services = sum(min(count, own + 1) for name, count in self._services.items() if name != group)
        return own + services + self._requests_of_others(group, own)

    def _requests_of_others(self, group: Hashable, own: int) -> int:
        """Requests of people of other groups that are ahead of one that has `own` requests of its group ahead."""
        return sum(min(other.requests, own + 1) for name, other in self._people.items() if name != group)
