"""The settings of assistants: off unless written, and refused with the reason if they do not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.config import settings_file
from student_graph.gateway.config.assistants import assistant_settings
from student_graph.gateway.web.assistants.settings import AssistantSettings
from student_graph.resolvers.context import ViewerRole

URL = "https://graph.example/mcp"
COMPLETE = f"""
[assistants]
url = "{URL}"
hosts = ["10.0.0.7:8000"]
purpose = "instruction"
answer_kib = 64

[[districts]]
id = "hill"
name = "Hill"
time_zone = "America/Denver"

[[districts.sources]]
name = "lms"
kind = "canvas"
base_url = "https://x.example"
token_env = "T"

[[districts.assistants]]
document = "StudentOverview"

[[districts.assistants]]
document = "ClassRoster"
description = "Classes of a teacher"
roles = ["teacher"]

[[issuers]]
issuer = "https://login.example"
audience = "student-graph"
jwks_url = "https://login.example/keys"
districts = ["hill"]
roles = {{ Teacher = "teacher" }}
"""


def loaded(folder: Path, text: str) -> AssistantSettings | None:
    """The settings of assistants in a file."""
    path = folder / "gateway.toml"
    path.write_text(text)
    config = settings_file.load(path)
    return assistant_settings(config.assistants, config.districts, config.issuers)


def test_the_tools_of_a_district_are_read(tmp_path: Path) -> None:
    """With their roles, and the audience that tokens must have."""
    settings = loaded(tmp_path, COMPLETE)

    assert settings is not None
    assert (settings.url, settings.purpose, settings.max_answer_bytes) == (URL, "instruction", 64 * 1024)
    assert settings.metadata_url == "https://graph.example/.well-known/oauth-protected-resource/mcp"
    [overview, roster] = settings.tools["hill"]  # type: ignore[index]
    assert (overview.document, overview.description, overview.roles) == ("StudentOverview", None, frozenset())
    assert (roster.description, roster.roles) == ("Classes of a teacher", {ViewerRole.TEACHER})


def test_there_are_no_tools_unless_they_are_written(tmp_path: Path) -> None:
    """The address alone, or the tools alone, are a mistake."""
    tools = COMPLETE[COMPLETE.index("[[districts.assistants]]") : COMPLETE.index("[[issuers]]")]
    without_section = COMPLETE[COMPLETE.index("[[districts]]") :]

    assert loaded(tmp_path, without_section.replace(tools, "")) is None
    with pytest.raises(SettingsError, match=r"district 'hill', assistants: set assistants\.url"):
        loaded(tmp_path, without_section)
    with pytest.raises(SettingsError, match=r"assistants\.url: no district offers a tool"):
        loaded(tmp_path, COMPLETE.replace(tools, ""))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (URL, "http://graph.example/mcp", "assistants.url: must be an https address"),
        (URL, "https://graph.example", "assistants.url: must be an https address with a path"),
        (URL, "https://graph.example/graphql", "assistants.url: must be an https address with a path"),
        ('"student-graph"', f'"{URL}"', "give them different audiences"),
        ('audience = "', 'assistants_audience = "student-graph"\naudience = "', "give them different audiences"),
        ("ClassRoster", "StudentOverview", "two tools have the same document"),
        ("[assistants]", '[policy]\npurposes = ["safety"]\n[assistants]', "is not one of policy.purposes"),
        (COMPLETE[COMPLETE.index("[[issuers]]") :], "", "nobody can ask without one of [[issuers]]"),
    ],
)
def test_settings_that_do_not_fit_are_refused(tmp_path: Path, old: str, new: str, problem: str) -> None:
    """Each with what to change."""
    assert old in COMPLETE

    with pytest.raises(SettingsError) as error:
        loaded(tmp_path, COMPLETE.replace(old, new))

    assert problem in str(error.value)


def test_an_issuer_may_have_an_audience_of_its_own_for_assistants(tmp_path: Path) -> None:
    """For issuers that do not issue tokens for an address."""
    settings = loaded(tmp_path, COMPLETE.replace("jwks_url", 'assistants_audience = "api://tools"\njwks_url'))

    assert settings is not None
    assert settings.audiences == {"https://login.example": "api://tools"}


def test_the_digest_of_the_policy_covers_the_tools(tmp_path: Path) -> None:
    """Every line of the record of disclosures names it."""
    digests = set()
    for text in (COMPLETE, COMPLETE.replace('["teacher"]', '["counselor"]')):
        path = tmp_path / "gateway.toml"
        path.write_text(text)
        digests.add(settings_file.policy_digest(settings_file.load(path)))

    assert len(digests) == 2
