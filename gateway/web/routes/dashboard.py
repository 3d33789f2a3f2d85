"""
The example dashboard of the demo, on the gateway's own origin: it loads nothing from other hosts.

`make dashboard` builds it from `examples/dashboard/` into `gateway/dashboard/`. A district serves a dashboard of
its own from its own web server.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from student_graph.gateway.auth import Issuer
from student_graph.gateway.documents.manifest import read_manifest
from student_graph.gateway.web.routes.assets import ImmutableFiles

BUILD_FOLDER = Path(__file__).parents[2] / "dashboard"
ADDRESS = "/dashboard"
"""Path of the page. Which student it shows is in the fragment, which no browser sends."""

STYLE_HASHES = (
    "'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o='",  # React Aria: how touch scrolls on a button
    "'sha256-+TfQir1nvDucAdvE6XUQBt4ayUjpAWkbw2kCdSfekHM='",  # Plot: the size of a chart
    "'sha256-vnLCBQhI2E03zAY/Mp8RxBhuZSloT7+cclqIlG2t6/M='",  # Plot: the boxes of a legend
)
"""
Digests of the style elements that libraries put into the page; no other one is applied.

Another version of a library may need another digest: the browser's console then names it, and a test fails.
"""
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; script-src 'self'; style-src 'self' {' '.join(STYLE_HASHES)}; img-src 'self'; "
    "connect-src 'self'{}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page loads from this gateway only, and asks it and the issuers, put at `{}`, for their tokens."""


class DashboardPage:
    """The routes of the built dashboard, and the documents that it sends by their hashes."""

    def __init__(self, build_folder: Path = BUILD_FOLDER, issuers: Sequence[Issuer] = ()) -> None:
        """
        Serve the page of this folder; `is_built` says whether it has one.

        Browsers sign in at `issuers`, which GraphiQL's routes name to the page.
        """
        self._build_folder = build_folder
        origins = sorted({f" {issuer.sign_in.token_origin}" for issuer in issuers if issuer.sign_in is not None})
        self._policy = CONTENT_SECURITY_POLICY.format("".join(origins))

    @property
    def is_built(self) -> bool:
        """Whether the folder has a page."""
        return (self._build_folder / "index.html").is_file()

    def documents(self) -> dict[str, str]:
        """
        Texts of the page's trusted documents, by SHA-256.

        Raises:
            SettingsError: the manifest cannot be read, or a hash is not that of its text.
        """
        return read_manifest(self._build_folder / "documents.json")

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the page and of its assets."""
        return [
            Route(ADDRESS, lambda _: self._page()),
            Mount(f"{ADDRESS}/assets", ImmutableFiles(directory=self._build_folder / "assets")),
        ]

    def _page(self) -> Response:
        return FileResponse(self._build_folder / "index.html", headers={"Content-Security-Policy": self._policy})
