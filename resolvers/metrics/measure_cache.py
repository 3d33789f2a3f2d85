"""
Measures that are kept for the next operation, as long as the records that they were computed from are current.

Records are shared by all operations and never change. A measure is the same as before if its request is equal and
every record that it needs is the same object. Only then is it used again, so it is as current as its records.
Measures of restricted classes of data are not kept, and those that no operation used are forgotten within two
minutes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import is_
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from cachetools import LRUCache

from student_graph.resolvers.metrics.facts import MetricRequest, Part, SchoolDays, StudentFacts
from student_graph.resolvers.metrics.indicators.profile import RiskProfile
from student_graph.resolvers.metrics.measure import Measure
from student_graph.resolvers.metrics.registry import METRICS
from student_graph.resolvers.metrics.work import count_due

MAX_CACHED_VALUES = 24_000
"""Measures, profiles and students' records of a process that are kept, each of about a kilobyte."""
MAX_UNUSED_SECONDS = 60.0
"""Values that no operation used for this time are forgotten, at the latest after twice this time."""
MAX_CACHED_REQUESTS = 1_000
"""Distinct requests whose measures are kept."""
MAX_CACHED_SCHOOLS = 2_000
"""Schools and school years whose days of instruction are kept: about 20 kilobytes for each, with its calendar."""
Attributes: TypeAlias = Mapping[str, Any]
"""Values of attributes of `StudentFacts`, by name."""
V = TypeVar("V")


class Generations(Generic[V]):
    """Values in two generations: values that were used lately, and older ones, which are forgotten first."""

    def __init__(self, max_values: int = MAX_CACHED_VALUES) -> None:
        self._max_values = max_values
        self._recent: dict[Hashable, V] = {}
        self._earlier: dict[Hashable, V] = {}
        self._added = 0
        """Values that were added or used since the generation began; a value may stand for several."""
        self._timer_loop: asyncio.AbstractEventLoop | None = None
        """The event loop that forgets unused values from time to time; None if there are none."""

    def __len__(self) -> int:
        return len(self._recent) + len(self._earlier)

    def get(self, key: Hashable) -> V | None:
        """Return the value of a key, which counts as used; None if there is none."""
        value = self._recent.get(key)
        if value is None and (value := self._earlier.pop(key, None)) is not None:
            self._recent[key] = value
            self.count()
        return value

    def set(self, key: Hashable, value: V) -> None:
        """Keep a value."""
        self._recent[key] = value
        self._earlier.pop(key, None)
        self.count()
        loop = asyncio.get_running_loop()
        if self._timer_loop is not loop:
            self._timer_loop = loop
            loop.call_later(MAX_UNUSED_SECONDS, self._forget_unused, loop)

    def count(self) -> None:
        """
        Count one more value, and begin a generation if the present one has half of the values that may be kept.
        """
        self._added += 1
        if self._added > self._max_values // 2:
            self._start_generation()

    def _start_generation(self) -> None:
        self._recent, self._earlier, self._added = {}, self._recent, 0

    def _forget_unused(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer_loop is loop:
            self._start_generation()
            if self._earlier:
                loop.call_later(MAX_UNUSED_SECONDS, self._forget_unused, loop)
            else:
                self._timer_loop = None


@dataclass(slots=True)
class KnownStudent:
    """Records of one student, and the measures that were computed from them."""

    parts: Sequence[Attributes]
    """What each part fills, in the order in which the records were read."""
    facts: StudentFacts
    measures: dict[Hashable, Measure] = field(default_factory=dict)


class _CachedDays(NamedTuple):
    """The days of instruction of a school, and what they were built from."""

    read: Attributes
    recorded: Hashable
    days: SchoolDays


class RequestToken:
    """
    Represents equal requests.

    It keeps the objects by whose ids it is found, so that no other object gets these ids.
    """

    __slots__ = ("_choices",)

    def __init__(self, *choices: object) -> None:
        self._choices = choices


class MeasureCache:
    """The measures and profiles of a process that may be used again."""

    def __init__(self) -> None:
        self._students: Generations[KnownStudent] = Generations()
        self._profiles: Generations[tuple[Sequence[object], RiskProfile]] = Generations(MAX_CACHED_VALUES // 4)
        self._school_days: LRUCache[Hashable, _CachedDays] = LRUCache(MAX_CACHED_SCHOOLS)
        self._tokens: LRUCache[Hashable, RequestToken] = LRUCache(MAX_CACHED_REQUESTS)

    def student(
        self, name: Hashable, parts: Sequence[Attributes], facts: Callable[[], StudentFacts]
    ) -> KnownStudent:
        """
        Return a student's records with their measures. There are no measures if one of the records has changed.
        """
        known = self._students.get(name)
        if known is None or not all(map(is_same, known.parts, parts)):
            known = KnownStudent(parts, facts())
            self._students.set(name, known)
        return known

    def measure_of(self, request: MetricRequest) -> Callable[[KnownStudent], Measure]:
        """Return the function that measures a student; each measure is computed once from the same records."""
        spec, token = METRICS[request.metric], self.token(request)
        counts_due = Part.WORK in spec.parts

        def measure_student(known: KnownStudent) -> Measure:
            key = (token, count_due(known.facts, request)) if counts_due else token
            measure = known.measures.get(key)
            if measure is None:
                measure = known.measures[key] = spec.measure(known.facts, request)
                self._students.count()
            return measure

        return measure_student

    def profile(
        self, key: Hashable, results: Sequence[object], evaluate: Callable[[], RiskProfile]
    ) -> RiskProfile:
        """Return the profile of a student that follows from some measures; it is evaluated once from the same."""
        cached = self._profiles.get(key)
        if cached is not None and len(cached[0]) == len(results) and all(map(is_, cached[0], results)):
            return cached[1]
        profile = evaluate()
        self._profiles.set(key, (results, profile))
        return profile

    def school_days(
        self, name: Hashable, read: Attributes, recorded: Hashable, build: Callable[[], SchoolDays]
    ) -> SchoolDays:
        """Return the days of instruction of a school; built once from the same records and recorded days."""
        cached = self._school_days.get(name)
        if cached is not None and cached.recorded == recorded and is_same(cached.read, read):
            return cached.days
        cached = self._school_days[name] = _CachedDays(read, recorded, build())
        return cached.days

    def token(self, request: MetricRequest) -> RequestToken:
        """
        Return the token of a request; equal requests have the same one.

        Of the time of the computation, only whether it is the present is part of it: which work is due depends on
        the rest.
        """
        # The token keeps these objects, so that no other object gets the id of one. Hashing them would take
        # longer.
        choices = (request.preset, request.rule, request.settings)
        key = (
            request.metric,
            *map(id, choices),
            request.as_of,
            request.year_start,
            request.window,
            request.first,
            request.last,
            request.school,
            request.subject,
            request.family,
            request.now is None,
            request.zone,
        )
        token = self._tokens.get(key)
        if token is None:
            token = self._tokens[key] = RequestToken(*choices)
        return token


def may_cache(request: MetricRequest) -> bool:
    """Return whether the measures of a request may be kept: those of restricted classes of data may not."""
    return not METRICS[request.metric].sensitivity.restricted


def is_same(part: Attributes, other: Attributes) -> bool:
    """Return whether two parts hold the same objects, not only equal ones."""
    if part is other:
        return True
    if len(part) != len(other):
        return False
    for name, value in part.items():
        current = other.get(name)
        if current is value:
            continue
        if isinstance(value, list):
            if not isinstance(current, list) or len(value) != len(current) or not all(map(is_, value, current)):
                return False
        elif isinstance(value, Mapping) and isinstance(current, Mapping):
            if value.keys() != current.keys() or not all(map(is_, value.values(), map(current.get, value))):
                return False
        else:
            return False
    return True
