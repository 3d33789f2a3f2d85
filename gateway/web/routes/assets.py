"""Files of a built page."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles


class ImmutableFiles(StaticFiles):
    """Files whose names change with their contents, so that a browser may cache them for good."""

    def file_response(self, *args: Any, **options: Any) -> Response:
        """Return a file with the header that lets a browser cache it."""
        response = super().file_response(*args, **options)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
