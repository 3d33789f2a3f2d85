"""
The words that this project does not use, as `style.toml` lists them, and where a file uses one.

`python -m tests.style [PATH ...]` prints every use, one a line.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
WORDS = tomllib.loads((ROOT / "tests" / "style.toml").read_text())
LIBRARY_NAMES = frozenset({"connection_made"})
"""Names of methods that a library calls, which a subclass cannot choose: that of asyncio's protocols."""
PROSE = [(re.compile(pattern, re.IGNORECASE), advice) for pattern, advice in WORDS["prose"].items()]
_AT_WORD = r"\b"
ANY_PHRASE = re.compile(
    "|".join([
        *(pattern for pattern in WORDS["prose"] if not pattern.startswith(_AT_WORD)),
        # Most places are not the beginning of a word: asked once for all patterns, the search takes a quarter.
        f"{_AT_WORD}(?:{'|'.join(p.removeprefix(_AT_WORD) for p in WORDS['prose'] if p.startswith(_AT_WORD))})",
    ]),
    re.IGNORECASE,
)  # fmt: skip
CODE = ("gateway", "resolvers", "adapters", "benchmarks", "tests", "examples", "docs")
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
INLINE_CODE = re.compile(r"`[^`\n]+`|\]\([^)]*\)")


class Finding(NamedTuple):
    """One use of a word."""

    path: Path
    line: int
    word: str
    advice: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}: {self.word}: {self.advice}"


def files(*suffixes: str) -> list[Path]:
    """Files of the repository with one of the suffixes; generated ones left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git as the PATH has it
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\n")
    return sorted(path for line in listed if (path := ROOT / line).suffix in suffixes and path.is_file())


def names(path: Path) -> Iterator[Finding]:
    """Names in a Python file that say how a thing came about, or a bound without the thing that it bounds."""
    tree = ast.parse(path.read_text())
    for part in re.split(r"[/_.]", str(path.relative_to(ROOT))):
        if part in WORDS["names"]:
            yield Finding(path, 1, part, WORDS["names"][part])
    for line, name in () if _keeps_vendor_names(path) else _bindings(tree):
        if name in LIBRARY_NAMES:
            continue
        for word in _listed_words(name):
            yield Finding(path, line, name, WORDS["names"][word])
        if name.strip("_") in WORDS["exact_names"]:
            yield Finding(path, line, name, WORDS["exact_names"][name.strip("_")])
    yield from _constants(path, tree)


@cache
def _listed_words(name: str) -> list[str]:
    """The words of a name that are on the list."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return [word.lower() for word in words if word.lower() in WORDS["names"]]


BINDING_NODES = frozenset({
    *(ast.Name, ast.Attribute, ast.arg, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
    *(ast.MatchAs, ast.MatchStar, ast.alias, ast.ExceptHandler),
})  # fmt: skip
"""Kinds of nodes that may give a name to something: most nodes are of other kinds."""


def _bindings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every name that a file gives to something, with its line."""
    for node in ast.walk(tree):
        match node if type(node) in BINDING_NODES else None:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield node.lineno, name
            case ast.ClassDef(name=name) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield node.lineno, name
            case ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)):
                yield node.lineno, name


def _constants(path: Path, tree: ast.Module) -> Iterator[Finding]:
    scopes = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]
    for statement in (statement for body in scopes for statement in body):
        if isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets, value = [statement.target], statement.value
        elif isinstance(statement, ast.Assign):
            targets, value = statement.targets, statement.value
        else:
            continue
        for target in (node for assigned in targets for node in ast.walk(assigned)):
            if not isinstance(target, ast.Name) or not target.id.isupper():
                continue
            words = target.id.strip("_").split("_")
            for word in words:
                if word in WORDS["constants"]:
                    yield Finding(path, target.lineno, target.id, WORDS["constants"][word])
            if len(words) == 1 and _is_number(value) and not _is_test(path):
                yield Finding(path, target.lineno, target.id, "say what the number bounds or counts, and its unit")


def _keeps_vendor_names(path: Path) -> bool:
    """Whether a file spells names as the vendor does: the module or package `api` of an adapter."""
    return "adapters" in path.parts and "api" in (*path.relative_to(ROOT).parts, path.stem)


def _is_test(path: Path) -> bool:
    return "tests" in path.relative_to(ROOT).parts


def _is_number(node: ast.expr) -> bool:
    """Whether an expression is a number or a time made of numbers."""
    match node:
        case ast.Constant(value=value):
            return isinstance(value, int | float) and not isinstance(value, bool)
        case ast.BinOp(left=left, right=right):
            return _is_number(left) and _is_number(right)
        case ast.UnaryOp(operand=operand):
            return _is_number(operand)
        case ast.Tuple(elts=elements) if elements:
            return all(map(_is_number, elements))
        case ast.Call(func=ast.Name(id="timedelta" | "minutes" | "hours")):
            return True
    return False


def prose(path: Path) -> Iterator[Finding]:
    """Phrases in a file's sentences that hide a plainer one."""
    content = path.read_text()
    # Most files use none of them anywhere: only the others are taken apart, which is slow.
    if not ANY_PHRASE.search(content):
        return
    for line, text in _sentences(path, content):
        for pattern, advice in PROSE:
            for match in pattern.finditer(text):
                yield Finding(path, line + text.count("\n", 0, match.start()), match.group(), advice)


def _sentences(path: Path, text: str) -> Iterator[tuple[int, str]]:
    """What a file with this text says to people, with the line where it begins."""
    if path.suffix == ".md":
        blanked = FENCE.sub(lambda code: "\n" * code.group().count("\n"), text)
        yield 1, INLINE_CODE.sub("`", blanked)
    elif path.suffix == ".py":
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and " " in token.string):
                yield token.start[0], INLINE_CODE.sub("`", token.string)
    else:
        yield from enumerate(text.splitlines(), 1)


def checked(*, code: bool) -> list[Path]:
    """Files whose names (`code`) or sentences are held to the list."""
    if code:
        return [path for path in files(".py") if path.relative_to(ROOT).parts[0] in CODE]
    pages = [path for path in files(".md") if "node_modules" not in path.parts]
    # A decision is dated and not rewritten; the list itself has to name the words.
    skipped = {ROOT / "tests" / "style.py"}
    python = [path for path in checked(code=True) if path not in skipped and not _is_test(path)]
    return [*pages, *python, *files(".graphql")]


def main(arguments: list[str]) -> int:
    """Print every use of a word of the list; 1 when there is one."""
    below = [ROOT / argument for argument in arguments] or [ROOT]
    findings = [
        *(finding for path in checked(code=True) for finding in names(path)),
        *(finding for path in checked(code=False) for finding in prose(path)),
    ]
    shown = [f for f in findings if any(f.path.is_relative_to(folder) for folder in below)]
    for finding in shown:
        print(finding)
    print(f"{len(shown)} uses of words that tests/style.toml lists")
    return int(bool(shown))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
