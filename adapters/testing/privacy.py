"""What leaves an adapter: declared records to the gateway, requests to its vendor, nothing else."""

from __future__ import annotations

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.asking import ask, built, tell
from student_graph.adapters.testing.wire import Rewriting, Wire, planted

CANARY = "Quetzalcoatlus"
"""A word that stands in every object of the vendor's, under a name that no payload model declares."""


class Privacy:
    """Every supported lookup, of a vendor that says more than it should, or leads astray."""

    kind: type[Adapter]

    async def test_what_is_not_declared_does_not_leave(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """A property that nobody declared changes no record, is in none, and comes back in no request."""
        keys = sandbox.known_keys(lookup.key_kind)[:5]
        wire = Rewriting(sandbox.url, planted(CANARY))
        async with built(sandbox, kind=self.kind) as adapter:
            plain = await ask(adapter, lookup, keys, sandbox.arguments())
        async with built(sandbox, wire, kind=self.kind) as adapter:
            told = await ask(adapter, lookup, keys, sandbox.arguments())

        assert CANARY not in repr(told)
        assert told == plain
        assert not [line for line in sandbox.requests if CANARY in line]

    async def test_nothing_is_asked_of_another_origin(
        self, lookup: Lookup, sandbox: Sandbox, empty_sandbox: Sandbox
    ) -> None:
        """Addresses that the vendor hands out are followed at home only; elsewhere nobody is even spoken to."""
        sandbox.switches.page_limit = 7
        keys = sandbox.known_keys(lookup.key_kind)[:2]
        empty_sandbox.requests.clear()
        wire = Rewriting(sandbox.url, lambda text: text.replace(sandbox.url, empty_sandbox.url))
        async with built(sandbox, wire, kind=self.kind) as adapter:
            await tell(adapter, lookup, keys, sandbox.arguments())

        assert empty_sandbox.requests == []
        assert wire.strayed == []

    async def test_every_request_goes_by_the_client_it_was_given(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """Limits, tracing and the origin check are inside that client: nothing may go around it."""
        wire = Wire(sandbox.url)
        async with built(sandbox, wire, kind=self.kind) as adapter:
            await ask(adapter, lookup, sandbox.known_keys(lookup.key_kind)[:2], sandbox.arguments())

        assert len(wire.sent) == len(sandbox.requests)
