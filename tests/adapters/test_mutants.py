"""The conformance suite catches bad adapters: each planted fault fails the test that is there for it."""

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
from tests.adapters.helpers import mutants, unruly
from tests.adapters.helpers.planted_fault import FAILED, run
from tests.adapters.helpers.small_vendor import Hall, HallSandbox

STUDENT = {"lookup": Adapter.students_by_id}
KEYED_STUDENT = {"keyed_lookup": Adapter.students_by_id}
STAYS_OF_STUDENT = {"lookup": Adapter.school_enrollments_by_student}
STAYS_AT_SCHOOL = {"lookup": Adapter.school_enrollments_by_school}
PATH = {"path_method": Adapter.school_enrollments_by_student}
WHOLE = {"unpaged_list_lookup": Adapter.school_enrollments_by_school}
EVERYBODY = Adapter.students_by_district
WALK = {"paged_lookup": EVERYBODY, "first": 7}
CAUGHT: list[tuple[type[Hall], str, dict[str, Any]]] = [
    (mutants.Swallowing, "a_failing_vendor_is_a_failure", STAYS_OF_STUDENT),
    (mutants.Swallowing, "throttling_is_not_a_refusal", STAYS_OF_STUDENT),
    (mutants.Swallowing, "retry_after_is_passed_on", STAYS_OF_STUDENT),
    (mutants.Swallowing, "a_vendor_without_the_route_has_no_records", STAYS_OF_STUDENT | {"status": 405}),
    (mutants.Short, "a_vendor_that_goes_down_is_a_failure", STAYS_AT_SCHOOL),
    (mutants.Hasty, "a_coarse_answer_equals_the_point_reads", PATH),
    (mutants.Hasty, "short_pages_change_no_answer", STAYS_AT_SCHOOL),
    (mutants.Trusting, "a_hostile_key_does_not_affect_other_keys", KEYED_STUDENT),
    (mutants.Trusting, "a_hostile_key_changes_no_more_than_a_value", KEYED_STUDENT),
    (mutants.Gossip, "unknown_keys_have_no_records", STAYS_OF_STUDENT),
    (mutants.Gossip, "records_are_what_the_lookup_promises", STAYS_OF_STUDENT),
    (mutants.Forgetful, "no_record_is_missed_or_repeated", WALK),
    (mutants.Forgetful, "deleted_rows_hide_at_most_as_many_records", {"paged_lookup": EVERYBODY}),
    (mutants.Signing, "records_are_what_the_lookup_promises", STUDENT),
    (mutants.Merging, "no_record_is_missed_or_repeated", WALK | {"first": 100}),
    (mutants.Crossed, "records_are_what_the_lookup_promises", STUDENT),
    (mutants.Cropped, "a_coarse_answer_equals_the_point_reads", PATH),
    (mutants.Visited, "a_district_lists_only_its_own_students", {"district_list_lookup": EVERYBODY}),
    (mutants.Boasting, "an_applied_filter_is_applied", {"filtered_lookup": EVERYBODY}),
    (mutants.Listing, "unknown_keys_have_no_records", STUDENT),
    (mutants.Hoarding, "undeclared_properties_do_not_leave_the_adapter", STUDENT),
    (mutants.Brittle, "a_hostile_key_does_not_affect_other_keys", KEYED_STUDENT),
    (mutants.Latin, "names_are_unchanged", {"student_lookup": Adapter.students_by_id}),
    (mutants.Circling, "no_record_is_missed_or_repeated", WALK),
    (mutants.Fickle, "a_repeated_lookup_has_the_same_answer", STAYS_AT_SCHOOL),
    (mutants.Timed, "values_are_what_the_record_declares", STAYS_OF_STUDENT),
    (mutants.Spelled, "values_are_what_the_record_declares", STAYS_OF_STUDENT),
    (mutants.Mute, "known_keys_are_answered", STAYS_OF_STUDENT),
    (unruly.Wilful, "the_signature_is_the_contracts", STUDENT),
    (unruly.Wilful, "every_lookup_it_defines_is_one_of_the_contract", {}),
    (unruly.Open, "settings_hide_secrets", {}),
    (unruly.Grasping, "the_signature_is_the_contracts", STUDENT),
    (unruly.Boastful, "no_object_shows_a_secret", {}),
    (unruly.Talkative, "no_secret_is_logged", STAYS_OF_STUDENT),
    (unruly.Telltale, "an_error_shows_no_secret_address_or_key", STAYS_OF_STUDENT),
    (unruly.Led, "no_request_goes_to_another_origin", STUDENT),
    (unruly.Lone, "all_requests_use_the_adapters_client", STAYS_OF_STUDENT),
    (unruly.Stubborn, "no_request_is_retried", STAYS_OF_STUDENT),
    (unruly.Hurried, "the_adapter_sets_no_timeout", STAYS_OF_STUDENT),
    (unruly.Impatient, "the_adapter_sets_no_timeout", STAYS_OF_STUDENT),
    (unruly.Remembering, "no_records_are_kept_between_calls", STAYS_OF_STUDENT),
    (unruly.Lingering, "a_cancelled_lookup_leaves_nothing_running", STAYS_OF_STUDENT),
    (unruly.Endless, "an_endless_list_ends", WHOLE),
    (unruly.Cheap, "the_cost_of_a_key_is_about_right", PATH),
    (unruly.Stale, "it_declares_the_contract_it_was_built_for", {}),
]


@pytest.fixture(scope="module")
def halls() -> Iterator[tuple[HallSandbox, HallSandbox]]:
    """The hall and an empty one, served."""
    facts = make_district(30)
    nothing = DistrictFacts(lea=facts.lea, name=facts.name, year=facts.year, now=datetime(2022, 5, 1, tzinfo=UTC))
    pair = HallSandbox(facts), HallSandbox(nothing)
    with served(*pair):
        yield pair


@pytest.mark.parametrize(
    ("mutant", "test", "about"), CAUGHT, ids=[f"{mutant.__name__}-{test}" for mutant, test, _ in CAUGHT]
)
async def test_the_suite_catches(
    mutant: type[Hall],
    test: str,
    about: dict[str, Any],
    halls: tuple[HallSandbox, HallSandbox],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What each bad adapter does fails the test that is there for it; the good one passes the same test."""
    given = {
        name: lookup_of(each) if callable(each) and name != "path_method" else each for name, each in about.items()
    } | {"sandbox": halls[0], "empty_sandbox": halls[1], "facts": halls[0].facts, "caplog": caplog}
    await run(Hall, test, given, halls[0])
    with pytest.raises(FAILED):
        await run(mutant, test, given, halls[0])


def test_at_least_20_faults_are_caught() -> None:
    """The table names every mutant there is."""
    planted = {
        each
        for module in (mutants, unruly)
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Hall) and each is not Hall
    }

    assert planted == {mutant for mutant, _, _ in CAUGHT}
    assert len(planted) >= 20
