"""Runs the conformance suite for the OneRoster adapter with the server of each profile: a sample of its cases."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from student_graph.adapters.oneroster.adapter.profiles import PROFILES, ProfileName
from student_graph.adapters.oneroster.sandbox import CLASSLINK_PROXY, OneRosterSandbox
from student_graph.adapters.sandbox.facts import DistrictFacts
from tests.adapters.oneroster.test_conformance import OneRosterSuite, SampledSandbox
from tests.long_runs import LONG_RUNS, size

GRADEBOOK = frozenset(
    {
        "assessment_results_by_district",
        "assessment_results_by_student",
        "assessments_by_id",
        "assignment_work_by_section",
        "assignment_work_by_student",
        "course_grades_by_section",
        "course_grades_by_student",
    }
)
"""Lookups of the parts that no document says that the vendor serves."""


class ProfileSuite(OneRosterSuite):
    """
    The suite for the server of a profile: few cases of each test, because the adapter is the same for all servers.

    Without long runs only the profile that differs most is played.
    """

    __test__ = LONG_RUNS

    students = 24
    case_step = size(1_000, 12)
    odd_values = size(1, 3)  # `test_odd_values` plays thousands


def server_of(profile: ProfileName, token: str | None) -> type[OneRosterSandbox]:
    """A sandbox of a vendor's server, whose token endpoint has this path."""

    class Server(SampledSandbox):
        """The server of one vendor."""

        token_path = token
        profile_name = profile

        def __init__(self, facts: DistrictFacts) -> None:
            OneRosterSandbox.__init__(self, facts, profile=profile)

    return Server


@pytest.mark.long_run
class TestInfiniteCampus(ProfileSuite):
    """Infinite Campus, with the header of its partner program."""

    __test__ = True
    sandbox_type: ClassVar[Any] = server_of("infinite_campus", "/campus/oauth2/token")


@pytest.mark.long_run
class TestClassLink(ProfileSuite):
    """The Roster Server of a district at ClassLink, with signed requests."""

    sandbox_type: ClassVar[Any] = server_of("classlink", None)
    not_served = GRADEBOOK


@pytest.mark.long_run
class TestSkyward(ProfileSuite):
    """The API server of Skyward."""

    sandbox_type: ClassVar[Any] = server_of("skyward", "/api/oauth/token")
    not_served = GRADEBOOK


@pytest.mark.long_run
class TestPowerSchool(ProfileSuite):
    """PowerSchool's OneRoster, which sends null for what it does not have."""

    sandbox_type: ClassVar[Any] = server_of("powerschool", "/oauth/access_token")
    not_served = GRADEBOOK


class ClassLinkProxySandbox(SampledSandbox):
    """ClassLink's proxy."""

    token_path = None

    def __init__(self, facts: DistrictFacts) -> None:
        OneRosterSandbox.__init__(self, facts, version="1.1", quirks=CLASSLINK_PROXY)


@pytest.mark.long_run
class TestClassLinkProxy(ProfileSuite):
    """ClassLink's proxy, with a fixed token."""

    sandbox_type: ClassVar[Any] = ClassLinkProxySandbox
    not_served = GRADEBOOK


def test_every_profile_has_a_suite() -> None:
    """A profile that is added gets its run."""
    suites = [value for value in globals().values() if isinstance(value, type) and issubclass(value, ProfileSuite)]
    profiles = {suite.sandbox_type.profile_name for suite in suites if hasattr(suite.sandbox_type, "profile_name")}

    assert profiles == set(PROFILES)
