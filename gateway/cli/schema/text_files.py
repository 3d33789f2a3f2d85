"""Text files that options name."""

from __future__ import annotations

from pathlib import Path

from student_graph.adapters.registry import SettingsError


def read_text(option: str, path: Path) -> str:
    """
    The text of a file that an option such as `--check` names.

    Raises:
        SettingsError: the file cannot be read, or is not text in UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as exc:
        raise SettingsError(f"{option} {path}: {exc.strerror or 'cannot be read'}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{option} {path}: not text in UTF-8") from None
