"""The size of the code: files, functions and docstrings of each room. Run as `make figures`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import TypeAlias

Definition: TypeAlias = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

ROOT = Path(__file__).parents[1]
ROOMS = ("adapters", "resolvers", "gateway", "benchmarks", "tests")


def figures(room: str) -> tuple[str, ...]:
    """One room: files, lines, median and longest file, median and 90th percentile of functions, docstrings."""
    files = sorted((ROOT / room).rglob("*.py"))
    texts = {file: file.read_text() for file in files}
    lengths = {file: len(text.splitlines()) for file, text in texts.items() if text.strip()}
    nodes = [node for text in texts.values() for node in ast.walk(ast.parse(text))]
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    sizes = sorted((node.end_lineno or node.lineno) - node.lineno + 1 for node in functions)
    public = [node for text in texts.values() for node in public_definitions(ast.parse(text))]
    documented = sum(ast.get_docstring(node) is not None for node in public)
    longest = max(lengths, key=lambda file: lengths[file])
    return (
        room,
        str(len(lengths)),
        f"{sum(lengths.values()):,}",
        f"{median(lengths.values()):.0f}",
        f"{longest.relative_to(ROOT)} {lengths[longest]}",
        f"{median(sizes):.0f} / {sizes[int(len(sizes) * 0.9)]}",
        f"{documented / len(public):.0%}",
    )


def public_definitions(scope: ast.Module | ast.ClassDef) -> Iterator[Definition]:
    """Classes, functions and methods that others may use; what stands inside a function is its own matter."""
    for node in scope.body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node)


def main() -> None:
    """Print the table."""
    head = (
        "room",
        "files",
        "lines",
        "median file",
        "longest file",
        "function median / p90",
        "public with docstring",
    )
    rows = [head, *map(figures, ROOMS)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(map(str.ljust, row, widths)).rstrip())


if __name__ == "__main__":
    main()
