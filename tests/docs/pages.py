"""The pages of the documentation, and the blocks of code in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.style import files

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(
    r"^(?:[ ]*<!-- (?P<comment>[^\n]*) -->\n)?"
    r"(?P<indent>[ ]*)```(?P<language>[^\n]*)\n(?P<content>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)
COMMENT = re.compile(r"(?P<kind>not executed|tested by|output differs|output|viewer)(?:: (?P<text>.+))?")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    """The word behind the fence."""
    content: str
    comment: str
    """The HTML comment on the line above, which says how the block is tested; empty if there is none."""

    def __str__(self) -> str:
        return f"{name(self.page)}:{self.line}"

    @property
    def kind(self) -> str:
        """What the comment says: `not executed`, `tested by`, `viewer` and so on; empty without one."""
        match = COMMENT.fullmatch(self.comment)
        return match["kind"] if match else ""

    @property
    def text(self) -> str:
        """What the comment says behind the colon; empty if nothing."""
        match = COMMENT.fullmatch(self.comment)
        return (match["text"] or "") if match else ""


def name(page: Path) -> str:
    """The path of a page in the repository."""
    return str(page.relative_to(ROOT))


@cache
def pages() -> list[Path]:
    """All pages in Markdown that are in git or about to be."""
    return files(".md")


@cache
def blocks(page: Path) -> list[Block]:
    """The blocks of a page, in their order."""
    text = page.read_text()
    result = []
    for match in BLOCK.finditer(text):
        content = re.sub(rf"^{match['indent']}", "", match["content"], flags=re.MULTILINE)
        line = text.count("\n", 0, match.start("language")) + 1
        result.append(Block(page, line, match["language"], content, match["comment"] or ""))
    return result
