"""Tests that the conformance suite finds faulty adapters: each planted fault fails its test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pytest

from hillside_sis.adapter import Hillside
from hillside_sis.sandbox import HillsideSandbox
from student_graph.adapters.contract import Adapter
from student_graph.adapters.files.adapter import Files
from student_graph.adapters.files.sandbox import FilesSandbox
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.powerschool.adapter import PowerSchoolSIS
from student_graph.adapters.powerschool.sandbox import PowerSchoolSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import Sandbox, served
from student_graph.adapters.schoology.adapter import Schoology
from student_graph.adapters.schoology.sandbox import SchoologySandbox
from student_graph.adapters.starter.adapter import Starter
from student_graph.adapters.starter.sandbox import StarterSandbox
from student_graph.adapters.testing import AdapterSuite
from tests.adapters.helpers import faults_of_declarations as declarations
from tests.adapters.helpers import faults_with_odd_data as odd
from tests.adapters.helpers import faults_with_odd_ids as ids
from tests.adapters.helpers import misbehaving_adapters, wrong_answers
from tests.adapters.helpers.planted_fault import FAILED, run
from tests.adapters.helpers.small_vendor import SmallVendor, SmallVendorSandbox
from tests.long_runs import size

STUDENTS = {"lookup": Adapter.students_by_id}
KEYED_STUDENTS = {"keyed_lookup": Adapter.students_by_id}
KEYED_ENROLLMENTS = {"keyed_lookup": Adapter.school_enrollments_by_student}
STUDENT_ENROLLMENTS = {"lookup": Adapter.school_enrollments_by_student}
SCHOOL_ENROLLMENTS = {"lookup": Adapter.school_enrollments_by_school}
PATH = {"way": (Adapter.school_enrollments_by_student, Adapter.school_enrollments_by_school)}
UNPAGED_ENROLLMENTS = {"unpaged_list_lookup": Adapter.school_enrollments_by_school}
ALL_STUDENTS = Adapter.students_by_district
PAGED_STUDENTS = {"paged_lookup": ALL_STUDENTS, "first": 7}
ATTENDANCE = {
    "attendance_lookup": Adapter.attendance_events_by_student,
    "yearly_lookup": Adapter.attendance_events_by_student,
}
ENROLLMENT_LISTS = {"list_lookup": Adapter.school_enrollments_by_school}
Fault: TypeAlias = tuple[type[Adapter], str, dict[str, Any]]
"""A faulty adapter, the test of the suite that finds it, and the cases of that test."""
FAULTS: list[Fault] = [
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
    (wrong_answers.SkipsRows, "inserted_rows_hide_no_record", {"paged_lookup": ALL_STUDENTS}),
    (odd.DropsOthers, "an_answer_about_another_key_is_an_error", KEYED_ENROLLMENTS),
    (
        ids.EmptyForUnansweredKeys,
        "an_answer_about_another_one_of_two_keys_is_an_error",
        {"keyed_lookup": Adapter.course_grades_by_student},
    ),
    (odd.FailsOnOddRow, "an_odd_value_takes_nothing_else_away", SCHOOL_ENROLLMENTS),
    (odd.FailsOnOddRow, "a_row_of_nulls_takes_nothing_else_away", SCHOOL_ENROLLMENTS),
    (odd.WritesAscii, "another_form_of_a_text_takes_nothing_else_away", SCHOOL_ENROLLMENTS),
    (
        ids.HidesUnknownSections,
        "an_object_that_is_listed_and_not_known_is_reported",
        {"lookup": Adapter.assignment_work_by_student},
    ),
    (odd.DropsOthers, "a_row_that_spells_the_key_otherwise_is_reported", KEYED_ENROLLMENTS),
    (ids.ReadsTextIds, "an_id_that_is_a_number_is_the_same_id", STUDENT_ENROLLMENTS),
    (
        ids.FailsOnOddFile,
        "an_odd_value_in_a_file_takes_nothing_else_away",
        {"lookup": Adapter.assessment_results_by_student},
    ),
    (odd.AddsAYear, "a_far_date_takes_nothing_else_away", STUDENT_ENROLLMENTS),
    (odd.RequiresNullable, "values_that_may_be_null_cost_no_record", STUDENTS),
    (odd.AdvancesByLimit, "larger_pages_than_requested_lose_no_record", {"lookup": ALL_STUDENTS}),
    (odd.SplitsKeyAtColon, "an_id_with_odd_characters_is_read_or_refused", KEYED_ENROLLMENTS),
    (
        odd.IgnoresBlanks,
        "a_key_in_other_letters_is_another_key_unless_the_vendor_says_so",
        KEYED_ENROLLMENTS,
    ),
    (odd.EmptyOnWrongTotal, "a_total_that_is_too_high_hides_no_record", ENROLLMENT_LISTS),
    (odd.TotalOfPage, "a_total_is_the_length_of_the_list", {"paged_lookup": ALL_STUDENTS}),
    (odd.AnyCursor, "an_invented_cursor_is_refused", {"paged_lookup": ALL_STUDENTS}),
    (odd.FailsWithoutRows, "an_empty_district_is_not_an_error", STUDENT_ENROLLMENTS),
    (odd.ReversesBatches, "a_batch_equals_its_single_keys", SCHOOL_ENROLLMENTS),
    (odd.RepeatsRows, "a_row_that_is_sent_twice_is_one_record", ENROLLMENT_LISTS),
    (odd.RepeatsMovedRows, "rows_that_move_are_read_once", UNPAGED_ENROLLMENTS),
    (odd.SkipsMissingRoute, "a_vendor_without_the_route_has_no_records", STUDENT_ENROLLMENTS | {"status": 501}),
    (odd.MissingListIsEmpty, "a_list_under_another_name_is_not_an_empty_list", STUDENTS),
    (odd.DefaultCategory, "an_unknown_code_is_unmapped", ATTENDANCE),
    (odd.IgnoresYear, "another_school_year_has_other_records", ATTENDANCE),
    (declarations.SupportsNothing, "some_lookup_is_supported", {}),
    (declarations.PathToNowhere, "access_paths_lead_from_and_to_supported_lookups", {}),
    (declarations.FreePath, "an_access_path_declares_its_cost", PATH),
    (declarations.UndescribedSetting, "every_setting_is_described", {}),
    (declarations.SilentCheck, "check_names_the_server", {}),
    (declarations.BlindCheck, "a_failing_vendor_fails_the_check", {"name": "503"}),
    (declarations.AlwaysFiltered, "no_filter_is_applied_without_a_filter", {"filtered_lookup": ALL_STUDENTS}),
    (declarations.NumbersRequests, "answers_are_the_same_over_a_connection", STUDENT_ENROLLMENTS),
    (declarations.ConnectsElsewhere, "all_requests_use_the_adapters_client", STUDENT_ENROLLMENTS),
    (declarations.LooksUpHost, "all_requests_use_the_adapters_client", STUDENT_ENROLLMENTS),
    (declarations.StartsProgram, "all_requests_use_the_adapters_client", STUDENT_ENROLLMENTS),
    (declarations.StatesNoContract, "it_declares_the_contract_it_was_built_for", {}),
]
NOT_PLANTED = {
    "50_tasks_renew_a_token_once": "tests/adapters/test_auth.py",
    "since_counts_from_that_day_on": "tests/adapters/canvas/test_adapter.py",
}
"""Tests of the suite without a fault here, because these vendors have no such thing, and where it is tested."""


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[dict[type[Adapter], tuple[Sandbox, Sandbox]]]:
    """Each vendor with and without data, served, by its correct adapter."""
    facts = make_district(30)
    no_facts = DistrictFacts(lea=facts.lea, name=facts.name, year=facts.year, now=datetime(2022, 5, 1, tzinfo=UTC))
    types: dict[type[Adapter], Any] = {
        SmallVendor: SmallVendorSandbox,
        Starter: StarterSandbox,
        Hillside: HillsideSandbox,
        Schoology: SchoologySandbox,
        PowerSchoolSIS: PowerSchoolSandbox,
        Files: FilesSandbox,
    }
    pairs = {correct: (sandbox(facts), sandbox(no_facts)) for correct, sandbox in types.items()}
    with served(*(sandbox for pair in pairs.values() for sandbox in pair)):
        yield pairs


@pytest.mark.parametrize(
    ("mutant", "test", "cases"),
    FAULTS[:: size(2, 1)],
    ids=[f"{mutant.__name__}-{test}" for mutant, test, _ in FAULTS[:: size(2, 1)]],
)
@pytest.mark.long_run
async def test_the_suite_finds_the_fault(
    mutant: type[Adapter],
    test: str,
    cases: dict[str, Any],
    sandboxes: dict[type[Adapter], tuple[Sandbox, Sandbox]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each faulty adapter fails the test for its fault; the correct adapter passes the same test."""
    correct = next(adapter for adapter in sandboxes if issubclass(mutant, adapter))
    sandbox, empty_sandbox = sandboxes[correct]
    arguments = {name: lookup_of(case) if callable(case) else case for name, case in cases.items()}
    facts = make_district(30)
    fixtures = {"sandbox": sandbox, "empty_sandbox": empty_sandbox, "facts": facts, "caplog": caplog}
    await run(correct, test, arguments | fixtures, sandbox)
    with pytest.raises(FAILED):
        await run(mutant, test, arguments | fixtures, sandbox)


def test_all_faulty_adapters_are_in_the_table() -> None:
    """The table holds every faulty adapter, and each says in a sentence of its own what its fault is."""
    planted = {
        adapter
        for module in (wrong_answers, misbehaving_adapters, odd, ids, declarations)
        for adapter in vars(module).values()
        if isinstance(adapter, type) and issubclass(adapter, Adapter) and adapter.__module__ == module.__name__
    }

    assert planted == {mutant for mutant, _, _ in FAULTS}
    assert len({adapter.__doc__ for adapter in planted}) == len(planted) >= 60


def test_every_test_of_the_suite_finds_a_fault() -> None:
    """A test of the suite that no faulty adapter fails would say nothing."""
    tests = {name.removeprefix("test_") for name in dir(AdapterSuite) if name.startswith("test_")}

    assert tests - {test for _, test, _ in FAULTS} == NOT_PLANTED.keys()
    assert len(tests) >= 60
