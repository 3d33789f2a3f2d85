"""An issuer that speaks for several districts must say whose each viewer is."""

from __future__ import annotations

from pathlib import Path

import pytest

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.config import settings_file

ISSUER = """
[[issuers]]
issuer = "https://login.example"
audience = "student-graph"
jwks_url = "https://login.example/keys"
roles = { Principal = "principal" }
"""
DISTRICT = """
[[districts]]
id = "{id}"
name = "{id}"
time_zone = "America/Denver"

[[districts.sources]]
name = "sis"
kind = "edfi"
base_url = "http://127.0.0.1:8081"
client_id = "student-graph"
client_secret_env = "SECRET"
"""


def load(folder: Path, issuer: str) -> settings_file.Config:
    """The settings of two districts and an issuer with these further lines."""
    path = folder / "gateway.toml"
    path.write_text(ISSUER + issuer + "".join(DISTRICT.format(id=name) for name in ("hill", "pine")))
    return settings_file.load(path, {"SECRET": "secret"})


@pytest.mark.parametrize(("lines", "message"), [
    ('districts = ["hill", "pine"]', "given tenant_claim and tenants: it has several districts"),
    (
        'districts = ["hill", "pine"]\ntenant_claim = "hd"\ntenants = { a = "hill" }',
        "given tenants that name each of its districts, and no other one",
    ),
    (
        'districts = ["hill"]\ntenant_claim = "hd"\ntenants = { a = "hill", b = "pine" }',
        "given tenants that name each of its districts, and no other one",
    ),
    ('districts = ["hill"]\ntenant_claim = "hd"', "set with both tenant_claim and tenants"),
])  # fmt: skip
def test_nobody_belongs_to_a_district_by_accident(tmp_path: Path, lines: str, message: str) -> None:
    """A principal of one district would be a principal of the other one."""
    with pytest.raises(SettingsError) as error:
        load(tmp_path, lines)

    [problem] = error.value.problems
    assert problem.startswith(f"{tmp_path / 'gateway.toml'}: issuer 'https://login.example': must be ")
    assert message in problem


def test_an_issuer_of_one_district_needs_no_claim(tmp_path: Path) -> None:
    """Nor does one that names each of its districts by a claim have another problem."""
    first = load(tmp_path, 'districts = ["hill"]')
    second = load(
        tmp_path, 'districts = ["hill", "pine"]\ntenant_claim = "hd"\ntenants = { a = "hill", b = "pine" }'
    )

    assert [issuer.districts for issuer in (*first.issuers, *second.issuers)] == [("hill",), ("hill", "pine")]
