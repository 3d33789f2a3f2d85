"""The ready file: addresses and tokens of a running demo; only its owner can read it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from student_graph.adapters.registry import SettingsError


@contextlib.contextmanager
def ready_file(path: Path | None) -> Iterator[Callable[[dict[str, Any]], None]]:
    """
    A function that writes the ready file; the file is removed when the block ends. Without a path it does nothing.

    Raises:
        SettingsError: the file cannot be written.
    """
    if path is None:
        yield lambda _: None
        return
    try:
        path.unlink(missing_ok=True)
        # Written under another name, so that a program that waits for the ready file never reads a part of it.
        probe = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        write_private(probe, "")
        probe.unlink()
    except OSError as exc:
        raise SettingsError(f"--ready-file: {path}: {exc.strerror}") from None
    try:
        yield lambda ready: write_private(path, json.dumps(ready, indent=2) + "\n")
    finally:
        path.unlink(missing_ok=True)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read; the file appears complete or not at all."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
