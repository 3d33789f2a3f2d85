"""Tests of the answers of lookups while the vendor works."""

from __future__ import annotations

from typing import Any

from student_graph.adapters.answers import records_in
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.identity import vendor_key
from student_graph.adapters.lookup import About, Lookup, Page, Window
from student_graph.adapters.model import AttendanceCategory, LocalEducationAgency, Record, Student
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.applicability import about_http
from student_graph.adapters.testing.harness import (
    open_adapter,
    run_lookup,
    run_lookup_or_error,
    sample,
    unknown_key,
)
from student_graph.adapters.testing.transports import http_transport


class Answers:
    """Tests of keys, records and absent keys."""

    kind: type[Adapter]

    async def test_known_keys_are_answered(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """A known key is neither absent nor an error; in a list lookup without records it is an empty list."""
        known_keys = sandbox.known_keys(lookup.key_kind)
        assert known_keys, f"the sandbox knows no {lookup.key_kind}"
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            batch = await run_lookup(adapter, lookup, known_keys, sandbox.arguments())

        if lookup.is_list:
            assert set(known_keys) <= batch.keys()
        assert [answer for answer in batch.values() if isinstance(answer, AdapterError)] == []
        assert [answer for answer in batch.values() if records_in(answer)], "the sandbox has no such record"

    @about_http
    async def test_answers_are_the_same_over_a_connection(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """All other tests call the sandbox in this process; here the same requests go over HTTP."""
        keys = sandbox.known_keys(lookup.key_kind)[:2]
        batches, requests = [], []
        for transport in (None, http_transport()):
            sandbox.requests.clear()
            async with open_adapter(sandbox, transport, kind=self.kind) as adapter:
                batches.append(await run_lookup(adapter, lookup, keys, sandbox.arguments()))
            requests.append(sorted(sandbox.requests))

        assert batches[0] == batches[1]
        assert requests[0] == requests[1]

    async def test_unknown_keys_have_no_records(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """
        A key that the vendor does not know is absent, or an error that says that it has no link.

        A list lookup may answer it with an empty list if the vendor does not distinguish an unknown key from no
        rows.
        """
        known_keys = sandbox.known_keys(lookup.key_kind)
        unknown = unknown_key(known_keys)
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            batch = await run_lookup(adapter, lookup, [known_keys[0], unknown], sandbox.arguments())

        assert lookup.key_kind == "district" or not records_in(batch.get(unknown))
        assert batch.get(unknown) is None or lookup.is_list or isinstance(batch[unknown], AdapterError)

    async def test_a_batch_equals_its_single_keys(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """A batch gives each key the same records, in the same order, as a lookup of that key alone."""
        keys = sample(sandbox.known_keys(lookup.key_kind), 12)
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            together = await run_lookup(adapter, lookup, keys, sandbox.arguments())
            for key in keys:
                alone = await run_lookup(adapter, lookup, [key], sandbox.arguments())

                assert together.get(key) == alone.get(key)

    async def test_a_repeated_lookup_has_the_same_answer(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """A second lookup, also with the keys in another order, returns the same records in the same order."""
        keys = sample(sandbox.known_keys(lookup.key_kind), 5)
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            first, second, reversed_keys = [
                await run_lookup(adapter, lookup, order, sandbox.arguments()) for order in (keys, keys, keys[::-1])
            ]

        assert first == second == reversed_keys

    async def test_names_are_unchanged(
        self, student_lookup: Lookup, sandbox: Sandbox, facts: DistrictFacts
    ) -> None:
        """Every name arrives as the district writes it, in any script."""
        keys = sandbox.known_keys(student_lookup.key_kind)
        window = Window(len(facts.students))
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            batch = await run_lookup(adapter, student_lookup, keys, sandbox.arguments(), window)
        students = [r for answer in batch.values() for r in records_in(answer) if isinstance(r, Student)]
        expected = {(fact.first, fact.last) for fact in facts.students}
        names = {(student.name.first_name, student.name.last_name) for student in students}

        assert names <= expected
        assert {name for name in expected if not "".join(name).isascii()} & names or student_lookup.paged

    async def test_a_district_lists_only_its_own_students(
        self, district_list_lookup: Lookup, sandbox: Sandbox
    ) -> None:
        """Each student in a list of the district is one that the vendor knows as a student of that district."""
        lookup, students = district_list_lookup, set(sandbox.known_keys("student"))
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            keys = sandbox.known_keys(lookup.key_kind)
            batch = await run_lookup(adapter, lookup, keys, sandbox.arguments(), Window(500))
        listed = {getattr(r, "student_id", None) for answer in batch.values() for r in records_in(answer)}

        assert listed <= students, (
            "a listed student has a number that the vendor does not know: is it the district's?"
        )

    async def test_records_are_what_the_lookup_promises(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """A record has the right type, the vendor's id and the requested key; the gateway adds its provenance."""
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            keys = sandbox.known_keys(lookup.key_kind)
            batch = await run_lookup(adapter, lookup, keys, sandbox.arguments())
        for key, answer in batch.items():
            expected = list | Page if lookup.is_list else lookup.record_type
            assert isinstance(answer, expected), f"{type(answer).__name__} is not the type of an answer"
            records = records_in(answer)
            for record in records:
                assert isinstance(record, lookup.record_type), f"{type(record).__name__} is another type of record"
                assert record.vendor_id, "a record has no vendor_id"
                assert record.fetched is None, "the gateway sets `fetched`, not the adapter"
                assert self.is_about(record, lookup, key), "a record is not about the requested key"

    def is_about(self, record: Record, lookup: Lookup, key: Any) -> bool:
        """Whether a record names its person and the requested key."""
        if self.kind.identity is None:
            record_key = getattr(record, f"{lookup.key_kind}_id", key)
            person = lookup.about.value is None or getattr(record, lookup.about.value)
            return bool(record_key == key and person)
        if lookup.about is About.NOBODY:
            return True
        vendor_keys = () if record.subject is None else tuple(vendor_key(*pair) for pair in record.subject.ids)
        return key in vendor_keys if lookup.key_kind == "student" else bool(vendor_keys)

    async def test_an_empty_district_is_not_an_error(
        self, lookup: Lookup, sandbox: Sandbox, empty_sandbox: Sandbox
    ) -> None:
        """A vendor without data, or with nothing but the agency, has no records, and no lookup raises a bug."""
        keys = sandbox.known_keys(lookup.key_kind)[:3]
        async with open_adapter(empty_sandbox, kind=self.kind) as adapter:
            batch = await run_lookup_or_error(adapter, lookup, keys, sandbox.arguments())

        assert isinstance(batch, dict)
        records = [record for answer in batch.values() for record in records_in(answer)]
        assert [record for record in records if not isinstance(record, LocalEducationAgency)] == []

    async def test_an_unknown_code_is_unmapped(
        self, attendance_lookup: Lookup, sandbox: Sandbox, facts: DistrictFacts
    ) -> None:
        """A district's own code becomes UNMAPPED beside the vendor's spelling; it neither fails nor counts."""
        students = facts.special_cases["unmapped_descriptor"]
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            batch = await run_lookup(adapter, attendance_lookup, students, sandbox.arguments())
        events = [event for answer in batch.values() for event in answer]
        unmapped = [event.raw.code_value for event in events if event.category is AttendanceCategory.UNMAPPED]

        assert unmapped
        assert all(unmapped)
