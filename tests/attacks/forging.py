"""Forging clients: tokens, webhooks and break-glass of people who may not, or too often."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from itertools import count, cycle
from typing import Any

from student_graph.gateway.web.routes.webhooks import signature
from tests.attacks.client import Attackers
from tests.attacks.flooding import repeat
from tests.attacks.gateway import ENVIRONMENT
from tests.attacks.measurement import Attack
from tests.gateway.auth.token_factory import AUDIENCE, ISSUER_NAME, encode_part, sign_unchecked, valid_claims

MAX_OPENINGS = 12
"""More break-glass openings than one person may have within seconds."""
OPENING_ATTEMPTS = 40
VIEWER_ROLE = b'{"query": "{ viewer { role } }"}'


async def forged_tokens(attackers: Attackers) -> None:
    """Tokens that no issuer signed, each another one: other keys, other algorithms, other contents."""
    tokens = _forged_tokens(attackers.gateway.token(f"{attackers.name}-0"))

    async def send(_: int) -> None:
        headers = {"Authorization": f"Bearer {next(tokens)}", "Content-Length": str(len(VIEWER_ROLE))}
        reply = await attackers.exchange(attackers.head(headers) + VIEWER_ROLE)
        attackers.expect(reply.status != 200, "a forged token was accepted")

    await repeat(attackers, send)


def _forged_tokens(valid: str) -> Iterator[str]:
    head, payload, mark = valid.split(".")
    for number in count():
        claims = encode_part(
            json.dumps(valid_claims(sub=f"forger-{number}", role="Head", district="hill")).encode()
        )
        yield f"{head}.{claims}.{mark}"
        yield f"{_head(alg='none')}.{claims}."
        yield f"{_head(kid=f'key-{number}')}.{payload}.{mark}"
        digest = hmac.new(b"student-graph", f"{_head(alg='HS256')}.{claims}".encode(), hashlib.sha256).digest()
        yield f"{_head(alg='HS256')}.{claims}.{encode_part(digest)}"
        yield f"{head}.{payload}.{encode_part(number.to_bytes(64, 'big'))}"
        yield base64.b64encode(str(number).encode() * 100).decode()


def _head(**changes: str) -> str:
    return encode_part(json.dumps({"alg": "ES256", "kid": "one", "typ": "JWT"} | changes).encode())


async def odd_claims(attackers: Attackers) -> None:
    """Tokens with a good signature whose times have odd types, or that are sent in two headers."""
    base = {"iss": ISSUER_NAME, "aud": AUDIENCE, "sub": "odd", "role": "Head", "district": "hill"}
    odd: list[Any] = ["1", True, -1, -1.5, 1e300, [], {}, [1], 10**30]
    changes = cycle([(claim, content) for claim in ("nbf", "iat") for content in odd])

    async def send(number: int) -> None:
        now = int(time.time())
        claim, content = next(changes)
        claims: dict[str, Any] = {**base, "iat": now, "exp": now + 300, claim: content, "jti": number}
        lines = {"Authorization": f"Bearer {sign_unchecked({}, claims)}", "Content-Length": str(len(VIEWER_ROLE))}
        reply = await attackers.exchange(attackers.head(lines) + VIEWER_ROLE)
        attackers.expect(reply.status == 401, f"a token is accepted whose {claim} is {content!r}")
        good = attackers.gateway.token(f"odd-{number // 40}")
        two = {
            "Authorization": f"Bearer {good}\r\nAuthorization: Bearer {good[:-5]}",
            "Content-Length": str(len(VIEWER_ROLE)),
        }
        reply = await attackers.exchange(attackers.head(two) + VIEWER_ROLE)
        attackers.expect(reply.status in (400, 401, 429), "a request with two Authorization headers is answered")

    await repeat(attackers, send, 4)


async def unsigned_webhooks(attackers: Attackers) -> None:
    """Calls that no vendor signed, while the vendor sends signed ones, which must be accepted."""
    body = json.dumps({"records": ["Student"]}).encode()
    paths = ("/hooks/hill/sis", "/hooks/hill/nothing", "/hooks/nobody/sis")

    async def send(number: int) -> None:
        headers = {"X-Student-Graph-Timestamp": str(int(time.time())), "X-Student-Graph-Signature": "sha256=00"}
        head = attackers.head({"Content-Length": str(len(body)), **headers}, 0, paths[number % 3])
        reply = await attackers.exchange(head + body)
        attackers.expect(reply.status != 204, "an unsigned call of a webhook was accepted")

    await repeat(attackers, send)
    timestamp = str(int(time.time()))
    key = ENVIRONMENT["HOOK"].encode()
    headers = {
        "X-Student-Graph-Timestamp": timestamp,
        "X-Student-Graph-Signature": signature(key, timestamp, body),
        "Content-Length": str(len(body)),
    }
    reply = await attackers.exchange(attackers.head(headers, 0, paths[0]) + body)
    attackers.expect(reply.status == 204, f"the vendor's own call got {reply.status} during the flood")


async def break_glass(attackers: Attackers) -> None:
    """One person opens five children's data forty times within seconds."""
    students = [student.id for student in attackers.gateway.facts.students]
    opened = 0
    for number in range(OPENING_ATTEMPTS):
        opening = {
            "district": attackers.district,
            "students": [students[(number * 5 + n) % len(students)] for n in range(5)],
            "classes": ["CONTACT"],
            "reason": "HEALTH",
            "text": "An allergic shock on a trip.",
        }
        body = json.dumps(opening).encode()
        reply = await attackers.exchange(
            attackers.head({"Content-Length": str(len(body))}, 0, "/break-glass") + body
        )
        opened += reply.status == 200
    attackers.expect(opened > 0, "nobody can use break-glass")
    attackers.expect(opened <= MAX_OPENINGS, f"one person used break-glass {opened} times")


ATTACKS = (
    Attack("forged tokens", "forging", forged_tokens),
    Attack("tokens with odd claims", "forging", odd_claims),
    Attack("unsigned webhooks", "forging", unsigned_webhooks),
    Attack("break-glass forty times", "forging", break_glass),
)
