"""Authentication: the token of a web service in the body of each request, never in its address."""

from __future__ import annotations

from collections.abc import Generator

import httpx
from pydantic import SecretStr

from student_graph.adapters.auth import OriginAuth
from student_graph.adapters.interface import AuthenticationScheme

FORM = "application/x-www-form-urlencoded"


class ServiceToken(OriginAuth):
    """A fixed token as `wstoken` in a form."""

    scheme = AuthenticationScheme.API_KEY
    requires_request_body = True

    def __init__(self, token: SecretStr, *, origin: object) -> None:
        super().__init__(origin=origin)
        text = token.get_secret_value()
        if not (text.isascii() and text.isalnum()):
            raise ValueError("token: a token of Moodle has letters and digits only")
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the form with the token added to it."""
        self.check_origin(request)
        body = b"&".join(filter(None, (request.content, f"wstoken={self._token.get_secret_value()}".encode())))
        headers = {name: text for name, text in request.headers.items() if name != "content-length"}
        yield httpx.Request(
            request.method,
            request.url,
            headers={**headers, "content-type": FORM},
            content=body,
            extensions=request.extensions,
        )
