"""One bad id in a batch that is refused as a whole."""

from __future__ import annotations

from student_graph.adapters.bisection import bisect_batch
from student_graph.adapters.errors import AdapterError, RefusedError, UnavailableError


class Choosy:
    """Answers with the square of every number, and refuses everything because of one in `bad`."""

    def __init__(self, *bad: int, error: type[AdapterError] = RefusedError) -> None:
        self.bad = bad
        self.error = error
        self.calls: list[tuple[int, ...]] = []

    async def squares(self, numbers: tuple[int, ...]) -> dict[int, int]:
        """A vendor's batch read."""
        self.calls.append(numbers)
        if set(self.bad) & set(numbers):
            raise self.error("refused")
        return {number: number**2 for number in numbers}


def refused(error: AdapterError) -> bool:
    """Whether halves may fare better."""
    return isinstance(error, RefusedError)


async def test_a_good_batch_is_one_call() -> None:
    """Nothing is halved that was answered."""
    vendor = Choosy()
    found = await bisect_batch([1, 2, 3], vendor.squares, should_split=refused)

    assert found == {1: 1, 2: 4, 3: 9}
    assert vendor.calls == [(1, 2, 3)]


async def test_one_bad_id_fails_alone() -> None:
    """The others are answered, in 2 log2(n) further calls."""
    vendor = Choosy(77)
    found = await bisect_batch(range(100), vendor.squares, should_split=refused)

    failed = {number for number, answer in found.items() if isinstance(answer, AdapterError)}
    assert failed == {77}
    assert len(found) == 100
    assert len(vendor.calls) <= 15


async def test_several_bad_ids_fail_alone() -> None:
    """Each is found for itself."""
    vendor = Choosy(0, 5, 99)
    found = await bisect_batch(range(100), vendor.squares, should_split=refused)

    assert {n for n, answer in found.items() if isinstance(answer, AdapterError)} == {0, 5, 99}


async def test_a_vendor_that_refuses_everything_is_not_asked_for_each() -> None:
    """When nothing at all is answered, the refusal soon stands for all."""
    vendor = Choosy(*range(100))
    found = await bisect_batch(range(100), vendor.squares, should_split=refused)

    assert len(found) == 100
    assert all(isinstance(answer, RefusedError) for answer in found.values())
    assert len(vendor.calls) == 15


async def test_a_failure_that_halving_cannot_help_is_not_halved() -> None:
    """A vendor that is down is asked once."""
    vendor = Choosy(1, error=UnavailableError)
    found = await bisect_batch([1, 2, 3], vendor.squares, should_split=refused)

    assert [type(answer) for answer in found.values()] == [UnavailableError] * 3
    assert vendor.calls == [(1, 2, 3)]


async def test_nothing_is_asked_for_nothing() -> None:
    """No ids, no call."""
    vendor = Choosy()

    assert await bisect_batch([], vendor.squares, should_split=refused) == {}
    assert vendor.calls == []
