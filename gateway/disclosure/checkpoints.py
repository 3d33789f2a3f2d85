"""
Checkpoints: signatures (Ed25519) that cover all lines of a log file up to one line.

Each checkpoint is written into the log file, as a line of its own, and the latest one also into the file's
sidecar, `disclosure-....head`. The two have different kinds. Therefore nobody can cut a log file after one of its
checkpoints and copy that checkpoint into the sidecar.
"""

from __future__ import annotations

import base64
import os
from binascii import Error
from contextlib import suppress
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

IN_FILE, IN_FILE_FINAL = "head", "closed"
"""Kinds of checkpoints in a log file; nothing follows a final one."""
SIDECAR_INITIAL, SIDECAR, SIDECAR_FINAL = "begun", "beside", "ended"
"""Kinds of checkpoints in a sidecar: before its log file exists, while it grows, and after it was closed."""
SIDECAR_GLOB = "disclosure-*.head"


class Checkpoint(msgspec.Struct, frozen=True):
    """The part of a checkpoint that is signed; the names of its attributes are the keys in the file."""

    v: int
    """Version of the format."""
    kind: str
    file: str
    """Name of the log file."""
    ts: str
    """When it was signed: an instant in UTC, such as `2026-11-25T12:00:00.000Z`."""
    lines: int
    """How many lines it covers, from the first one."""
    last: str
    """Digest of the last of them."""


class SignedCheckpoint(Checkpoint, frozen=True):
    """A checkpoint with its signature, as it is written."""

    signature: str
    """Ed25519 signature in Base64 over the JSON of the `Checkpoint`."""


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> bytes:
    """A checkpoint with its signature, as a line of JSON."""
    signature = base64.b64encode(key.sign(_encode(checkpoint))).decode()
    c = checkpoint
    return _encode(SignedCheckpoint(c.v, c.kind, c.file, c.ts, c.lines, c.last, signature)) + b"\n"


def verify(line: bytes, public_key: Ed25519PublicKey) -> Checkpoint | None:
    """The checkpoint in a line of JSON; None unless every byte of the line is as it was signed."""
    signed = parse_unverified(line)
    if signed is None or _encode(signed) + b"\n" != line:
        return None
    checkpoint = Checkpoint(signed.v, signed.kind, signed.file, signed.ts, signed.lines, signed.last)
    try:
        signature = base64.b64decode(signed.signature, validate=True)
        public_key.verify(signature, _encode(checkpoint))
    except (InvalidSignature, Error, ValueError):
        return None
    # Base64 can spell the same bytes in several ways: accept only the one that `sign` writes.
    return checkpoint if base64.b64encode(signature).decode() == signed.signature else None


def parse_unverified(line: bytes) -> SignedCheckpoint | None:
    """The checkpoint in a line of JSON, without a check of its signature; None if the line is not a checkpoint."""
    try:
        return _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def sidecar_path(log_file: Path) -> Path:
    """The sidecar of a log file, which holds its latest checkpoint."""
    return log_file.with_suffix(".head")


def read_sidecars(directory: Path) -> dict[Path, bytes]:
    """Contents of all sidecars in a directory, by path in order; nothing is verified."""
    contents = {}
    for path in sorted(directory.glob(SIDECAR_GLOB)):
        with suppress(FileNotFoundError):  # the log file was retired in the meantime
            contents[path] = path.read_bytes()
    return contents


def write_sidecar(log_file: Path, checkpoint: bytes) -> None:
    """
    Replace the sidecar of a log file atomically, and wait until it is on the disk.

    Raises:
        OSError: it could not be written; the old sidecar is unchanged.
    """
    temporary = log_file.with_suffix(".head.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(checkpoint)
        file.flush()
        os.fsync(descriptor)
    temporary.replace(sidecar_path(log_file))
    sync_directory(log_file.parent)


def sync_directory(directory: Path) -> None:
    """
    Wait until the names in a directory are on the disk.

    Raises:
        OSError: the disk does not take them.
    """
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(SignedCheckpoint).decode
