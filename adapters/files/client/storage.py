"""Where the files are: a folder of this machine or of a network drive, or a bucket that speaks S3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast

from pyarrow import fs

from student_graph.adapters.errors import AdapterError, RefusedError, UnavailableError
from student_graph.adapters.files.adapter.settings import BUCKET_SCHEME, FileSettings

MAX_FILES = 10_000
"""Files below a location; with more of them the location is refused, because it cannot be the right one."""
SUFFIXES = (".csv", ".txt", ".tsv", ".zip", ".csv.gz", ".txt.gz")
"""Endings of the names of files that are read, letter case ignored; all other files are no exports."""
DENIED_REASON = (
    "the location refuses to be listed or read: give the gateway's user, or the keys in access_key_id_env and "
    "secret_access_key_env, the right to list and to read"
)
_CONNECT_SECONDS = 10.0
_REQUEST_SECONDS = 60.0
_DENIED = ("ACCESS_DENIED", "HTTP status 403", "HTTP status 401", "INVALID_ACCESS_KEY", "SIGNATURE_DOES_NOT_MATCH")
"""Parts of the messages by which pyarrow says that a bucket refuses."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as a listing shows it, without its content."""

    path: str
    name: str
    """Path below the location."""
    size: int
    """Bytes."""
    modified_at: datetime

    @property
    def state(self) -> tuple[int, datetime]:
        """What changes whenever the content changes, as far as a listing can show."""
        return self.size, self.modified_at


class Storage:
    """The files below a location."""

    def __init__(self, settings: FileSettings) -> None:
        location = settings.location
        self.is_bucket = location.startswith(BUCKET_SCHEME)
        self._root = location.removeprefix(BUCKET_SCHEME).rstrip("/") or "/"
        self._fs: Any = _bucket(settings) if self.is_bucket else fs.LocalFileSystem()

    def entries(self) -> list[Entry]:
        """
        List the files whose names end like those of exports, by name; this reads none of them.

        Raises:
            AdapterError: the location is not there or refuses, or it holds too many files.
        """
        try:
            infos = self._fs.get_file_info(fs.FileSelector(self._root, recursive=True))
        except OSError as exc:
            raise storage_error(exc) from None
        files = [info for info in infos if info.type is fs.FileType.File and _is_export(self._name(info.path))]
        if len(files) > MAX_FILES:
            raise AdapterError(f"more than {MAX_FILES} files at the location", code="SOURCE_BAD_RESPONSE")
        entries = [
            Entry(info.path, self._name(info.path), info.size, info.mtime or datetime.fromtimestamp(0, UTC))
            for info in files
        ]
        return sorted(entries, key=lambda entry: entry.name)

    def open(self, path: str) -> BinaryIO:
        """
        Open a file, at any position of which can be read.

        Raises:
            OSError: it is not there any more, or the storage refuses.
        """
        return cast("BinaryIO", self._fs.open_input_file(path))

    def _name(self, path: str) -> str:
        return path[len(self._root) :].lstrip("/")


def storage_error(exc: OSError) -> AdapterError:
    """The error for what a storage raised; its text, which holds paths, stays out of the message."""
    if isinstance(exc, PermissionError) or any(part in str(exc) for part in _DENIED):
        return RefusedError(DENIED_REASON, code="SOURCE_FORBIDDEN")
    if isinstance(exc, FileNotFoundError | NotADirectoryError):
        return UnavailableError("the location is not there")
    return UnavailableError(f"the location cannot be read ({type(exc).__name__})")


def _is_export(name: str) -> bool:
    parts: Sequence[str] = name.split("/")
    return not any(part.startswith((".", "~", "__MACOSX")) for part in parts) and name.lower().endswith(SUFFIXES)


def _bucket(settings: FileSettings) -> Any:
    """The filesystem of a bucket, with the keys of the settings or else the machine's own role."""
    keys: dict[str, Any] = {}
    if settings.access_key_id is not None and settings.secret_access_key is not None:
        keys = {
            "access_key": settings.access_key_id.get_secret_value(),
            "secret_key": settings.secret_access_key.get_secret_value(),
        }
    endpoint = settings.endpoint
    if endpoint is not None:
        keys |= {"scheme": endpoint.scheme, "endpoint_override": f"{endpoint.host}:{endpoint.port}"}
    return fs.S3FileSystem(
        region=settings.region,
        connect_timeout=_CONNECT_SECONDS,
        request_timeout=_REQUEST_SECONDS,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=2),
        **keys,
    )
