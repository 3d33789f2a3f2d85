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
KEYED_STUDENT = {"keyed": Adapter.students_by_id}
STAYS_OF_STUDENT = {"lookup": Adapter.school_enrollments_by_student}
STAYS_AT_SCHOOL = {"lookup": Adapter.school_enrollments_by_school}
PATH = {"path": Adapter.school_enrollments_by_student}
WHOLE = {"whole": Adapter.school_enrollments_by_school}
EVERYBODY = Adapter.students_by_district
WALK = {"paged": EVERYBODY, "first": 7}
CAUGHT: list[tuple[type[Hall], str, dict[str, Any]]] = [
    (mutants.Swallowing, "a_failing_vendor_is_a_failure", STAYS_OF_STUDENT),
    (mutants.Swallowing, "throttling_is_told_apart_from_refusal", STAYS_OF_STUDENT),
    (mutants.Swallowing, "a_vendor_says_when_to_ask_again", STAYS_OF_STUDENT),
    (mutants.Swallowing, "a_vendor_without_the_route_has_no_records", STAYS_OF_STUDENT | {"status": 405}),
    (mutants.Short, "a_vendor_that_goes_down_is_a_failure", STAYS_AT_SCHOOL),
    (mutants.Hasty, "a_coarse_answer_equals_the_point_reads", PATH),
    (mutants.Hasty, "short_pages_change_no_answer", STAYS_AT_SCHOOL),
    (mutants.Trusting, "a_hostile_key_harms_no_other", KEYED_STUDENT),
    (mutants.Trusting, "a_hostile_key_reaches_the_vendor_as_nothing_else", KEYED_STUDENT),
    (mutants.Gossip, "unknown_keys_have_no_records", STAYS_OF_STUDENT),
    (mutants.Gossip, "records_are_what_the_lookup_promises", STAYS_OF_STUDENT),
    (mutants.Forgetful, "no_record_is_lost_or_doubled", WALK),
    (mutants.Forgetful, "a_list_that_shrinks_loses_no_more_than_left", {"paged": EVERYBODY}),
    (mutants.Signing, "records_are_what_the_lookup_promises", STUDENT),
    (mutants.Merging, "no_record_is_lost_or_doubled", WALK | {"first": 100}),
    (mutants.Crossed, "records_are_what_the_lookup_promises", STUDENT),
    (mutants.Cropped, "a_coarse_answer_equals_the_point_reads", PATH),
    (mutants.Visited, "nobody_of_another_district_is_told_of", {"personal": EVERYBODY}),
    (mutants.Boasting, "an_applied_filter_is_applied", {"filtered": EVERYBODY}),
    (mutants.Listing, "unknown_keys_have_no_records", STUDENT),
    (mutants.Hoarding, "what_is_not_declared_does_not_leave", STUDENT),
    (mutants.Brittle, "a_hostile_key_harms_no_other", KEYED_STUDENT),
    (mutants.Latin, "names_survive", {"naming": Adapter.students_by_id}),
    (mutants.Circling, "no_record_is_lost_or_doubled", WALK),
    (mutants.Fickle, "the_same_question_has_the_same_answer", STAYS_AT_SCHOOL),
    (mutants.Timed, "values_are_what_the_record_declares", STAYS_OF_STUDENT),
    (mutants.Spelled, "values_are_what_the_record_declares", STAYS_OF_STUDENT),
    (mutants.Mute, "known_keys_are_answered", STAYS_OF_STUDENT),
    (unruly.Wilful, "the_signature_is_the_contracts", STUDENT),
    (unruly.Wilful, "every_lookup_it_defines_is_one_of_the_contract", {}),
    (unruly.Open, "settings_hide_secrets", {}),
    (unruly.Grasping, "the_signature_is_the_contracts", STUDENT),
    (unruly.Boastful, "no_secret_is_shown_by_what_holds_it", {}),
    (unruly.Talkative, "no_secret_is_logged", STAYS_OF_STUDENT),
    (unruly.Telltale, "an_error_tells_no_secret_address_or_key", STAYS_OF_STUDENT),
    (unruly.Led, "nothing_is_asked_of_another_origin", STUDENT),
    (unruly.Lone, "every_request_goes_by_the_client_it_was_given", STAYS_OF_STUDENT),
    (unruly.Stubborn, "nothing_is_tried_twice", STAYS_OF_STUDENT),
    (unruly.Hurried, "an_answer_is_waited_for", STAYS_OF_STUDENT),
    (unruly.Impatient, "an_answer_is_waited_for", STAYS_OF_STUDENT),
    (unruly.Remembering, "nothing_is_answered_from_memory", STAYS_OF_STUDENT),
    (unruly.Lingering, "a_cancelled_lookup_leaves_nothing_behind", STAYS_OF_STUDENT),
    (unruly.Endless, "a_vendor_that_repeats_itself_is_given_up", WHOLE),
    (unruly.Cheap, "a_point_read_costs_what_it_says", PATH),
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
        name: lookup_of(each) if callable(each) and name != "path" else each for name, each in about.items()
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
