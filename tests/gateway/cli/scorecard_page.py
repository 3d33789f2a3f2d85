"""A page of `student-graph scorecard` for tests: two districts, and every kind of finding."""

from __future__ import annotations

import hashlib
from html.parser import HTMLParser

from student_graph.adapters.interface import Counts, LinkCounts
from student_graph.gateway.cli.scorecard import page
from student_graph.gateway.cli.scorecard.measuring import MeasuredDistrict
from student_graph.resolvers.types.scorecard.measurements import SourceFigures
from tests.gateway.servers import ROOT
from tests.resolvers.types.scorecard.figures import LEARNING, UNTIL, counts, figures

IMAGE = ROOT / "docs" / "images" / "scorecard.png"
DIGEST = ROOT / "docs" / "images" / "scorecard-digest.txt"
VOID_TAGS = frozenset({"meta"})


def district(*sources: SourceFigures, name: str = "Cedar Hollow School District") -> MeasuredDistrict:
    """A district whose sources were measured for two seconds."""
    return MeasuredDistrict("cedar", name, sources, [LEARNING], UNTIL, 2.0)


def all_kinds(name: str = "Cedar Hollow School District") -> MeasuredDistrict:
    """A district with a good source, a poor one and a dead one."""
    poor = counts(
        links=LinkCounts(matched=61, unmatched=19, conflicted=3),
        unreadable_rows={"unexpected shape (missing at users.familyName)": 47},
        unmapped_codes={"attendance TRU": 17},
        failed_asks=5,
        failures_by_code={"RATE_LIMITED": 5},
        throttled=6,
    )
    return district(
        figures(name="sis", uses_district_ids=True),
        figures(name="lms", counts=poor),
        figures(name="tests", reachable=False, error_code="SOURCE_UNAVAILABLE", counts=Counts()),
        name=name,
    )


def digest() -> str:
    """SHA-256 of a page with all that the screenshot can show."""
    return hashlib.sha256(page.page_of([all_kinds()]).encode()).hexdigest()


class StrictParser(HTMLParser):
    """Reads a page and refuses tags that are not closed, or closed in another order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open_tags: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        """Each tag with its attributes."""
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag; one without an end stays closed."""
        assert len(dict(attrs)) == len(attrs), f"an attribute of {tag} is there twice"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID_TAGS:
            self.open_tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the tag that was opened last."""
        assert self.open_tags.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.texts.append(data)


def parsed(*districts: MeasuredDistrict) -> StrictParser:
    """The page of some districts, which is well-formed."""
    text = page.page_of(districts)
    assert text.startswith('<!doctype html>\n<html lang="en">')
    parser = StrictParser()
    parser.feed(text)
    parser.close()
    assert parser.open_tags == []
    return parser
