"""Tests of batches that a vendor refuses because of single keys."""

from __future__ import annotations

from student_graph.adapters.bisection import bisect_batch
from student_graph.adapters.errors import AdapterError, RefusedError, UnavailableError


class PickyVendor:
    """Returns the square of every number, and refuses a batch with a number in `refused`."""

    def __init__(self, *refused: int, error: type[AdapterError] = RefusedError) -> None:
        self.refused = set(refused)
        self.error = error
        self.calls: list[tuple[int, ...]] = []

    async def squares(self, numbers: tuple[int, ...]) -> dict[int, int]:
        """Read a batch."""
        self.calls.append(numbers)
        if self.refused & set(numbers):
            raise self.error("refused")
        return {number: number**2 for number in numbers}


def is_refusal(error: AdapterError) -> bool:
    """Whether smaller batches can help."""
    return isinstance(error, RefusedError)


async def test_a_good_batch_is_one_call() -> None:
    """A batch that succeeds is not split."""
    vendor = PickyVendor()
    batch = await bisect_batch([1, 2, 3], vendor.squares, should_split=is_refusal)

    assert batch == {1: 1, 2: 4, 3: 9}
    assert vendor.calls == [(1, 2, 3)]


async def test_one_bad_key_fails_alone() -> None:
    """The other keys are answered, in 2 log2(n) further calls."""
    vendor = PickyVendor(77)
    batch = await bisect_batch(range(100), vendor.squares, should_split=is_refusal)

    failed = {number for number, answer in batch.items() if isinstance(answer, AdapterError)}
    assert failed == {77}
    assert len(batch) == 100
    assert len(vendor.calls) <= 15


async def test_several_bad_keys_fail_alone() -> None:
    """Each bad key is isolated."""
    vendor = PickyVendor(0, 5, 99)
    batch = await bisect_batch(range(100), vendor.squares, should_split=is_refusal)

    assert {n for n, answer in batch.items() if isinstance(answer, AdapterError)} == {0, 5, 99}


async def test_a_vendor_that_refuses_everything_gets_few_calls() -> None:
    """If no part succeeds, all keys soon have the error."""
    vendor = PickyVendor(*range(100))
    batch = await bisect_batch(range(100), vendor.squares, should_split=is_refusal)

    assert len(batch) == 100
    assert all(isinstance(answer, RefusedError) for answer in batch.values())
    assert len(vendor.calls) == 15


async def test_other_errors_do_not_split_a_batch() -> None:
    """A vendor that is down gets one call."""
    vendor = PickyVendor(1, error=UnavailableError)
    batch = await bisect_batch([1, 2, 3], vendor.squares, should_split=is_refusal)

    assert [type(answer) for answer in batch.values()] == [UnavailableError] * 3
    assert vendor.calls == [(1, 2, 3)]


async def test_no_keys_need_no_call() -> None:
    """An empty batch makes no call."""
    vendor = PickyVendor()

    assert await bisect_batch([], vendor.squares, should_split=is_refusal) == {}
    assert vendor.calls == []
