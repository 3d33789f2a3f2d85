"""
The size of the code, package by package, and who imports whom. Run as `make figures`.

A *part* is a folder or a module directly inside a package. A *dependency* is a pair of parts: the first imports
the second.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import TypeAlias

Definition: TypeAlias = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

ROOT = Path(__file__).parents[1]
PACKAGES = ("adapters", "resolvers", "gateway", "benchmarks", "tests")
LAYERED = ("gateway", "resolvers")


def size(package: str) -> tuple[str, ...]:
    """One package: files, lines, median and longest file, median and 90th percentile of functions, docstrings."""
    files = sorted((ROOT / package).rglob("*.py"))
    texts = {file: file.read_text() for file in files}
    lengths = {file: len(text.splitlines()) for file, text in texts.items() if text.strip()}
    nodes = [node for text in texts.values() for node in ast.walk(ast.parse(text))]
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    sizes = sorted((node.end_lineno or node.lineno) - node.lineno + 1 for node in functions)
    public = [node for text in texts.values() for _, node in public_definitions(ast.parse(text))]
    documented = sum(ast.get_docstring(node) is not None for node in public)
    longest = max(lengths, key=lambda file: lengths[file])
    return (
        package,
        str(len(lengths)),
        f"{sum(lengths.values()):,}",
        f"{median(lengths.values()):.0f}",
        f"{longest.relative_to(ROOT)} {lengths[longest]}",
        f"{median(sizes):.0f} / {sizes[int(len(sizes) * 0.9)]}",
        f"{documented / len(public):.0%}",
    )


def public_definitions(scope: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, Definition]]:
    """Public classes, functions and methods by name; what a function defines inside is left out."""
    for node in scope.body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield f"{prefix}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node, f"{prefix}{node.name}.")


def dependencies(package: str) -> set[tuple[str, str]]:
    """Return the dependencies inside a package: pairs of parts; the first one imports the second."""
    folder, pairs = ROOT / package, set()
    for file in folder.rglob("*.py"):
        part = file.relative_to(folder).parts[0].removesuffix(".py")
        for name in _imports(ast.parse(file.read_text())):
            names = name.split(".")
            if names[:2] == ["student_graph", package] and len(names) > 2 and _is_part(folder, names[2]):
                pairs.add((part, names[2]))
    return {(part, other) for part, other in pairs if part not in (other, "__init__")}


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def _is_part(folder: Path, name: str) -> bool:
    return (folder / name).is_dir() or (folder / f"{name}.py").is_file()


def cycle(pairs: set[tuple[str, str]]) -> list[str]:
    """Return the parts that import each other, directly or through others; empty if there are none."""
    imports = {
        part: {other for first, other in pairs if first == part} for part in {p for pair in pairs for p in pair}
    }
    while resolved := [part for part, others in imports.items() if not others & imports.keys()]:
        for part in resolved:
            del imports[part]
    return sorted(imports)


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(map(str.ljust, row, widths)).rstrip())


def main() -> None:
    """Print both tables."""
    heading = (
        "package",
        "files",
        "lines",
        "median file",
        "longest file",
        "function median / p90",
        "with docstring",
    )
    _print_table([heading, *map(size, PACKAGES)])
    print()
    rows = [("package", "parts", "dependencies", "cycle")]
    for package in LAYERED:
        pairs = dependencies(package)
        parts = {part for pair in pairs for part in pair}
        rows.append((package, str(len(parts)), str(len(pairs)), ", ".join(cycle(pairs)) or "none"))
    _print_table(rows)


if __name__ == "__main__":
    main()
