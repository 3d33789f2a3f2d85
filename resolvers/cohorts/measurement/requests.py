"""Requests for metrics, from the choices that a query makes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo

from student_graph.adapters.model import AcademicSubject, SchoolId
from student_graph.adapters.sources import District
from student_graph.resolvers.context import Context
from student_graph.resolvers.fields.dates import school_year_start
from student_graph.resolvers.fields.errors import bad_input
from student_graph.resolvers.metrics.facts import MetricRequest, MetricSettings
from student_graph.resolvers.metrics.measure import Metric
from student_graph.resolvers.metrics.presets.preset import Preset, WindowKind
from student_graph.resolvers.metrics.registry import UnknownPresetError, find_preset, presets_of

_DEFAULT_SETTINGS = MetricSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a query may say about a metric. Everything may be left out."""

    preset: str | None = None
    """Name of a preset; the district's default if None."""
    window: WindowKind | None = None
    """The window; that of the preset if None."""
    first: date | None = None
    """First day of an explicit window; the first day of the school year if None."""
    last: date | None = None
    """Last day of an explicit window; today if None."""
    as_of: date | None = None
    """The day on which a relative window ends; today if None."""
    school: SchoolId | None = None
    """Only at this school; None for the whole district."""
    subject: AcademicSubject | None = None
    """Only courses or tests of this subject; None for all."""
    family: str | None = None
    """Only tests of this family; None for all."""


def metric_settings(context: Context, district: District) -> MetricSettings:
    """Return what a district says about its data; the defaults if it says nothing."""
    return context.metric_settings.get(district.id, _DEFAULT_SETTINGS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResolvedChoices:
    """The choices of a query in one district, checked and complete. All students of a field share one object."""

    settings: MetricSettings
    preset: Preset | None
    """The named preset; None if each metric has its default."""
    as_of: date
    year_start: date
    """First day of the school year of the window."""
    now: datetime | None
    """The time of the computation; None for a day in the past."""
    zone: tzinfo
    """The district's time zone."""
    first: date | None
    last: date | None
    choices: Choices

    def with_preset(self, preset: Preset) -> ResolvedChoices:
        """Return the same choices with a preset."""
        return replace(self, preset=preset)

    def request(self, metric: Metric) -> MetricRequest:
        """Return the request for a metric."""
        return MetricRequest(
            metric,
            self.preset or default_preset(self.settings, metric),
            self.as_of,
            self.year_start,
            now=self.now,
            window=self.choices.window,
            first=self.first,
            last=self.last,
            school=self.choices.school,
            subject=self.choices.subject,
            family=self.choices.family,
            settings=self.settings,
            zone=self.zone,
        )


def resolve_choices(context: Context, district: District, choices: Choices) -> ResolvedChoices:
    """
    Return the choices of a query in a district, checked and complete.

    Raises:
        GraphQLError: there is no such preset, or the window is not possible.
    """
    settings = metric_settings(context, district)
    now = district.frozen_on or context.operation.started_at
    today = district.today(now)
    first, last = _explicit_window(district, choices, today)
    as_of = last or choices.as_of or today
    return ResolvedChoices(
        settings=settings,
        preset=None if choices.preset is None else named_preset(settings, choices.preset),
        as_of=as_of,
        year_start=school_year_start(district, as_of),
        now=now if as_of == today else None,
        zone=district.time_zone,
        first=first,
        last=last,
        choices=choices,
    )


def metric_request(
    context: Context, district: District, metric: Metric, choices: Choices | None = None
) -> MetricRequest:
    """
    Return the request for a metric in a district, with all choices resolved.

    Raises:
        GraphQLError: there is no such preset, or the window is not possible.
    """
    return resolve_choices(context, district, choices or Choices()).request(metric)


def default_preset(settings: MetricSettings, metric: Metric) -> Preset:
    """
    Return the district's first default preset with a rule for a metric.

    If none has a rule for it, the first one is returned: then the metric has a value without a level.
    """
    presets = presets_of(settings)
    defaults = [presets[name] for name in settings.default_presets if name in presets]
    return next((preset for preset in defaults if preset.rule(metric) is not None), defaults[0])


def named_preset(settings: MetricSettings, name: str) -> Preset:
    """
    Return the preset of a district with a name.

    Raises:
        GraphQLError: there is none; the message names those that exist.
    """
    try:
        return find_preset(settings, name)
    except UnknownPresetError as error:
        raise bad_input(f"preset: {error}") from None


def _explicit_window(district: District, choices: Choices, today: date) -> tuple[date | None, date | None]:
    """
    The first and last day of an explicit window; None and None if the window is relative.

    Raises:
        GraphQLError: the choices contradict each other, or the window is not possible.
    """
    if (choices.last or choices.as_of or today) > today:
        name = "asOf" if choices.last is None else "to"
        raise bad_input(f"{name}: must not be after today; metrics count what is recorded.")
    if choices.first is None and choices.last is None:
        return None, None
    if choices.window is not None:
        raise bad_input("window: pass either window, or from and to.")
    if choices.as_of is not None:
        raise bad_input("asOf: pass either asOf, or from and to.")
    last = choices.last or today
    start = school_year_start(district, last)
    first = choices.first or start
    if first > last:
        raise bad_input("from, to: the last day is before the first day.")
    if first < start:
        raise bad_input(
            f"from: the school year of the window's last day begins on {start}, and a window lies within one year."
        )
    return first, last
