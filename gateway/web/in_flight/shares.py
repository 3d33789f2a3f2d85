"""The requests of people that need the processor, and how many of them are ahead of one more request."""

from __future__ import annotations

from collections.abc import Hashable


class Shares:
    """
    Counts requests by person, so that nobody waits for many requests of one other person.

    Of each other person at most one request more than one's own is ahead: who has none is compared with the number
    of people, and who has eight with all requests.
    """

    def __init__(self) -> None:
        self._requests: dict[Hashable, int] = {}
        """Requests by person; only people with a request are in it."""
        self._people: list[int] = []
        """Number of people with at least one request, with at least two, and so on."""
        self.requests = 0
        """Requests of all people."""

    def add(self, person: Hashable) -> None:
        """Count one more request of a person."""
        self.requests += 1
        requests = self._requests[person] = self._requests.get(person, 0) + 1
        if len(self._people) < requests:
            self._people.append(0)
        self._people[requests - 1] += 1

    def remove(self, person: Hashable) -> None:
        """Count one request of a person less."""
        self.requests -= 1
        requests = self._requests.pop(person)
        self._people[requests - 1] -= 1
        if requests > 1:
            self._requests[person] = requests - 1

    def __len__(self) -> int:
        """People with a request."""
        return len(self._requests)

    def of(self, person: Hashable) -> int:
        """Requests of a person."""
        return self._requests.get(person, 0)

    def ahead_of(self, person: Hashable) -> int:
        """Requests ahead of one more request of a person: their own, and a fair share of those of others."""
        return sum(self._people[: self.of(person) + 1])
