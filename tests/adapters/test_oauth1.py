"""Tests of OAuth 1.0a signatures with the examples of RFC 5849."""

from __future__ import annotations

from typing import Any

import httpx
from pydantic import SecretStr

from student_graph.adapters.oauth1 import OAuth1, base_string


def test_base_string_of_the_standard() -> None:
    """The base string of RFC 5849 §3.4.1.1 holds the parameters of query, header and form."""
    request = httpx.Request(
        "POST",
        "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b",
        content=b"c2&a3=2+q",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    parameters = {
        "oauth_consumer_key": "9djdj82h48djs9d2",
        "oauth_token": "kkk9d7dh3k39sjv7",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "137131201",
        "oauth_nonce": "7d8f3e4a",
    }
    expected = (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540"
        "%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHM"
        "AC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )

    assert expected == base_string(request, parameters.items())


def authorization_header(method: Any, url: str, nonce: str, timestamp: int) -> str:
    """The Authorization header of the photo printer of RFC 5849 §1.2."""
    auth = OAuth1(
        "dpf43f3p2l4k3l03",
        SecretStr("kd94hf93k423kf44"),
        origin="http://photos.example.net",
        token="nnch734d00sl2jdk",
        token_secret=SecretStr("pfkkdhi9sl3r4s00"),
        method=method,
        realm="Photos",
        clock=lambda: timestamp,
        nonce=lambda: nonce,
    )
    return str(next(auth.auth_flow(httpx.Request("GET", url))).headers["authorization"])


def test_signature_of_the_standard() -> None:
    """The example request of RFC 5849 §1.2 has the signature in the RFC."""
    url = "http://photos.example.net/photos?file=vacation.jpg&size=original"
    header = authorization_header("HMAC-SHA1", url, "chapoH", 137131202)

    assert 'oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D"' in header
    assert header.startswith('OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03"')


def test_signature_by_sha256() -> None:
    """HMAC-SHA256 gives the signature that OpenSSL computed from the base string."""
    url = "http://photos.example.net/photos?file=vacation.jpg&size=original"
    header = authorization_header("HMAC-SHA256", url, "chapoH", 137131202)

    assert 'oauth_signature="HtMwoX2zenlFjgGg%2FSNEoKEQmL7CzxYFEKzs7er044Y%3D"' in header
