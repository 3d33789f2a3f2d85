"""A small server that speaks as much S3 as reading a bucket needs: lists, and objects with ranges."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, ClassVar
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.sandbox.serving import Sandbox

BUCKET, KEY_ID, SECRET = "exports", "AKIDTEST", "files-bucket-secret"


class Bucket(Sandbox):
    """A bucket on a loopback port. Requests that are not signed with its key are denied."""

    kind: ClassVar[str] = "files"

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, tuple[bytes, datetime]] = {}
        """Content and time of each object by its key."""
        self.denies = False
        """Whether every request is denied, as after the key lost its permission."""
        self.denied_names: frozenset[str] = frozenset()
        """Names of objects that are listed, and that the key may not read."""

    def put(self, key: str, content: bytes, at: float) -> None:
        """Write an object."""
        self.objects[key] = content, datetime.fromtimestamp(at, UTC)

    def routes(self) -> Sequence[BaseRoute]:
        """The list of the bucket, and its objects."""
        return [
            Route(f"/{BUCKET}", self._list),
            Route(f"/{BUCKET}/", self._list),
            Route(f"/{BUCKET}/{{key:path}}", self._object),
        ]

    def settings(self) -> dict[str, Any]:
        """The adapter's settings for the bucket."""
        return {
            "location": f"s3://{BUCKET}/district",
            "endpoint": self.url,
            "access_key_id": KEY_ID,
            "secret_access_key": SECRET,
            "refresh_seconds": 0,
        }

    def known_keys(self, kind: str) -> list[str]:
        """Nothing: the tests know what they put."""
        return []

    def throttled_response(self) -> Response:
        """The error of S3 for too many requests."""
        return _error(503, "SlowDown")

    def _refusal(self, request: Request) -> Response | None:
        signed = f"Credential={KEY_ID}/" in request.headers.get("authorization", "")
        is_denied = self.denies or request.url.path.rpartition("/")[2] in self.denied_names
        return None if signed and not is_denied else _error(403, "AccessDenied")

    async def _list(self, request: Request) -> Response:
        prefix = request.query_params.get("prefix", "")
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(content)}</Size>"
            f"<LastModified>{at:%Y-%m-%dT%H:%M:%S.000Z}</LastModified></Contents>"
            for key, (content, at) in sorted(self.objects.items())
            if key.startswith(prefix)
        )
        count = rows.count("<Key>")
        body = (
            f'<?xml version="1.0"?><ListBucketResult><Name>{BUCKET}</Name><KeyCount>{count}</KeyCount>'
            f"<IsTruncated>false</IsTruncated>{rows}</ListBucketResult>"
        )
        return self._refusal(request) or Response(body, media_type="application/xml")

    async def _object(self, request: Request) -> Response:
        if (refusal := self._refusal(request)) is not None:
            return refusal
        if request.path_params["key"] not in self.objects:
            return _error(404, "NoSuchKey")
        content, at = self.objects[request.path_params["key"]]
        headers = {"Last-Modified": format_datetime(at, usegmt=True), "Accept-Ranges": "bytes"}
        if (part := request.headers.get("range")) is None:
            return Response(content, headers=headers)
        first, _, last = part.removeprefix("bytes=").partition("-")
        end = min(int(last or len(content)), len(content) - 1)
        headers["Content-Range"] = f"bytes {first}-{end}/{len(content)}"
        return Response(content[int(first) : end + 1], status_code=206, headers=headers)


def _error(status: int, code: str) -> Response:
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
    return Response(body, status_code=status, media_type="application/xml")
