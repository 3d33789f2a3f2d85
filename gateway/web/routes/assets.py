"""Files of a built page."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from pathlib import PurePath

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

ENDINGS_BY_ENCODING = {"br": ".br", "gzip": ".gz"}
"""Endings of compressed copies, the smallest one first."""


class ImmutableFiles(StaticFiles):
    """
    Files whose names change with their contents, so that a browser may cache them for good.

    A file with a compressed copy beside it (`index.js.br`, `index.js.gz`) is sent compressed to a browser that
    accepts it.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, compressed if that is possible, with the header that lets a browser cache it."""
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        copies = self._compressed_copies(path)
        if copies:
            headers["Vary"] = "Accept-Encoding"
        accepted = _accepted_encodings(Headers(scope=scope).get("accept-encoding", ""))
        encoding = next((encoding for encoding in copies if encoding in accepted), None)
        if encoding is None:
            response = await super().get_response(path, scope)
        else:
            response = await super().get_response(copies[encoding], scope)
            media_type = mimetypes.guess_type(PurePath(path).name)[0] or "application/octet-stream"
            headers |= {"Content-Encoding": encoding, "Content-Type": media_type}
        response.headers.update(headers)
        return response

    def _compressed_copies(self, path: str) -> Mapping[str, str]:
        """Paths of a file's compressed copies, by their encoding."""
        paths = {encoding: path + ending for encoding, ending in ENDINGS_BY_ENCODING.items()}
        return {encoding: copy for encoding, copy in paths.items() if self.lookup_path(copy)[1] is not None}


def _accepted_encodings(header: str) -> set[str]:
    """The encodings that an `Accept-Encoding` header names, without those that it refuses with a weight of 0."""
    parts = (part.replace(" ", "").lower().partition(";q=") for part in header.split(","))
    return {name for name, _, weight in parts if not weight or weight.strip("0.")}
