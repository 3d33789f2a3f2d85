"""The choice between ways needs no more calls than any fixed choice, and hardly more than the best that exists."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from student_graph.adapters.contract import AccessPath, Adapter, CallCost
from student_graph.gateway.fetch.way_choice import Choice, NamedCoarseKeys, Way, choose
from tests.long_runs import size

PATH: AccessPath[Any] = AccessPath(
    coarse_lookup=Adapter.attendance_events_by_school,
    key_of=lambda event: event.student_id,
    cost=lambda _: CallCost(per_key=1, per_coarse_key=1),
)


def way(calls: dict[str, float], **coarse_keys: str) -> Way[str]:
    """A way with the calls of each coarse key, and the coarse keys of each key as letters."""
    return Way(PATH, NamedCoarseKeys({key: frozenset(letters) for key, letters in coarse_keys.items()}), calls)


def random_problem(rng: random.Random) -> tuple[dict[int, float], list[Way[int]]]:
    """Up to 40 keys, some cached, and up to three ways with up to four coarse keys each, some cached."""
    keys = range(rng.randint(1, 40))
    point_calls = {key: 0.0 if rng.random() < 0.1 else float(rng.choice([1, 1, 1, 2, 3])) for key in keys}
    ways = []
    for _ in range(rng.randint(1, 3)):
        coarse_keys = range(rng.randint(1, 4))
        coarse_keys_of = {
            key: frozenset(rng.sample(coarse_keys, min(len(coarse_keys), rng.choice([1, 1, 1, 2, 3]))))
            for key in keys
            if rng.random() < 0.95
        }
        calls = {c: 0.0 if rng.random() < 0.15 else float(rng.choice([1, 2, 4, 8, 16, 30])) for c in coarse_keys}
        ways.append(Way(PATH, NamedCoarseKeys(coarse_keys_of), calls))
    return point_calls, ways


def cost(point_calls: Mapping[Any, float], ways: Sequence[Way[Any]], read: Sequence[frozenset[Any]]) -> float:
    """The calls of reading some coarse keys, and the keys that they do not answer one by one."""
    calls = sum(way.calls_of[c] for way, coarse_keys in zip(ways, read, strict=True) for c in coarse_keys)
    return calls + sum(
        key_calls
        for key, key_calls in point_calls.items()
        if not any(
            key in way.coarse_keys_of and way.coarse_keys_of[key] <= coarse_keys
            for way, coarse_keys in zip(ways, read, strict=True)
        )
    )


def all_selections(ways: Sequence[Way[Any]]) -> list[list[frozenset[Any]]]:
    """Every selection of coarse keys; those that cost nothing are in all of them."""
    selections: list[list[frozenset[Any]]] = [[]]
    for candidate in ways:
        free = frozenset(c for c, calls in candidate.calls_of.items() if not calls)
        subsets = [free]
        for coarse_key in sorted(candidate.calls_of.keys() - free):
            subsets += [subset | {coarse_key} for subset in subsets]
        selections = [[*selection, subset] for selection in selections for subset in subsets]
    return selections


def fixed_choices(ways: Sequence[Way[Any]]) -> list[list[frozenset[Any]]]:
    """Point reads for all keys, and each way for all keys that it can answer."""
    nothing = [frozenset[Any]() for _ in ways]
    return [nothing, *([*nothing[:i], w.named.all_coarse_keys, *nothing[i + 1 :]] for i, w in enumerate(ways))]


@pytest.mark.long_run
def test_a_choice_needs_hardly_more_calls_than_the_best_one() -> None:
    """Compared with a search through all selections, and never more than any fixed choice."""
    rng = random.Random(1)  # noqa: S311 - not for cryptography
    chosen = best = 0.0
    for _ in range(size(40, 1_000)):
        point_calls, ways = random_problem(rng)
        choice = choose(point_calls, ways, strict=True)
        assert choice.calls <= min(cost(point_calls, ways, read) for read in fixed_choices(ways))
        assert choice.calls == cost_of_choice(choice, point_calls, ways)
        chosen += choice.calls
        best += min(cost(point_calls, ways, read) for read in all_selections(ways))
    assert best <= chosen <= 1.02 * best


def cost_of_choice(choice: Choice[Any], point_calls: Mapping[Any, float], ways: Sequence[Way[Any]]) -> float:
    """The calls of a choice by its own assignment of keys, which must be possible with what it reads."""
    calls = sum(way.calls_of[c] for way, read in zip(ways, choice.coarse_keys, strict=True) for c in read)
    answered: list[Any] = []
    for candidate, read, keys in zip(ways, choice.coarse_keys, choice.keys, strict=True):
        assert all(candidate.coarse_keys_of[key] <= read for key in keys)
        answered += keys
    assert len(answered) == len(set(answered))
    return calls + sum(key_calls for key, key_calls in point_calls.items() if key not in answered)


def test_a_cached_coarse_key_answers_without_a_call() -> None:
    """Its key needs no point read, and no other key is read by it."""
    choice = choose({"a": 1, "b": 1}, [way({"A": 0, "B": 3}, a="A", b="B")])
    assert (choice.calls, choice.coarse_keys, choice.keys) == (1, [frozenset("A")], [["a"]])


def test_two_coarse_keys_are_read_together_if_only_both_pay() -> None:
    """Each key needs both lists; one alone answers nothing."""
    keys = {f"k{number}": "AB" for number in range(9)}
    choice = choose(dict.fromkeys(keys, 1.0), [way({"A": 4, "B": 4}, **keys)], strict=True)
    assert (choice.calls, choice.coarse_keys) == (8, [frozenset("AB")])


def test_a_batch_is_answered_by_several_ways() -> None:
    """A school's list for most keys, a section's for a few, and a point read for the rest."""
    school = way({"S": 4}, **{f"k{number}": "S" for number in range(10)})
    section = way({"T": 1}, x="T", y="T", z="T")
    point_calls = dict.fromkeys([*school.coarse_keys_of, *section.coarse_keys_of, "other"], 1.0)
    choice = choose(point_calls, [school, section], strict=True)
    assert (choice.calls, choice.coarse_keys) == (4 + 1 + 1, [frozenset("S"), frozenset("T")])


def test_fewer_rounds_win_among_about_equal_calls_unless_calls_are_scarce() -> None:
    """Twenty point reads at once take one round; a list of nineteen pages takes two, but one call less."""
    keys = {f"k{number}": "S" for number in range(20)}
    problem: Any = (dict.fromkeys(keys, 1.0), [way({"S": 19}, **keys)])
    assert [choose(*problem, 32, strict=strict).calls for strict in (False, True)] == [20, 19]
