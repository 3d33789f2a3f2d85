"""Bands of the attendance rate, as vendors of dashboards name them. Every rate from 0 to 1 is in exactly one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Band:
    """A band of rates."""

    name: str
    up_to: Fraction
    """Where the band ends; it begins where the band before it ends."""
    includes_end: bool
    """Whether a rate that equals the end belongs to the band, and not to the next one."""


EDU_BANDS = (
    Band("severe", Fraction(80, 100), includes_end=True),
    Band("chronic", Fraction(90, 100), includes_end=True),
    Band("at risk", Fraction(95, 100), includes_end=True),
    Band("satisfactory", Fraction(1), includes_end=True),
)
"""Bands of edanalytics/edu_wh, each without its lower end. There a rate of 0 is in no band; here it is severe."""
PANORAMA_BANDS = (
    Band("critical", Fraction(80, 100), includes_end=False),
    Band("off track", Fraction(90, 100), includes_end=False),
    Band("at risk", Fraction(95, 100), includes_end=False),
    Band("on track", Fraction(1), includes_end=True),
)
"""Bands of Panorama (support article 558): a rate between two bands belongs to the better one."""
POWERSCHOOL_BANDS = (
    Band("trending towards chronic absence", Fraction(95, 100), includes_end=True),
    Band("no issue", Fraction(1), includes_end=True),
)
"""Bands of PowerSchool Unified Insights, which has more bands below 95 %, and no minimum of enrolled days."""


def band_of(rate: Fraction, bands: Sequence[Band]) -> Band:
    """The band of a rate; one outside 0 to 1 is in the first or the last band."""
    for band in bands:
        if rate < band.up_to or (band.includes_end and rate == band.up_to):
            return band
    return bands[-1]
