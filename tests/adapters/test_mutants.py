"""Tests that the conformance suite finds faulty adapters: each planted fault fails its test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import served
from tests.adapters.helpers import misbehaving_adapters, wrong_answers
from tests.adapters.helpers.planted_fault import FAILED, run
from tests.adapters.helpers.small_vendor import SmallVendor, SmallVendorSandbox

STUDENTS = {"lookup": Adapter.students_by_id}
KEYED_STUDENTS = {"keyed_lookup": Adapter.students_by_id}
STUDENT_ENROLLMENTS = {"lookup": Adapter.school_enrollments_by_student}
SCHOOL_ENROLLMENTS = {"lookup": Adapter.school_enrollments_by_school}
PATH = {"way": (Adapter.school_enrollments_by_student, Adapter.school_enrollments_by_school)}
UNPAGED_ENROLLMENTS = {"unpaged_list_lookup": Adapter.school_enrollments_by_school}
ALL_STUDENTS = Adapter.students_by_district
PAGED_STUDENTS = {"paged_lookup": ALL_STUDENTS, "first": 7}
FAULTS: list[tuple[type[SmallVendor], str, dict[str, Any]]] = [
    (wrong_answers.ReturnsEmptyOnError, "a_failing_vendor_is_a_failure", STUDENT_ENROLLMENTS),
    (wrong_answers.ReturnsEmptyOnError, "throttling_is_not_a_refusal", STUDENT_ENROLLMENTS),
    (wrong_answers.ReturnsEmptyOnError, "retry_after_is_passed_on", STUDENT_ENROLLMENTS),
    (
        wrong_answers.ReturnsEmptyOnError,
        "a_vendor_without_the_route_has_no_records",
        STUDENT_ENROLLMENTS | {"status": 405},
    ),
    (wrong_answers.KeepsPagesOnError, "a_vendor_that_goes_down_is_a_failure", SCHOOL_ENROLLMENTS),
    (
        wrong_answers.MergesMovedRows,
        "a_list_without_an_order_is_complete_or_an_error",
        {"list_lookup": Adapter.school_enrollments_by_school},
    ),
    (wrong_answers.ReadsOnePage, "a_coarse_answer_equals_the_point_reads", PATH),
    (wrong_answers.ReadsOnePage, "short_pages_change_no_answer", SCHOOL_ENROLLMENTS),
    (wrong_answers.UncheckedPath, "a_hostile_key_does_not_affect_other_keys", KEYED_STUDENTS),
    (wrong_answers.UncheckedPath, "a_hostile_key_changes_no_more_than_a_value", KEYED_STUDENTS),
    (wrong_answers.IgnoresKey, "unknown_keys_have_no_records", STUDENT_ENROLLMENTS),
    (wrong_answers.IgnoresKey, "records_are_what_the_lookup_promises", STUDENT_ENROLLMENTS),
    (wrong_answers.SkipsRows, "no_record_is_missed_or_repeated", PAGED_STUDENTS),
    (wrong_answers.SkipsRows, "deleted_rows_hide_at_most_as_many_records", {"paged_lookup": ALL_STUDENTS}),
    (wrong_answers.SetsProvenance, "records_are_what_the_lookup_promises", STUDENTS),
    (wrong_answers.MergesByName, "no_record_is_missed_or_repeated", PAGED_STUDENTS | {"first": 100}),
    (wrong_answers.SwapsAnswers, "records_are_what_the_lookup_promises", STUDENTS),
    (wrong_answers.DropsLastPage, "a_coarse_answer_equals_the_point_reads", PATH),
    (
        wrong_answers.AddsForeignStudent,
        "a_district_lists_only_its_own_students",
        {"district_list_lookup": ALL_STUDENTS},
    ),
    (wrong_answers.ClaimsFilter, "an_applied_filter_is_applied", {"filtered_lookup": ALL_STUDENTS}),
    (wrong_answers.ListForUnknown, "unknown_keys_have_no_records", STUDENTS),
    (wrong_answers.KeepsUndeclared, "undeclared_properties_do_not_leave_the_adapter", STUDENTS),
    (wrong_answers.FailsBatchOnBadKey, "a_hostile_key_does_not_affect_other_keys", KEYED_STUDENTS),
    (wrong_answers.AsciiNames, "names_are_unchanged", {"student_lookup": Adapter.students_by_id}),
    (wrong_answers.EndlessPages, "no_record_is_missed_or_repeated", PAGED_STUDENTS),
    (wrong_answers.UnstableOrder, "a_repeated_lookup_has_the_same_answer", SCHOOL_ENROLLMENTS),
    (wrong_answers.InstantForDate, "values_are_what_the_record_declares", STUDENT_ENROLLMENTS),
    (wrong_answers.TextForDate, "values_are_what_the_record_declares", STUDENT_ENROLLMENTS),
    (wrong_answers.OmitsEmptyLists, "known_keys_are_answered", STUDENT_ENROLLMENTS),
    (misbehaving_adapters.WrongSignature, "the_signature_is_the_contracts", STUDENTS),
    (misbehaving_adapters.WrongSignature, "every_lookup_it_defines_is_one_of_the_contract", {}),
    (misbehaving_adapters.PlainTextSecret, "settings_hide_secrets", {}),
    (misbehaving_adapters.ExtraArgument, "the_signature_is_the_contracts", STUDENTS),
    (misbehaving_adapters.SecretInRepr, "no_object_shows_a_secret", {}),
    (misbehaving_adapters.LogsSecret, "no_secret_is_logged", STUDENT_ENROLLMENTS),
    (misbehaving_adapters.AddressInError, "an_error_shows_no_secret_address_or_key", STUDENT_ENROLLMENTS),
    (misbehaving_adapters.FollowsAnyAddress, "no_request_goes_to_another_origin", STUDENTS),
    (misbehaving_adapters.OwnClient, "all_requests_use_the_adapters_client", STUDENT_ENROLLMENTS),
    (misbehaving_adapters.Retries, "no_request_is_retried", STUDENT_ENROLLMENTS),
    (misbehaving_adapters.BatchTimeout, "the_adapter_sets_no_timeout", STUDENT_ENROLLMENTS),
    (misbehaving_adapters.RequestTimeout, "the_adapter_sets_no_timeout", STUDENT_ENROLLMENTS),
    (misbehaving_adapters.CachesRecords, "no_records_are_kept_between_calls", STUDENT_ENROLLMENTS),
    (misbehaving_adapters.ContinuesAfterCancel, "a_cancelled_lookup_leaves_nothing_running", STUDENT_ENROLLMENTS),
    (misbehaving_adapters.NoPageLimit, "an_endless_list_ends", UNPAGED_ENROLLMENTS),
    (misbehaving_adapters.WrongCost, "the_cost_of_a_key_is_about_right", PATH),
    (misbehaving_adapters.OldContract, "it_declares_the_contract_it_was_built_for", {}),
]


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[tuple[SmallVendorSandbox, SmallVendorSandbox]]:
    """The small vendor with and without data, served."""
    facts = make_district(30)
    no_facts = DistrictFacts(lea=facts.lea, name=facts.name, year=facts.year, now=datetime(2022, 5, 1, tzinfo=UTC))
    pair = SmallVendorSandbox(facts), SmallVendorSandbox(no_facts)
    with served(*pair):
        yield pair


@pytest.mark.parametrize(
    ("mutant", "test", "cases"), FAULTS, ids=[f"{mutant.__name__}-{test}" for mutant, test, _ in FAULTS]
)
async def test_the_suite_finds_the_fault(
    mutant: type[SmallVendor],
    test: str,
    cases: dict[str, Any],
    sandboxes: tuple[SmallVendorSandbox, SmallVendorSandbox],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each faulty adapter fails the test for its fault; the correct adapter passes the same test."""
    sandbox, empty_sandbox = sandboxes
    arguments = {name: lookup_of(case) if callable(case) else case for name, case in cases.items()}
    fixtures = {"sandbox": sandbox, "empty_sandbox": empty_sandbox, "facts": sandbox.facts, "caplog": caplog}
    await run(SmallVendor, test, arguments | fixtures, sandbox)
    with pytest.raises(FAILED):
        await run(mutant, test, arguments | fixtures, sandbox)


def test_all_faulty_adapters_are_in_the_table() -> None:
    """The table holds every faulty adapter."""
    planted = {
        adapter
        for module in (wrong_answers, misbehaving_adapters)
        for adapter in vars(module).values()
        if isinstance(adapter, type) and issubclass(adapter, SmallVendor) and adapter is not SmallVendor
    }

    assert planted == {mutant for mutant, _, _ in FAULTS}
    assert len(planted) >= 20
