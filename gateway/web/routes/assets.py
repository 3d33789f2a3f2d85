"""Files of a built page."""

from __future__ import annotations

import mimetypes
from pathlib import PurePath

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope


class ImmutableFiles(StaticFiles):
    """
    Files whose names change with their contents, so that a browser may cache them for good.

    A file with a compressed copy beside it (`index.js.gz`) is sent compressed to a browser that accepts it.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, compressed if that is possible, with the header that lets a browser cache it."""
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        compressed = f"{path}.gz"
        accepted = "gzip" in Headers(scope=scope).get("accept-encoding", "")
        if accepted and self.lookup_path(compressed)[1] is not None:
            response = await super().get_response(compressed, scope)
            media_type = mimetypes.guess_type(PurePath(path).name)[0] or "application/octet-stream"
            headers |= {"Content-Encoding": "gzip", "Content-Type": media_type, "Vary": "Accept-Encoding"}
        else:
            response = await super().get_response(path, scope)
        response.headers.update(headers)
        return response
