"""What the log writes instead of a person's id: the same for ever, and cheap to remember."""

from __future__ import annotations

import hmac
import tracemalloc

from student_graph.gateway.disclosure.keys import MAX_CACHED_PSEUDONYMS, DisclosureKeys

SECRET = b"s" * 32
MAX_BYTES = 5 * 1024 * 1024


def test_the_pseudonym_of_a_person_never_changes() -> None:
    """It is HMAC-SHA-256 with a key by HKDF (RFC 5869): lines of earlier years are found with it."""
    extracted = hmac.digest(bytes(32), SECRET, "sha256")
    key = hmac.digest(extracted, b"student-graph disclosure district hill\x01", "sha256")
    keys = DisclosureKeys(SECRET)
    for name in ("s1", "s2", "s1"):
        assert keys.pseudonym("hill", name) == f"hmac:{hmac.digest(key, name.encode(), 'sha256').hex()[:32]}"


def test_the_pseudonyms_of_many_viewers_take_little_memory() -> None:
    """However many there are, and each is the same when it is computed again."""
    keys = DisclosureKeys(SECRET)
    first = keys.pseudonym("hill", "https://login.example|viewer-0")
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(2 * MAX_CACHED_PSEUDONYMS):
        keys.pseudonym("hill", f"https://login.example|viewer-{number}")
    growth = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert growth < MAX_BYTES
    assert keys.pseudonym("hill", "https://login.example|viewer-0") == first
