"""
Interoperability scorecards of sources and districts.

Operators get counts. Superintendents get shares: they decide what a district buys, and a count of students or rows
may be about one child. Nobody else gets a scorecard, because it says where a district's systems are weak.
"""

from __future__ import annotations

from datetime import UTC, datetime

from student_graph.adapters.errors import ForbiddenError
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District, Source
from student_graph.resolvers.context import Info, ViewerRole
from student_graph.resolvers.types.scorecard.measurements import SourceFigures, source_figures, topics_of
from student_graph.resolvers.types.scorecard.models import Scorecard, district_scorecard, source_scorecard
from student_graph.resolvers.types.scorecard.values import Detail


def scorecard_of_source(info: Info, source: Source) -> Scorecard:
    """
    The scorecard of a source, from what was counted since the gateway started.

    Raises:
        ForbiddenError: the viewer is neither an operator nor a superintendent.
    """
    return source_scorecard(_figures(info, source), _detail(info, source.district), datetime.now(UTC))


def scorecard_of_district(info: Info, district: District) -> Scorecard:
    """
    The scorecard of a district, from what was counted at its sources since the gateway started.

    Raises:
        ForbiddenError: the viewer is neither an operator nor a superintendent.
    """
    detail = _detail(info, district.id)
    figures = [_figures(info, source) for source in district.sources]
    return district_scorecard(figures, topics_of(district.sources, {}), detail, datetime.now(UTC))


def _detail(info: Info, district: DistrictId) -> Detail:
    """
    How much the viewer may see of the scorecards of a district.

    Raises:
        ForbiddenError: nothing at all.
    """
    viewer = info.context.viewer
    if district in viewer.districts:
        if viewer.operator:
            return Detail.COUNTS
        if viewer.role is ViewerRole.SUPERINTENDENT:
            return Detail.SHARES
    raise ForbiddenError("it is for operators and superintendents only")


def _figures(info: Info, source: Source) -> SourceFigures:
    """What was counted at a source."""
    health = info.context.health(source)
    return source_figures(source, health.counts, reachable=health.reachable, error_code=health.last_error_code)
