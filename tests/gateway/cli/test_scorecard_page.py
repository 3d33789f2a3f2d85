"""The page of `student-graph scorecard`: complete in one file, accessible, and without a count of children."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from student_graph.gateway.cli.printed.page import STYLE
from student_graph.gateway.cli.scorecard.page import page_of
from tests.gateway.browser import browser_page, in_shared_browser, needs_chromium
from tests.gateway.cli.scorecard_page import DIGEST, IMAGE, all_kinds, digest, district, parsed
from tests.resolvers.types.scorecard.figures import figures

if TYPE_CHECKING:
    from playwright.async_api import Page

HOSTILE = "<script>alert(1)</script>\"'& \u202eTest"
"""A text that would run or be reordered if it were not escaped."""
A4_WIDTH, LETTER_WIDTH = 794, 816
"""CSS pixels."""


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    """It has no tag and no attribute that loads or runs something, and its style names no address."""
    tags = parsed(all_kinds(), all_kinds("Juniper Flats")).tags

    allowed = (
        "html head meta title style body main h1 h2 p section table caption thead tbody tr th td dl dt dd ul li"
    )
    assert {tag for tag, _ in tags} <= {*allowed.split(), "footer"}
    names = {name for _, attributes in tags for name in attributes}
    assert names <= {"lang", "charset", "http-equiv", "content", "name", "class", "scope"}
    assert not re.search(r"url\(|@import|expression|http", STYLE)
    policy = next(attributes for _, attributes in tags if "http-equiv" in attributes)
    assert str(policy["content"]).startswith("default-src 'none'; style-src 'unsafe-inline'")


def test_texts_of_the_settings_are_escaped() -> None:
    """The name of a district and of a source are the only texts that the settings choose."""
    page = parsed(district(figures(name=HOSTILE), name=HOSTILE))

    assert "script" not in {tag for tag, _ in page.tags}
    assert [text for text in page.texts if "<script>alert(1)</script>" in text]
    assert "\u202e" not in page_of([district(figures(name=HOSTILE), name=HOSTILE)])


def test_a_screen_reader_finds_its_way() -> None:
    """One main part, a title, a heading for each part, and headings of columns and rows in every table."""
    page = parsed(all_kinds())
    tags = [tag for tag, _ in page.tags]

    assert (tags.count("main"), tags.count("title"), tags.count("h1")) == (1, 1, 1)
    assert tags.count("table") == tags.count("caption") == tags.count("h2") == 4
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")
    assert tags.count("dt") <= tags.count("dd")


def test_the_page_says_when_and_over_what_it_was_measured() -> None:
    """Date, sample, requests, and the source that did not answer."""
    text = " ".join(parsed(all_kinds()).texts)

    assert "Measured on November 1, 2026 at 09:00 UTC." in text
    assert "at most 5 students, schools, sections and members of staff" in text
    assert "120 requests to 3 sources. Not answering: tests." in text
    assert "The source did not answer (SOURCE_UNAVAILABLE). What follows is from its settings." in text
    assert "No level is claimed" in text


def test_the_page_holds_no_count_of_students_or_rows() -> None:
    """The district may give it to anyone: shares are in steps, and codes of the district are left out."""
    text = " ".join(parsed(all_kinds()).texts)

    assert "70 to 80 % of the compared students are linked" in text
    assert "missing at users.familyName" in text
    assert not re.search(r"\b(61|19|83|47|17|300|347)\b|TRU", text)


def test_the_screenshot_is_of_this_page() -> None:
    """`make screenshots` takes it again after a change of the page."""
    assert IMAGE.is_file()
    assert DIGEST.read_text() == digest() + "\n"


@needs_chromium
@in_shared_browser
async def test_the_page_fits_on_paper(tmp_path: Path) -> None:
    """A browser sends no request for it, reports no error, and prints it on A4 and Letter without a cut line."""
    path = tmp_path / "page.html"
    path.write_text(page_of([all_kinds("A" * 60)]), "utf-8")
    requests, errors = [], []
    async with browser_page() as page:
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: errors.append(message.text))
        await page.goto(path.as_uri())
        widths = [await _overflow(page, width) for width in (A4_WIDTH, LETTER_WIDTH, 360)]
        sheets = [await page.pdf(format=size) for size in ("A4", "Letter")]

    assert requests == [path.as_uri()]
    assert errors == []
    assert widths == [0, 0, 0]
    assert all(sheet.startswith(b"%PDF") for sheet in sheets)


async def _overflow(page: Page, width: int) -> int:
    """Pixels by which the page is wider than its window."""
    await page.set_viewport_size({"width": width, "height": 1000})
    return int(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
