"""OAuth 1.0a request signatures (RFC 5849) with HMAC, which older rostering and LMS interfaces require."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Generator, Iterable
from typing import Literal
from urllib.parse import parse_qsl, quote

import httpx
from pydantic import SecretStr

from student_graph.adapters.auth import OriginAuth
from student_graph.adapters.interface import AuthenticationScheme

SignatureMethod = Literal["HMAC-SHA1", "HMAC-SHA256"]
_HASHES = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
_FORM = "application/x-www-form-urlencoded"


class OAuth1(OriginAuth):
    """
    Signs each request with a consumer's key and secret, and a token for three-legged use.

    A request that is sent twice is signed twice, because a nonce must not be used again.
    """

    scheme = AuthenticationScheme.OAUTH1_SIGNATURE
    requires_request_body = True

    def __init__(
        self,
        consumer_key: str,
        consumer_secret: SecretStr,
        *,
        origin: object,
        token: str | None = None,
        token_secret: SecretStr | None = None,
        method: SignatureMethod = "HMAC-SHA1",
        realm: str | None = None,
        clock: Callable[[], float] = time.time,
        nonce: Callable[[], str] = secrets.token_hex,
    ) -> None:
        super().__init__(origin=origin)
        self._consumer_key, self._consumer_secret = consumer_key, consumer_secret
        self._token, self._token_secret = token, token_secret or SecretStr("")
        self._method, self._realm = method, realm
        self._clock, self._nonce = clock, nonce

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign the request."""
        self.check_origin(request)
        parameters = {
            "oauth_consumer_key": self._consumer_key,
            "oauth_nonce": self._nonce(),
            "oauth_signature_method": self._method,
            "oauth_timestamp": str(int(self._clock())),
        } | ({"oauth_token": self._token} if self._token else {})
        parameters["oauth_signature"] = self._signature(base_string(request, parameters.items()))
        realm = f'realm="{self._realm}", ' if self._realm else ""
        header = ", ".join(f'{name}="{_percent_encoded(text)}"' for name, text in parameters.items())
        request.headers["Authorization"] = f"OAuth {realm}{header}"
        yield request

    def _signature(self, text: str) -> str:
        key = "&".join(
            _percent_encoded(secret.get_secret_value()) for secret in (self._consumer_secret, self._token_secret)
        )
        return base64.b64encode(hmac.digest(key.encode(), text.encode(), _HASHES[self._method])).decode()


def base_string(request: httpx.Request, parameters: Iterable[tuple[str, str]]) -> str:
    """The signature base string (RFC 5849 §3.4.1): method, address, and parameters of query, form and protocol."""
    url = request.url
    address = f"{url.scheme}://{url.netloc.decode()}{url.raw_path.partition(b'?')[0].decode()}"
    pairs = [*parameters, *_parse_form(url.query)]
    if request.headers.get("content-type", "").partition(";")[0].strip() == _FORM:
        pairs += _parse_form(request.content)
    encoded = sorted((_percent_encoded(name), _percent_encoded(text)) for name, text in pairs)
    normalized = "&".join(f"{name}={text}" for name, text in encoded)
    return "&".join(_percent_encoded(part) for part in (request.method.upper(), address, normalized))


def _parse_form(form: bytes) -> list[tuple[str, str]]:
    return parse_qsl(form.decode(), keep_blank_values=True)


def _percent_encoded(text: str) -> str:
    """Encode everything but letters, digits, `-`, `.`, `_` and `~` (RFC 5849 §3.6)."""
    return quote(text, safe="")
