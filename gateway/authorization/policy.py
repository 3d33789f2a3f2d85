"""
The access policy: which records a viewer may see. Everything is denied by default.

The policy decides before records are fetched, and again for every record that comes back. A record outside the
viewer's reach looks exactly like one that does not exist. A class of data that is not granted is `FORBIDDEN`.
Whether it is depends on the viewer and on whether the student is within the viewer's reach, never on what is
recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, NamedTuple

from student_graph.adapters.answers import Answer, Answers, Ask, records_in
from student_graph.adapters.errors import AdapterError, ForbiddenError, translate
from student_graph.adapters.lookup import About, Page
from student_graph.adapters.model import (
    DistrictId,
    Record,
    Sensitivity,
    Student,
    StudentId,
    StudentIdentity,
)
from student_graph.adapters.sources import CachedAnswers, District, Fetch, Source, no_cached_answers
from student_graph.gateway.cache.entries import SharedBatch
from student_graph.resolvers.access import Reach, Rights
from student_graph.resolvers.context import ReachProvider, Viewer, ViewerRole
from student_graph.resolvers.operation import Disclosures


def authorized(
    fetch: Fetch,
    viewer: Viewer,
    districts: Mapping[DistrictId, District],
    reach_of: ReachProvider,
    disclosures: Disclosures | None = None,
    *,
    from_cache: CachedAnswers = no_cached_answers,
) -> AuthorizedFetch:
    """
    Fetch only records that the viewer may see; record denied keys and classes read in `disclosures`.

    `from_cache` returns the answers that `fetch` would return, if they are there without waiting.
    """
    if disclosures is None:
        disclosures = Disclosures()
    return AuthorizedFetch(fetch, viewer, districts, reach_of, disclosures, from_cache)


@dataclass(slots=True, eq=False)
class AuthorizedFetch:
    """The fetch of one viewer's operation."""

    fetch: Fetch
    viewer: Viewer
    districts: Mapping[DistrictId, District]
    reach_of: ReachProvider
    disclosures: Disclosures
    cached: CachedAnswers
    _rights: dict[DistrictId, Rights] = field(default_factory=dict)
    _reaches: dict[DistrictId, Reach] = field(default_factory=dict)

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Answers:
        """The part of the answers that the viewer may see."""
        if source.district not in self.viewer.districts:
            return {}
        rights = self._rights_in(source.district)
        if not rights.allow(ask.lookup.sensitivity):
            self._record_denied(source, len(ask.keys))
            error = self.viewer.not_granted(self.districts[source.district], ask.lookup.sensitivity)
            return _error_for_keys(ask.keys, error, source)
        if ask.lookup.about is not About.STUDENTS:
            rule = _VisibilityRule(source.district, rights.for_all, ask.lookup.about)
            return _visible_answers(await self.fetch(source, ask), rule)
        try:
            reach = self._reaches.get(source.district) or await self._reach_in(source.district)
        except AdapterError as error:
            return _error_for_keys(ask.keys, translate(error), source)
        return await self._fetch_about_students(source, ask, rights, reach)

    def from_cache(self, source: Source, ask: Ask[Any]) -> Answers | None:
        """
        The answers without waiting, if the viewer may see all of them; else None.

        It decides by the same rules. It leaves what it cannot decide at once, such as a key outside the viewer's
        reach, to `__call__`, which may wait.
        """
        lookup, district = ask.lookup, source.district
        rights = self._rights_in(district) if district in self.viewer.districts else None
        if rights is None or not rights.allow(lookup.sensitivity):
            return None
        if lookup.about is About.STUDENTS:
            reach = self._reaches.get(district)
            if reach is None:
                return None
            rule = self._rule_about_students(source, ask, rights, reach)
            students = rule.students if lookup.key_kind == "student" else None
            if students is not None and not students.issuperset(ask.keys):
                return None
        else:
            reach, rule = None, _VisibilityRule(district, rights.for_all, lookup.about)
        answers = self.cached(source, ask)
        return None if answers is None else self._visible(source, ask, rule, reach, answers)

    def _rule_about_students(self, source: Source, ask: Ask[Any], rights: Rights, reach: Reach) -> _VisibilityRule:
        """The rule for records of students; notes that their class of data is read."""
        sensitivity = ask.lookup.sensitivity
        students = rights.visible_students(sensitivity, reach)
        if sensitivity is not Sensitivity.OPEN:
            self.disclosures.classes_read.setdefault(source.district, set()).add(sensitivity)
        hide_totals = students is not None and ask.lookup.paged
        return _VisibilityRule(source.district, rights.for_any, ask.lookup.about, students, hide_totals)

    async def _fetch_about_students(self, source: Source, ask: Ask[Any], rights: Rights, reach: Reach) -> Answers:
        rule = self._rule_about_students(source, ask, rights, reach)
        students = rule.students
        if students is None or ask.lookup.key_kind != "student" or students.issuperset(ask.keys):
            return self._visible(source, ask, rule, reach, await self.fetch(source, ask))
        allowed = replace(ask, keys=tuple(key for key in ask.keys if key in students))
        self._record_denied(source, len(ask.keys) - len(allowed.keys))
        answers: Answers = {}
        if allowed.keys:
            answers = self._visible(source, allowed, rule, reach, await self.fetch(source, allowed))
        # For a student within reach whose class is granted for other students only, the error says so.
        forbidden = [key for key in ask.keys if key not in students and reach.contains(key)]
        if not forbidden:
            return answers
        sensitivity = ask.lookup.sensitivity
        error = ForbiddenError("granted for other students", sensitivity=sensitivity.name, limited=True)
        return {**answers, **_error_for_keys(forbidden, error, source)}

    def _visible(
        self, source: Source, ask: Ask[Any], rule: _VisibilityRule, reach: Reach | None, answers: Answers
    ) -> Answers:
        """
        What the viewer may see of the answers to keys that the viewer may ask for.

        If the source spells the number of a student within reach in another way, the viewer may see those records
        too.
        """
        is_by_student = rule.students is not None and ask.lookup.key_kind == "student"
        if reach is not None and is_by_student and ask.lookup.is_by_id and not rule.allows_all(answers):
            spellings = _other_spellings(answers, source)
            self._reaches[source.district] = reach.with_spellings(spellings)
            students = (rule.students or frozenset()).union(*spellings.values())
            rule = replace(rule, students=students)
        return _visible_answers(answers, rule)

    def _record_denied(self, source: Source, keys: int) -> None:
        denied = self.disclosures.denied
        denied[source.district] = denied.get(source.district, 0) + keys

    def _rights_in(self, district: DistrictId) -> Rights:
        rights = self._rights.get(district)
        if rights is None:
            rights = self._rights[district] = self.viewer.rights_in(self.districts[district])
        return rights

    async def _reach_in(self, district: DistrictId) -> Reach:
        reach = self._reaches[district] = await self.reach_of(district)
        return reach


def _other_spellings(answers: Answers, source: Source) -> dict[StudentId, frozenset[StudentId]]:
    """By requested student, the number as the source spells it, if only the spelling differs."""
    loose_key = source.adapter.loose_key
    return {
        key: frozenset({record.student_id})
        for key, answer in answers.items()
        if isinstance(record := answer.value, Student | StudentIdentity)
        and record.student_id != key
        and loose_key(record.student_id) == loose_key(key)
    }


def _error_for_keys(keys: Iterable[Any], error: AdapterError, source: Source) -> dict[Any, Answer[Any]]:
    """The same error as the answer to each key."""
    error.source = error.source or source.name
    return dict.fromkeys(keys, Answer(error, source.name, datetime.now(UTC)))


class _BatchSummary(NamedTuple):
    """Facts about all records of a batch that do not depend on the viewer."""

    classes: frozenset[Sensitivity]
    districts: frozenset[DistrictId]
    subjects: frozenset[Any]
    """The ids of the persons that the records are about. Contains None if a record names no person."""
    well_formed: bool
    """Whether every record is stamped with its source, and none has an unresolved subject."""


def _summarize(answers: Answers, about: About) -> _BatchSummary:
    records = [record for answer in answers.values() for record in records_in(answer.value)]
    well_formed = None not in map(_FETCHED, records) and not any(map(_SUBJECT, records))
    return _BatchSummary(
        frozenset(kind.sensitivity for kind in _types_of(records)),
        frozenset(map(_DISTRICT, records)) if well_formed else frozenset(),
        frozenset() if about.value is None else frozenset(map(attrgetter(about.value), records)),
        well_formed,
    )


@dataclass(slots=True)
class _VisibilityRule:
    """The records that a viewer may see in the answers to one ask."""

    district: DistrictId
    classes: frozenset[Sensitivity]
    about: About
    students: frozenset[StudentId] | None = None
    """The students that records may be about; None for all."""
    hide_totals: bool = False
    """Whether a page's total is removed, because it counts students outside the viewer's reach."""

    def allows_all(self, answers: Answers) -> bool:
        """Whether `allows` is true for every record; it nearly always is. Computed for the whole batch at once."""
        if isinstance(answers, SharedBatch):  # the same for every viewer: a cached batch is summarized once
            summary: _BatchSummary = answers.summary(_summarize, self.about)
        else:
            summary = _summarize(answers, self.about)
        return (
            summary.well_formed
            and summary.classes <= self.classes
            and summary.districts <= {self.district}
            and None not in summary.subjects
            and "" not in summary.subjects
            and (self.students is None or summary.subjects <= self.students)
        )

    def allows(self, record: Record) -> bool:
        """Whether the viewer may see a record; no viewer may see one whose subject is unresolved."""
        person = getattr(record, self.about.value) if self.about.value is not None else None
        return (
            record.fetched is not None
            and record.fetched.district == self.district
            and record.subject is None
            and record.sensitivity in self.classes
            and (self.about.value is None or bool(person if self.students is None else person in self.students))
        )


def _types_of(records: Sequence[Record]) -> set[type[Record]]:
    return set(map(type, records))


_FETCHED, _DISTRICT, _SUBJECT = attrgetter("fetched"), attrgetter("fetched.district"), attrgetter("subject")


def _visible_answers(answers: Answers, rule: _VisibilityRule) -> Answers:
    """The answers without the records that the rule does not allow."""
    if not rule.hide_totals and rule.allows_all(answers):
        return answers
    visible = ((key, _visible_answer(answer, rule)) for key, answer in answers.items())
    return {key: answer for key, answer in visible if answer is not None}


def _visible_answer(answer: Answer[Any], rule: _VisibilityRule) -> Answer[Any] | None:
    """The visible part of an answer; None if its only record is not visible."""
    allows: Callable[[Record], bool] = rule.allows
    match answer.value:
        case AdapterError():
            return answer
        case Page() as page:
            total = page.total if rule.students is None else None
            return answer._replace(value=replace(page, items=list(filter(allows, page.items)), total=total))
        case list() as records:
            return answer._replace(value=list(filter(allows, records)))
        case record:
            return answer if allows(record) else None


def counter_for(viewer: Viewer) -> Viewer:
    """
    The reader that counts students for a viewer: all students, in the classes that are granted for all of them.

    Its records never leave the gateway, except in counts whose small cells are hidden.
    """
    grants = frozenset(grant for grant in viewer.grants if not grant.is_limited)
    return replace(
        viewer,
        role=ViewerRole.SERVICE,
        grants=grants,
        assigned=frozenset(),
        email=None,
        emergency=None,
        counts_only=False,
    )
