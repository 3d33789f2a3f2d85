"""Documents say what is so: links lead somewhere, examples are accepted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from student_graph.adapters.registry import build_settings, find_adapter
from student_graph.gateway.config import environment, settings_file

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

    config = settings_file.load(path)
    for source in config.districts[0].sources:
        assert build_settings(find_adapter(source.kind), source.name, source.settings, environ)
    [viewer] = environment.tokens(config, path, environ).values()
    assert viewer.operator


DISTRICT = '[[districts]]\nid = "hill"\nname = "Hill"\ntime_zone = "America/Denver"\n'


@pytest.mark.parametrize("kind", ["canvas", "edfi", "oneroster"])
def test_the_settings_of_a_vendors_readme_are_accepted(tmp_path: Path, kind: str) -> None:
    """What a vendor's README shows can be pasted under a district."""
    readme = (ROOT / "adapters" / kind / "README.md").read_text()
    example = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)[0]
    path = tmp_path / "gateway.toml"
    path.write_text(DISTRICT + example)
    environ = dict.fromkeys(re.findall(r'_env = "(\w+)"', example), "x" * 32)

    [source] = settings_file.load(path).districts[0].sources
    assert source.kind == kind
    assert build_settings(find_adapter(kind), source.name, source.settings, environ)


def test_decisions_are_listed() -> None:
    """The list of decisions names each page."""
    pages = sorted(page.name for page in (ROOT / "docs" / "decisions").glob("0*.md"))
    listed = re.findall(r"\((0[^)]+)\)", (ROOT / "docs" / "decisions" / "README.md").read_text())
    assert listed == pages
