"""The docs are true: links lead to files, examples are accepted, tables are complete."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from graphql import resolve_schema_coordinate

from student_graph.adapters.contract import AdapterSettings
from student_graph.adapters.registry import build_settings, find_adapter
from student_graph.gateway.config import environment, settings_file
from student_graph.gateway.config.cache import CacheConfig
from student_graph.gateway.config.certificates import CertificatesConfig
from student_graph.gateway.config.disclosure import DisclosureConfig, DisclosureStoreConfig
from student_graph.gateway.config.sections import (
    DocumentsConfig,
    LimitsConfig,
    LiveConfig,
    LoadConfig,
    PolicyConfig,
    Section,
    ServerConfig,
)
from student_graph.gateway.config.settings_file import DistrictConfig
from student_graph.resolvers.fields.errors import MESSAGES
from student_graph.resolvers.schema import core_schema, make_schema
from tests.docs.pages import pages
from tests.subcases import subcases

ROOT = Path(__file__).parents[2]
PAGES = pages()
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


@subcases("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file that exists."""
    links = LINK.findall(page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_settings_file_of_the_docs_is_accepted(tmp_path: Path) -> None:
    """The example loads, its adapters take their settings, and its viewer gets in."""
    [example, *_] = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "serving.md").read_text(), re.DOTALL)
    path = tmp_path / "gateway.toml"
    path.write_text(example)
    environ = dict.fromkeys(re.findall(r'_env = "(\w+)"', example), "x" * 32)

    config = settings_file.load(path)
    for source in config.districts[0].sources:
        assert build_settings(find_adapter(source.kind), source.name, source.settings, environ)
    [viewer] = environment.viewers_by_token(config, path, environ).values()
    assert viewer.operator


def test_the_tests_of_the_security_page_exist() -> None:
    """Each test and each attack that the threat model names is one of the suite."""
    page = (ROOT / "docs" / "security.md").read_text()
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    names = re.findall(r"`(test_\w+)`", page)
    assert [name for name in names if f"def {name}(" not in sources] == []
    attacks = re.findall(r"attacks? `([^`]+)`", page)
    assert [name for name in attacks if f'"{name}"' not in sources] == []


COORDINATE = re.compile(r"`(([A-Z]\w+)\.\w+(?:\(\w+:\))?)`")


def test_schema_coordinates_name_parts_of_the_schema() -> None:
    """The docs name fields and arguments by their coordinate, such as `Query.student(by:)`."""
    schema = core_schema(make_schema())
    pages = [page for page in PAGES if page.name != "CHANGELOG.md"]  # which has old names, too
    pairs = {match for page in pages for match in COORDINATE.findall(page.read_text())}
    coordinates = [coordinate for coordinate, type_name in pairs if type_name in schema.type_map]

    assert "Viewer.why(student:)" in coordinates
    assert [name for name in coordinates if resolve_schema_coordinate(schema, name) is None] == []


def test_decisions_are_listed() -> None:
    """The list of decisions names each page."""
    pages = sorted(page.name for page in (ROOT / "docs" / "decisions").glob("0*.md"))
    listed = re.findall(r"\((0[^)]+)\)", (ROOT / "docs" / "decisions" / "README.md").read_text())
    assert listed == pages


CODE = re.compile(
    r'(?:"code": |code=|code: str = |\bcode_? = |_code = |TOO_(?:COMPLEX|LARGE) = |_code: ClassVar\[str\] = )'
    r'"([A-Z_]+)"'
)


def test_the_page_of_error_codes_is_complete() -> None:
    """Every code that the gateway can send is explained, and no other."""
    listed = re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "errors.md").read_text(), re.MULTILINE)
    sources = [path for package in ("gateway", "resolvers", "adapters") for path in (ROOT / package).rglob("*.py")]
    in_code = {code for path in sources if "sandbox" not in path.parts for code in CODE.findall(path.read_text())}
    refusals = r"(?:encode_error|error_response|BadRequestError)\(([^()]*(?:\([^()]*\)[^()]*)*)\)"
    calls = re.findall(refusals, all_text("gateway"))
    in_requests = {code for call in calls for code in re.findall(r'"([A-Z]+(?:_[A-Z]+)*)"', call)}

    assert len(listed) == len(set(listed))
    assert set(listed) == in_code | in_requests | MESSAGES.keys()


def all_text(folder: str) -> str:
    """The Python code of a folder."""
    return "\n".join(path.read_text() for path in sorted((ROOT / folder).rglob("*.py")))


SECTIONS: dict[str, type[Section]] = {
    "server": ServerConfig,
    "cache": CacheConfig,
    "limits": LimitsConfig,
    "live": LiveConfig,
    "load": LoadConfig,
    "policy": PolicyConfig,
    "disclosure": DisclosureConfig,
    "disclosure.store": DisclosureStoreConfig,
    "documents": DocumentsConfig,
    "certificates": CertificatesConfig,
}


def settings_with_comments(page: str) -> list[tuple[str, str, str]]:
    """Section, line and comment of each setting in the TOML blocks of a page."""
    rows, section = [], ""
    for block in re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL):
        for line in block.splitlines():
            if heading := re.match(r"\[+([a-z.]+)\]+", line):
                section = heading[1]
            elif setting := re.match(r"(\w+ = .*?)\s+# (.*)", line):
                rows.append((section, setting[1], setting[2]))
    return rows


@pytest.mark.parametrize("page", ["serving.md", "caching.md", "live.md", "vendor-calls.md"])
def test_a_value_marked_as_default_is_the_default(page: str) -> None:
    """A comment that begins with `default` marks exactly the values that hold without the line."""
    marked = 0
    for section, setting, comment in settings_with_comments(page):
        [(name, value)] = tomllib.loads(setting).items()
        model = {**SECTIONS, "districts": DistrictConfig, "districts.sources": AdapterSettings}.get(section)
        if model is None or name not in model.model_fields:
            continue
        default = model.model_fields[name].get_default(call_default_factory=True)
        default = str(default) if isinstance(default, Path) else default
        assert comment.startswith("default") == (value == default), f"{page}: {section}.{name} = {value!r}"
        marked += comment.startswith("default")

    assert marked


@subcases("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_asks_for_nothing_outside_the_repository(page: Path) -> None:
    """No link and no command leads to a folder beside the checkout."""
    outside = [
        link for link in LINK.findall(page.read_text()) if not (page.parent / link).resolve().is_relative_to(ROOT)
    ]
    assert (outside, "../shared" in page.read_text()) == ([], False)
