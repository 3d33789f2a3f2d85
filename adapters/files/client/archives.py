"""The files in a zip archive or a gzip file, within the bounds of a file."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import BinaryIO, cast

from student_graph.adapters.files.client.columns import FileContent
from student_graph.adapters.files.client.faults import FileFaultError
from student_graph.adapters.files.client.storage import Entry, Storage

MAX_MEMBERS = 1_000
"""Files in one archive."""
_MEMBERS = (".csv", ".txt", ".tsv")


def contents_of(storage: Storage, entry: Entry, max_bytes: int) -> list[FileContent]:
    """
    The text files in a file: itself, or the members of an archive.

    Raises:
        FileFaultError: the archive is damaged or encrypted, has too many members, or would be too large.
        OSError: the storage cannot open it.
    """
    name = entry.name.lower()
    if name.endswith(".zip"):
        return _members(storage, entry, max_bytes)
    if name.endswith(".gz"):
        return [_content(entry.name, entry.modified_at, lambda: _unpacked(storage, entry), max_bytes)]
    if entry.size > max_bytes:
        raise FileFaultError("larger than a file may be; see the setting max_file_mb")
    return [_content(entry.name, entry.modified_at, lambda: storage.open(entry.path), max_bytes)]


def _content(name: str, modified_at: datetime, opened: Callable[[], BinaryIO], max_bytes: int) -> FileContent:
    return FileContent(name, modified_at, opened, max_bytes)


def _unpacked(storage: Storage, entry: Entry) -> BinaryIO:
    return cast("BinaryIO", gzip.GzipFile(fileobj=storage.open(entry.path)))


def _members(storage: Storage, entry: Entry, max_bytes: int) -> list[FileContent]:
    try:
        with storage.open(entry.path) as raw, zipfile.ZipFile(raw) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, EOFError, NotImplementedError):
        raise FileFaultError("no readable zip archive; it may be half written") from None
    if len(infos) > MAX_MEMBERS:
        raise FileFaultError(f"an archive of more than {MAX_MEMBERS} files")
    if any(info.flag_bits & 1 for info in infos):
        raise FileFaultError("an encrypted archive")
    if sum(info.file_size for info in infos) > max_bytes:
        raise FileFaultError("an archive that would be larger than a file may be; see the setting max_file_mb")
    return [
        _content(f"{entry.name}/{info.filename}", entry.modified_at, _opener(storage, entry, info), max_bytes)
        for info in infos
        if info.filename.lower().endswith(_MEMBERS) and "__MACOSX" not in info.filename
    ]


def _opener(storage: Storage, entry: Entry, info: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        return cast("BinaryIO", zipfile.ZipFile(storage.open(entry.path)).open(info.filename))

    return opened
