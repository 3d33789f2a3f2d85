"""The file of a recording: a line about it, then a line for each request and its response."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec

FORMAT_VERSION = 1
"""Version of the format."""
ORIGIN = "https://recording.example"
"""The origin of all addresses in a recording, in place of the vendor's."""
SANDBOX: Literal["sandbox"] = "sandbox"
LIVE_SERVER: Literal["live server"] = "live server"


class RecordingError(ValueError):
    """A file that is no recording."""


class Exchange(msgspec.Struct, frozen=True, omit_defaults=True):
    """One request and its response."""

    method: str
    target: str
    """Path and query."""
    status: int
    sent: str = ""
    """The body of the request."""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    body: Any = None
    """The body of the response as JSON; None if it was not JSON."""


class About(msgspec.Struct, frozen=True, tag="student-graph-recording", tag_field="file"):
    """What was recorded."""

    kind: str
    """The kind of the adapter."""
    recorded_on: date
    of: Literal["live server", "sandbox"] = LIVE_SERVER
    """Whether a live server was recorded, or the vendor's sandbox."""
    format: int = FORMAT_VERSION


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording."""

    about: About
    exchanges: list[Exchange] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """Write the recording as JSON lines; only its owner can read a new file."""
        lines = [self.about, *self.exchanges]
        path.touch(mode=0o600, exist_ok=True)
        path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))

    @classmethod
    def read(cls, path: Path) -> Recording:
        """
        The recording in a file.

        Raises:
            RecordingError: the file cannot be read, or is no recording of this format.
        """
        try:
            first, *lines = path.read_bytes().splitlines()
            about = msgspec.json.decode(first, type=About)
            exchanges = [msgspec.json.decode(line, type=Exchange) for line in lines]
        except OSError as exc:
            raise RecordingError(f"{path}: {exc.strerror or 'cannot be read'}") from None
        except (ValueError, msgspec.DecodeError):
            raise RecordingError(f"{path}: not a recording of student-graph") from None
        if about.format != FORMAT_VERSION:
            raise RecordingError(f"{path}: a recording of format {about.format}; this is format {FORMAT_VERSION}")
        return cls(about, exchanges)
