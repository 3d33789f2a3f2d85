"""Published YAML documents of several megabytes, which are parsed once for all processes and runs of the tests."""

from __future__ import annotations

import pickle
import tempfile
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

PARSED = Path(__file__).parents[3] / ".pytest_cache" / "yaml"
"""Folder of the parsed documents: to parse one takes seconds, to load it again a hundredth of that."""


@cache
def load(path: Path) -> dict[str, Any]:
    """The document in a file. It is shared, and must not be changed."""
    content = path.read_bytes()
    parsed = PARSED / f"{path.stem}-{sha256(content).hexdigest()}.pickle"
    if not parsed.exists():
        _write(parsed, yaml.load(content, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506 - safe loaders
    document: dict[str, Any] = pickle.loads(parsed.read_bytes())  # noqa: S301 - we have written it
    return document


def _write(path: Path, document: Any) -> None:
    """Write a file under another name first: other processes read only complete ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(pickle.dumps(document))
    Path(file.name).replace(path)
