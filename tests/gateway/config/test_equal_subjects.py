"""Two issuers of a district and its settings use one subject for three people: none gets what another has."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from student_graph.adapters.model import DistrictId
from student_graph.adapters.registry import SettingsError
from student_graph.gateway.auth import Authenticator
from student_graph.gateway.config import environment, settings_file
from student_graph.gateway.config.access import grants_by_district
from student_graph.gateway.disclosure import DisclosureKeys
from student_graph.gateway.disclosure.entries import actor_pseudonym
from student_graph.gateway.web.admission import Admission
from student_graph.gateway.web.load_shedding import LoadLimits, LoadShedder
from student_graph.gateway.web.request import DEFAULT_HEADERS, BadRequestError, RequestHead
from student_graph.resolvers.context import Viewer

STAFF_ISSUER, PORTAL = "https://staff.hill.example", "https://portal.hill.example"
SUBJECT = "nurse-7"
SETTINGS = """
[[districts]]
id = "hill"
name = "Hill County"
time_zone = "America/Denver"

[[districts.sources]]
name = "sis"
kind = "edfi"
base_url = "http://127.0.0.1:8081"

[[districts.grants]]
subjects = ["nurse-7"]
issuer = "https://staff.hill.example"
classes = ["CONTACT"]

[[districts.assigned]]
subject = "nurse-7"
issuer = "https://staff.hill.example"
students = ["604822"]

[[issuers]]
issuer = "https://staff.hill.example"
audience = "student-graph"
jwks_url = "https://staff.hill.example/keys"
districts = ["hill"]
roles = { Staff = "teacher" }
operators = ["nurse-7"]

[[issuers]]
issuer = "https://portal.hill.example"
audience = "student-graph"
jwks_url = "https://portal.hill.example/keys"
districts = ["hill"]
roles = { Staff = "teacher", Guardian = "parent" }

[[viewers]]
subject = "nurse-7"
role = "teacher"
districts = ["hill"]
token_env = "NURSE"
"""
TOKEN = "0123456789abcdef0123456789abcdef"
BESIDE_GRANT = f'subjects = ["{SUBJECT}"]\nissuer = "{STAFF_ISSUER}"'
BESIDE_ASSIGNMENT = f'subject = "{SUBJECT}"\nissuer = "{STAFF_ISSUER}"'
ONE_ISSUER = SETTINGS[: SETTINGS.rindex("[[issuers]]")] + SETTINGS[SETTINGS.index("[[viewers]]") :]


def viewers(folder: Path, text: str = SETTINGS, role: str = "Staff") -> dict[str, Viewer]:
    """The viewers with the subject, by issuer; `settings` for the one in the settings."""
    path = folder / "gateway.toml"
    path.write_text(text)
    config = settings_file.load(path)
    result = {"settings": environment.viewers_by_token(config, path, {"NURSE": TOKEN})[TOKEN]}
    for section in config.issuers:
        grants = grants_by_district(config.districts, config.issuers, config.viewers, section.issuer)
        viewer = section.build(grants).viewer({"sub": SUBJECT, "role": role})
        result |= {} if viewer is None else {section.issuer: viewer}
    return result


def holders(folder: Path, text: str = SETTINGS) -> tuple[set[str], set[str], set[str]]:
    """Who has the grant, who has the assigned students, and who is an operator."""
    people = viewers(folder, text)
    return (
        {name for name, viewer in people.items() if viewer.grants},
        {name for name, viewer in people.items() if viewer.assigned},
        {name for name, viewer in people.items() if viewer.operator},
    )


@pytest.mark.row("J12")
def test_only_the_viewer_of_the_named_issuer_gets_what_the_settings_give(tmp_path: Path) -> None:
    """Grants, assigned students and the right of an operator."""
    assert holders(tmp_path) == ({STAFF_ISSUER}, {STAFF_ISSUER}, {STAFF_ISSUER})
    assert not viewers(tmp_path, role="Guardian")[PORTAL].grants


@pytest.mark.parametrize("issuer", ["settings", STAFF_ISSUER, PORTAL])
def test_any_issuer_can_be_named(tmp_path: Path, issuer: str) -> None:
    """Also the settings themselves, for the viewers in `[[viewers]]`."""
    text = SETTINGS.replace(f'issuer = "{STAFF_ISSUER}"\nclasses', f'issuer = "{issuer}"\nclasses')
    assert holders(tmp_path, text)[0] == {issuer}


def test_a_grant_to_a_role_can_be_limited_to_an_issuer(tmp_path: Path) -> None:
    """Without an issuer it is for the role at all of them."""
    by_role = SETTINGS.replace(BESIDE_GRANT, f'roles = ["teacher"]\nissuer = "{PORTAL}"')
    assert holders(tmp_path, by_role)[0] == {PORTAL}
    for_all = SETTINGS.replace(BESIDE_GRANT, 'roles = ["teacher"]')
    assert holders(tmp_path, for_all)[0] == {"settings", STAFF_ISSUER, PORTAL}


def test_with_one_issuer_a_subject_is_one_person(tmp_path: Path) -> None:
    """The viewer of that name in the settings, or else the one of the only issuer; never both."""
    text = ONE_ISSUER.replace(BESIDE_GRANT, f'subjects = ["{SUBJECT}"]')
    assert holders(tmp_path, text)[0] == {"settings"}
    assert holders(tmp_path, text.replace('subject = "nurse-7"\nrole', 'subject = "x"\nrole'))[0] == {STAFF_ISSUER}


ASSIGNMENT = f"district 'hill', assignment '{SUBJECT}'"


@pytest.mark.parametrize(("old", "new", "setting"), [
    (BESIDE_GRANT, f'subjects = ["{SUBJECT}"]', "district 'hill', grant 1: issuer: equal subjects"),
    (BESIDE_ASSIGNMENT, f'subject = "{SUBJECT}"', f"{ASSIGNMENT}: issuer: equal subjects"),
    (BESIDE_GRANT, BESIDE_GRANT.replace("staff", "stuff"), "district 'hill', grant 1: issuer: no viewer"),
    (BESIDE_GRANT, 'roles = ["teacher"]\nissuer = "x"', "district 'hill', grant 1: issuer: no viewer"),
    (BESIDE_ASSIGNMENT, BESIDE_ASSIGNMENT.replace("staff", "stuff"), f"{ASSIGNMENT}: issuer: no viewer"),
])  # fmt: skip
def test_a_missing_or_unknown_issuer_is_refused(tmp_path: Path, old: str, new: str, setting: str) -> None:
    """The message names the setting and the issuers to choose from."""
    path = tmp_path / "gateway.toml"
    assert SETTINGS.count(old) == 1
    path.write_text(SETTINGS.replace(old, new))
    with pytest.raises(SettingsError) as error:
        settings_file.load(path)
    message = str(error.value).removeprefix(f"{path}: ")
    assert message.startswith(setting)
    assert message.endswith(f"; set one of {STAFF_ISSUER}, {PORTAL}, settings")


@pytest.mark.parametrize("issuer", [
    "https://a.example/|auth0", "https://a.example/ b", "https://a.\nexample", "https://a.example/\u202e",
    "settings",
])  # fmt: skip
def test_the_name_of_an_issuer_is_a_url(tmp_path: Path, issuer: str) -> None:
    """No other text can end where another issuer's name goes on, or be taken for the settings."""
    path = tmp_path / "gateway.toml"
    path.write_text(SETTINGS.replace(f'issuer = "{PORTAL}"\naudience', f'issuer = """{issuer}"""\naudience'))
    with pytest.raises(SettingsError, match="must be an https address"):
        settings_file.load(path)


@pytest.mark.row("J12")
def test_rates_caches_and_the_record_tell_equal_subjects_apart(tmp_path: Path) -> None:
    """One person at the limit, and one with cached answers, are not the other."""
    settings_viewer, staff, portal = viewers(tmp_path).values()
    bare = {Viewer(SUBJECT, staff.role, staff.districts, issuer=name) for name in (None, STAFF_ISSUER, PORTAL)}
    assert len(bare) == len({viewer.person for viewer in bare}) == 3
    keys = DisclosureKeys(b"s" * 32)
    assert len({actor_pseudonym(keys, viewer, "hill") for viewer in bare}) == 3
    limits = LoadLimits(viewer_rate=1e-9, viewer_burst=1)
    admission = Admission(Authenticator({}), load_shedder=LoadShedder(limits))
    head = RequestHead("POST", b"", {**DEFAULT_HEADERS, b"cache-control": "no-cache"})
    requests: list[Any] = []
    for viewer in (settings_viewer, staff, portal):
        with admission.admit_head(viewer):
            pass
        with pytest.raises(BadRequestError):
            admission.admit_head(viewer)
        requests.append(admission.request(head, viewer, b"{}", "application/json"))
    assert len({request.cache_key for request in requests}) == 3
    ages = [admission.request(head, staff, b"{}", "application/json").max_age for _ in range(math.ceil(25))]
    assert None in ages
    assert admission.request(head, portal, b"{}", "application/json").max_age is not None


def test_a_subject_that_looks_like_an_issuer_matches_nobody_else(tmp_path: Path) -> None:
    """The hash of a viewer in the settings is never that of a viewer of an issuer."""
    text = SETTINGS.replace('subject = "nurse-7"\nrole', f'subject = "{PORTAL}|{SUBJECT}"\nrole')
    keys = DisclosureKeys(b"s" * 32)
    people = viewers(tmp_path, text)
    hashes = {actor_pseudonym(keys, viewer, DistrictId("hill")) for viewer in people.values()}
    assert len(hashes) == 3
