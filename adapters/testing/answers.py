"""What an adapter answers when all is well."""

from __future__ import annotations

from typing import Any

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.identity import vendor_key
from student_graph.adapters.lookup import About, Lookup, Page, Window
from student_graph.adapters.model import AttendanceCategory, LocalEducationAgency, Record, Student
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.asking import ask, built, records_of, sample, tell, unknown_key


class Answers:
    """Keys, records and absence."""

    kind: type[Adapter]

    async def test_known_keys_are_answered(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """A known key is never absent and never an error; without rows a list is empty."""
        known = sandbox.known_keys(lookup.key_kind)
        assert known, f"the sandbox knows no {lookup.key_kind}"
        async with built(sandbox, kind=self.kind) as adapter:
            told = await ask(adapter, lookup, known, sandbox.arguments())

        if lookup.is_list:
            assert set(known) <= told.keys()
        assert [answer for answer in told.values() if isinstance(answer, AdapterError)] == []
        assert [answer for answer in told.values() if records_of(answer)], "the sandbox has no record of this kind"

    async def test_unknown_keys_have_no_records(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """
        A key that the vendor does not know is absent or says that it cannot be linked.

        A list may be empty, where the vendor does not tell nobody from nothing.
        """
        known = sandbox.known_keys(lookup.key_kind)
        unknown = unknown_key(known)
        async with built(sandbox, kind=self.kind) as adapter:
            told = await ask(adapter, lookup, [known[0], unknown], sandbox.arguments())

        assert lookup.key_kind == "district" or not records_of(told.get(unknown))
        assert told.get(unknown) is None or lookup.is_list or isinstance(told[unknown], AdapterError)

    async def test_a_batch_equals_its_singles(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """Asked together or one by one, keys have the same records in the same order."""
        keys = sample(sandbox.known_keys(lookup.key_kind), 12)
        async with built(sandbox, kind=self.kind) as adapter:
            together = await ask(adapter, lookup, keys, sandbox.arguments())
            for key in keys:
                alone = await ask(adapter, lookup, [key], sandbox.arguments())

                assert together.get(key) == alone.get(key)

    async def test_the_same_question_has_the_same_answer(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """Asked again, in another order of keys, every key has the same records in the same order."""
        keys = sample(sandbox.known_keys(lookup.key_kind), 5)
        async with built(sandbox, kind=self.kind) as adapter:
            first, again, backwards = [
                await ask(adapter, lookup, some, sandbox.arguments()) for some in (keys, keys, keys[::-1])
            ]

        assert first == again == backwards

    async def test_names_survive(self, naming: Lookup, sandbox: Sandbox, facts: DistrictFacts) -> None:
        """Every name arrives as the district writes it, in whatever script."""
        async with built(sandbox, kind=self.kind) as adapter:
            told = await ask(
                adapter,
                naming,
                sandbox.known_keys(naming.key_kind),
                sandbox.arguments(),
                Window(len(facts.students)),
            )
        records = [r for answer in told.values() for r in records_of(answer) if isinstance(r, Student)]
        written = {(fact.first, fact.last) for fact in facts.students}
        names = {(record.name.first_name, record.name.last_name) for record in records}

        assert names <= written
        assert {name for name in written if not "".join(name).isascii()} & names or naming.paged

    async def test_nobody_of_another_district_is_told_of(self, personal: Lookup, sandbox: Sandbox) -> None:
        """Everybody in a district's lists is somebody whom the vendor knows as a student of that district."""
        known = set(sandbox.known_keys("student"))
        async with built(sandbox, kind=self.kind) as adapter:
            told = await ask(
                adapter, personal, sandbox.known_keys(personal.key_kind), sandbox.arguments(), Window(500)
            )
        people = {getattr(r, "student_id", None) for answer in told.values() for r in records_of(answer)}

        assert people - known == set()

    async def test_records_are_what_the_lookup_promises(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """Right type, the vendor's id, about the key that was asked, and no provenance: that is the gateway's."""
        async with built(sandbox, kind=self.kind) as adapter:
            told = await ask(adapter, lookup, sandbox.known_keys(lookup.key_kind), sandbox.arguments())
        for key, answer in told.items():
            assert lookup.is_list == isinstance(answer, list | Page)
            for record in records_of(answer):
                assert isinstance(record, lookup.record_type)
                assert record.vendor_id
                assert record.fetched is None
                assert self.is_about(record, lookup, key), "a record is not about the key that was asked"

    def is_about(self, record: Record, lookup: Lookup, key: Any) -> bool:
        """Whether a record names its person, and the key that it was found by."""
        if self.kind.identity is None:
            told = getattr(record, f"{lookup.key_kind}_id", key)
            person = lookup.about.value is None or getattr(record, lookup.about.value)
            return bool(told == key and person)
        if lookup.about is About.NOBODY:
            return True
        named = () if record.subject is None else tuple(vendor_key(*pair) for pair in record.subject.ids)
        return key in named if lookup.key_kind == "student" else bool(named)

    async def test_an_empty_district_is_no_failure(
        self, lookup: Lookup, sandbox: Sandbox, empty_sandbox: Sandbox
    ) -> None:
        """A vendor without data, or with nothing but the agency, answers so; it is no error and no crash."""
        keys = sandbox.known_keys(lookup.key_kind)[:3]
        async with built(empty_sandbox, kind=self.kind) as adapter:
            told = await tell(adapter, lookup, keys, sandbox.arguments())

        assert isinstance(told, dict)
        records = [record for answer in told.values() for record in records_of(answer)]
        assert [record for record in records if not isinstance(record, LocalEducationAgency)] == []

    async def test_a_code_that_nothing_maps_is_unmapped(
        self, attendance: Lookup, sandbox: Sandbox, facts: DistrictFacts
    ) -> None:
        """A district's own code becomes UNMAPPED beside the vendor's spelling; it neither crashes nor counts."""
        async with built(sandbox, kind=self.kind) as adapter:
            told = await ask(adapter, attendance, facts.special_cases["unmapped_descriptor"], sandbox.arguments())
        events = [event for answer in told.values() for event in answer]
        unmapped = [event.raw.code_value for event in events if event.category is AttendanceCategory.UNMAPPED]

        assert unmapped
        assert all(unmapped)
