"""Settings of Sphinx: the pages of the repository as a site that needs no other host (decision 0075)."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

import reference  # noqa: E402 - its folder is no package

project = "student-graph"
author = "student-graph maintainers"
extensions = ["myst_parser", "sphinxcontrib.mermaid"]

# The pages lie where readers of the repository look for them, so the whole repository is the source folder.
root_doc = "docs/index"
include_patterns = [
    "*.md",
    "docs/*.md",
    "docs/**/*.md",
    "adapters/*/README.md",
    "benchmarks/README.md",
    "deploy/README.md",
    "examples/**/README.md",
]
exclude_patterns = [
    ".*",
    "**/node_modules",
    "**/__pycache__",
    "docs/site",
    "student_graph",
    "site",
    "dist",
    "**/recorded",
]

myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]
myst_links_external_new_tab = False
suppress_warnings = ["misc.highlighting_failure"]  # Pygments does not know `... @defer`; nothing else is lost

html_theme = "furo"
html_title = "student-graph"
MERMAID = HERE / "node_modules" / "@mermaid-js" / "tiny" / "dist"
html_static_path = [str(HERE / "static"), *([str(MERMAID)] if MERMAID.is_dir() else [])]
html_extra_path = [str(HERE / "root")]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_favicon = str(HERE / "static" / "icon.svg")
html_copy_source = False
html_show_sphinx = False
mermaid_use_local = "mermaid.mjs"
mermaid_fullscreen = False
mermaid_height = "auto"

EXTERNAL_LINKS = "external-links.txt"
"""File of the built site with the links to other hosts, which nothing requests."""


CONTENTS = ("docs/index", "docs/decisions/README", "docs/certificates/README")
"""Pages whose lists of links are the navigation of the site, in their order."""


REFERENCE = ("queries", *reference.PAGES, "examples")
"""Pages of the reference, which are written before each build."""


def add_navigation(_app: Sphinx, page: str, source: list[str]) -> None:
    """Add the links of a page of contents to the navigation: a group for each heading."""
    if page == "docs/reference":
        source[0] += "\n```{toctree}\n" + "\n".join(f"reference/{part}" for part in REFERENCE) + "\n```\n"
    if page not in CONTENTS:
        return
    for section in re.split(r"^(?=## )", source[0], flags=re.MULTILINE):
        links = re.findall(r"^ *(?:-|\|) .*?\[([^\]]+)\]\(([^)#:]+)\.md\)", section, re.MULTILINE)
        caption = re.match(r"## (.*)", section)
        if page == root_doc:
            options = f":caption: {caption[1]}\n" if caption else ""
            entries = [f"{text} <{link}>" for text, link in links]
        else:  # its links are numbers or names in a table, and the pages have titles
            options = ""
            entries = [link for _, link in links]
        if links:
            source[0] += f"\n```{{toctree}}\n:hidden:\n{options}\n" + "\n".join(entries) + "\n```\n"


FOLDER_LINK = re.compile(r"\[([^\]]+)\]\((?!\w+:)([^)#]+)\)")
QUERIES = "examples/queries"


def replace_folder_links(_app: Sphinx, page: str, source: list[str]) -> None:
    """Name a folder of the repository in place of a link to it, which a site cannot have; queries have a page."""
    folder = (ROOT / page).parent

    def replacement(link: re.Match[str]) -> str:
        target = (folder / link[2]).resolve()
        if not target.is_dir():
            return link[0]
        name = target.relative_to(ROOT).as_posix()
        return f"[{link[1]}](/docs/reference/examples.md)" if name == QUERIES else f"{link[1]} (`{name}/`)"

    source[0] = FOLDER_LINK.sub(replacement, source[0])


def write_reference(_app: Sphinx) -> None:
    """Write the pages of the reference from `schema.graphql` before Sphinx looks for pages."""
    reference.write(ROOT, HERE / "examples", ROOT / "docs" / "reference")


def list_external_links(app: Sphinx, error: Exception | None) -> None:
    """List the links to other hosts, with the page of each."""
    if error is not None:
        return
    links = {
        (node["refuri"], page)
        for page in app.env.found_docs
        for node in app.env.get_doctree(page).findall(nodes.reference)
        if node.get("refuri", "").startswith(("http:", "https:"))
    }
    lines: Iterable[str] = (f"{link}  {page}\n" for link, page in sorted(links))
    (Path(app.outdir) / EXTERNAL_LINKS).write_text("".join(lines))


def setup(app: Sphinx) -> None:
    """Connect what is the repository's own."""
    app.connect("config-inited", lambda app, _config: write_reference(app), priority=100)
    app.connect("source-read", add_navigation)
    app.connect("source-read", replace_folder_links)
    app.connect("build-finished", list_external_links)
