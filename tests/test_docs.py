"""Documents say what is so: links lead somewhere, examples are accepted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from adapters.registry import find, make_settings
from gateway import config

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "adapters").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file that exists."""
    links = LINK.findall(page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_settings_file_of_the_docs_is_accepted(tmp_path: Path) -> None:
    """The example loads, its adapters take their settings, and its viewer gets in."""
    [example] = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "serving.md").read_text(), re.DOTALL)
    path = tmp_path / "gateway.toml"
    path.write_text(example)
    environ = dict.fromkeys(re.findall(r'_env = "(\w+)"', example), "x" * 32)

    found = config.load(path)
    for source in found.districts[0].sources:
        assert make_settings(find(source.kind), source.name, source.settings, environ)
    [viewer] = config.tokens(found, path, environ).values()
    assert viewer.operator


def test_decisions_are_listed() -> None:
    """The list of decisions names each page."""
    pages = sorted(page.name for page in (ROOT / "docs" / "decisions").glob("0*.md"))
    listed = re.findall(r"\((0[^)]+)\)", (ROOT / "docs" / "decisions" / "README.md").read_text())
    assert listed == pages
