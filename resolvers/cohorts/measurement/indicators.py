"""Early-warning indicators for many students at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from student_graph.adapters.errors import AdapterError, ForbiddenError, IdentityError, NotOfferedError
from student_graph.adapters.model import StudentId
from student_graph.adapters.sources import District
from student_graph.resolvers.cohorts.measurement.measure import measure_students, note_evidence
from student_graph.resolvers.cohorts.measurement.requests import ResolvedChoices
from student_graph.resolvers.cohorts.measurement.slices import in_slices
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.errors import bad_input
from student_graph.resolvers.fields.outcome import Outcome, Outcomes, Partial
from student_graph.resolvers.metrics.facts import MetricRequest, MetricSettings
from student_graph.resolvers.metrics.indicators.evaluate import (
    NOT_GRANTED,
    NOT_OFFERED,
    SOURCE_DOWN,
    Unread,
    evaluate,
    indicator_requests,
    indicator_rules,
)
from student_graph.resolvers.metrics.indicators.profile import RiskProfile
from student_graph.resolvers.metrics.measure import DataQuality, Domain, Measure, Metric
from student_graph.resolvers.metrics.measure_cache import may_cache
from student_graph.resolvers.metrics.presets.preset import Preset
from student_graph.resolvers.metrics.registry import METRICS, presets_of

NO_LINK = Unread("The district's system has no certain link to this student.", DataQuality.SOURCE_MISSING)


def indicator_request(choices: ResolvedChoices) -> MetricRequest:
    """
    Return the request for the indicators of a preset: the named one, or the district's first default that has any.

    Raises:
        GraphQLError: the preset defines no indicators; the message names those that do.
    """
    preset = choices.preset or _default_preset(choices.settings)
    if not preset.domains:
        names = sorted(name for name, other in presets_of(choices.settings).items() if other.domains)
        raise bad_input(f"preset: {preset.name} defines no indicators. These do: {', '.join(names)}.")
    return choices.with_preset(preset).request(Metric.CHRONIC_ABSENCE)


async def profile_students(
    info: Info,
    district: District,
    students: Sequence[StudentId],
    request: MetricRequest,
    domains: Iterable[Domain] = (),
) -> Outcomes[RiskProfile]:
    """
    Return the indicators of each student by the preset of a request, in the order of the students.

    A metric that the viewer has no grant for, or that could not be read, is not evaluated, and the indicator says
    why. What is not granted is not read. If a source failed, the profile is partial. `domains` are indicators in
    addition to those of the preset.
    """
    domains = tuple(domains)
    rules = indicator_rules(request.preset, domains)
    requests = indicator_requests(request, domains)
    rights = info.context.viewer.rights_in(district)
    granted = [index for index, r in enumerate(requests) if rights.allow(METRICS[r.metric].sensitivity)]
    measured = await measure_students(
        info,
        district,
        students,
        [requests[index] for index in granted],
        cached=True,
        at_enrolled_schools=True,
    )
    for index, measures in zip(granted, measured, strict=True):
        note_evidence(info, requests[index].metric, measures)
    cache = info.context.measure_cache
    token, may_share = cache.token(request), all(may_cache(requests[index]) for index in granted)
    columns = dict(zip(granted, measured, strict=True))
    profiles: list[Outcome[RiskProfile]] = []
    async for row in in_slices(range(len(students))):
        outcomes = [columns[index][row] if index in columns else None for index in range(len(rules))]
        results = [_result(outcome) for outcome in outcomes]
        if may_share:
            key = (district.id, students[row], token, domains)
            profile = cache.profile(key, results, partial(evaluate, request, rules, results))
        else:
            profile = evaluate(request, rules, results)
        missing = [outcome for outcome in outcomes if not isinstance(outcome, Measure)]
        failures = tuple(failure for outcome in missing for failure in _failures(outcome))
        profiles.append(Partial(profile, failures) if failures else profile)
    return profiles


def _default_preset(settings: MetricSettings) -> Preset:
    presets = presets_of(settings)
    defaults = [presets[name] for name in settings.default_presets if name in presets]
    return next((preset for preset in defaults if preset.domains), defaults[0])


def _result(outcome: Outcome[Measure] | None) -> Measure | Unread:
    """A measure, or why there is none; None stands for a class of data that the viewer has no grant for."""
    if isinstance(outcome, Measure):
        return outcome
    if isinstance(outcome, Partial):
        return outcome.value
    if outcome is None or isinstance(outcome, ForbiddenError):
        return NOT_GRANTED
    if isinstance(outcome, NotOfferedError):
        return NOT_OFFERED
    return NO_LINK if isinstance(outcome, IdentityError) else SOURCE_DOWN


def _failures(outcome: Outcome[Measure] | None) -> Sequence[AdapterError]:
    """The errors of sources that failed; that there is no grant, link or offer is no failure."""
    if isinstance(outcome, Partial):
        return outcome.failures
    if isinstance(outcome, AdapterError) and _result(outcome) is SOURCE_DOWN:
        return (outcome,)
    return ()
