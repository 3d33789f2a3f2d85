"""A file with the values of environment variables, so that secrets can change while the gateway runs."""

from __future__ import annotations

import re
from pathlib import Path

from student_graph.adapters.registry import SettingsError

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)")
_QUOTES = "'\""


def read_environment_file(path: Path) -> dict[str, str]:
    """
    The variables in a file of lines such as `NAME=value`, as systemd and container tools read it.

    Empty lines and lines that begin with `#` are left out, and so are quotes around a value. Nothing is replaced
    in a value.

    Raises:
        SettingsError: the file cannot be read, or lines have another form; the message never shows a line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as exc:
        raise SettingsError(f"{path}: {exc.strerror or 'cannot be read'}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: not UTF-8 text") from None
    variables, wrong_lines = {}, []
    for number, line in enumerate(map(str.strip, lines), 1):
        if not line or line.startswith("#"):
            continue
        if (match := _LINE.fullmatch(line)) is None:
            wrong_lines.append(number)
            continue
        name, value = match.groups()
        variables[name] = (
            value[1:-1] if value[:1] in _QUOTES and value[:1] == value[-1:] and len(value) > 1 else value
        )
    if wrong_lines:
        raise SettingsError(*(f"{path}: line {number}: must be NAME=value" for number in wrong_lines))
    return variables
