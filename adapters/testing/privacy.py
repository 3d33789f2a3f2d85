"""Tests of what leaves an adapter: declared records to the gateway, requests to its vendor, and nothing else."""

from __future__ import annotations

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.applicability import about_http
from student_graph.adapters.testing.harness import open_adapter, run_lookup, run_lookup_or_error
from student_graph.adapters.testing.oddities.connections import watching_connections
from student_graph.adapters.testing.transports import RecordingTransport, RewritingTransport, add_property

CANARY = "Quetzalcoatlus"
"""The value of a property that a test adds to all objects of the vendor, and that no payload model declares."""


class Privacy:
    """Tests of every supported lookup with a vendor that sends too much, or links to another server."""

    kind: type[Adapter]

    @about_http
    async def test_undeclared_properties_do_not_leave_the_adapter(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """An undeclared property is in no record, changes no record, and is in no request."""
        keys = sandbox.known_keys(lookup.key_kind)[:5]
        transport = RewritingTransport(sandbox, add_property(CANARY))
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            unchanged = await run_lookup(adapter, lookup, keys, sandbox.arguments())
        async with open_adapter(sandbox, transport, kind=self.kind) as adapter:
            batch = await run_lookup(adapter, lookup, keys, sandbox.arguments())

        assert CANARY not in repr(batch)
        assert batch == unchanged
        assert not [line for line in sandbox.requests if CANARY in line]

    @about_http
    async def test_no_request_goes_to_another_origin(
        self, lookup: Lookup, sandbox: Sandbox, empty_sandbox: Sandbox
    ) -> None:
        """Addresses in the vendor's responses are followed on its own origin only."""
        sandbox.switches.page_limit = 7
        keys = sandbox.known_keys(lookup.key_kind)[:2]
        empty_sandbox.requests.clear()
        transport = RewritingTransport(sandbox, lambda text: text.replace(sandbox.url, empty_sandbox.url))
        async with open_adapter(sandbox, transport, kind=self.kind) as adapter:
            await run_lookup_or_error(adapter, lookup, keys, sandbox.arguments())

        assert empty_sandbox.requests == []
        assert transport.strayed == []

    @about_http
    async def test_all_requests_use_the_adapters_client(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """
        All requests use `adapter.http`, because limits, tracing and the check of the origin are built into it.

        A lookup that connects by itself, looks up a host or starts a program is refused and fails.
        """
        transport = RecordingTransport(sandbox)
        keys = sandbox.known_keys(lookup.key_kind)[:2]
        async with open_adapter(sandbox, transport, kind=self.kind) as adapter:
            with watching_connections() as connections:
                await run_lookup_or_error(adapter, lookup, keys, sandbox.arguments())

        assert connections == []
        assert len(transport.sent) == len(sandbox.requests)
