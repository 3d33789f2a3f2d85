"""Reads the file that lists an operator's trusted documents."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from student_graph.adapters.registry import SettingsError


def read_manifest(path: Path) -> dict[str, str]:
    """
    Trusted documents in a file: each document's text by its SHA-256 in lowercase hexadecimal.

    The file is JSON: an object from hash to text, or the manifest that Apollo's tools write (`operations`, each
    with an `id` and a `body`).

    Raises:
        SettingsError: the file cannot be read, has another format, or a hash does not match its document.
    """
    try:
        content: Any = msgspec.json.decode(path.read_bytes())
    except OSError as exc:
        raise SettingsError(f"{path}: {exc.strerror or 'cannot be read'}") from None
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise SettingsError(f"{path}: not JSON") from None
    texts: Any = content
    if isinstance(content, dict) and isinstance(content.get("operations"), list):
        operations = [operation for operation in content["operations"] if isinstance(operation, dict)]
        texts = {str(operation.get("id")): operation.get("body") for operation in operations}
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise SettingsError(f"{path}: must be an object from SHA-256 to document, or a manifest with operations")
    documents = {key.removeprefix("sha256:").lower(): text for key, text in texts.items()}
    for digest, text in documents.items():
        if hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest() != digest:
            raise SettingsError(f"{path}: the SHA-256 {digest[:80]!r} does not match its document")
    return documents
