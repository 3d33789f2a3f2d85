"""What codes mean, in the settings file: read, checked at once, and passed to sources and metrics."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from student_graph.adapters.model import Descriptor
from student_graph.adapters.model.code_mapping import meaning
from student_graph.adapters.registry import SettingsError
from student_graph.gateway.config import settings_file
from student_graph.gateway.config.codes import CodesConfig, SourceCodesConfig, code_mapping
from student_graph.gateway.config.districts import connect_districts
from student_graph.resolvers.metrics.facts import MetricSettings
from student_graph.resolvers.metrics.meanings import MealService, RaceEthnicity, Sex
from tests.gateway.servers import ROOT

DISTRICT = """
[[districts]]
id = "hill"
name = "Hill County"
time_zone = "America/Denver"

{district}

[[districts.sources]]
name = "sis"
kind = "edfi"
base_url = "http://127.0.0.1:8081"
networks = ["127.0.0.0/8"]
client_id = "id"
client_secret_env = "SECRET"

{source}

[[districts.sources]]
name = "lms"
kind = "canvas"
base_url = "http://127.0.0.1:8082"
networks = ["127.0.0.0/8"]
token_env = "TOKEN"
"""
ENVIRON = {"SECRET": "0123456789", "TOKEN": "0123456789"}


def load(folder: Path, district: str = "", source: str = "") -> tuple[settings_file.Config, Path]:
    """Return the settings of a district with some tables of codes, and the path of their file."""
    path = folder / "gateway.toml"
    path.write_text(DISTRICT.format(district=district, source=source))
    return settings_file.load(path), path


def error_of(folder: Path, district: str = "", source: str = "") -> str:
    """Return the one line that says what is wrong with tables of codes."""
    with pytest.raises(SettingsError) as error:
        load(folder, district, source)
    assert "\n" not in str(error.value)
    return str(error.value).partition(".toml: ")[2]


def test_a_district_without_codes_maps_nothing(tmp_path: Path) -> None:
    """Its sources carry no mapping at all, and its metrics have the usual codes."""
    config, path = load(tmp_path)
    [district] = connect_districts(config, path, ENVIRON)

    assert [source.codes for source in district.sources] == [None, None]
    assert config.districts[0].codes.apply_to(MetricSettings()) == MetricSettings()


def test_codes_of_a_district_hold_for_all_sources_and_codes_of_a_source_count_first(tmp_path: Path) -> None:
    """A source may mean something else by the same code, and may have codes of its own."""
    config, path = load(
        tmp_path,
        '[districts.codes.attendance]\nQuarantine = "EXCUSED_ABSENCE"\nTrip = "IN_ATTENDANCE"',
        '[districts.sources.codes]\nattendance = { quarantine = "TARDY" }\nprogram = { X = "OTHER" }',
    )
    sis, lms = connect_districts(config, path, ENVIRON)[0].sources

    assert sis.codes is not None
    assert lms.codes is not None
    assert sis.codes.names == {
        "attendance": {"quarantine": "TARDY", "trip": "IN_ATTENDANCE"},
        "program": {"x": "OTHER"},
    }
    assert lms.codes.names == {"attendance": {"quarantine": "EXCUSED_ABSENCE", "trip": "IN_ATTENDANCE"}}
    assert (sis.maps("program"), lms.maps("program"), sis.maps("subject")) == (True, False, False)


KINDS_OF_SOURCES = "attendance, grade_level, grade_type, program, subject"
KINDS = f"{KINDS_OF_SOURCES}, meal, race, sex, behavior, participation, discipline, class_period"
CATEGORIES = "IN_ATTENDANCE, EXCUSED_ABSENCE, UNEXCUSED_ABSENCE, TARDY, EARLY_DEPARTURE, PARTIAL"


@pytest.mark.parametrize(("district", "source", "message"), [
    ('[districts.codes.attendence]\nQ = "TARDY"', "",
     f"district 'hill': codes: must be tables of codes of one of these kinds: {KINDS}"),
    ('[districts.codes.staff_classification]\nDean = "PRINCIPAL"', "",
     f"district 'hill': codes: must be tables of codes of one of these kinds: {KINDS}"),
    ('[districts.codes.attendance]\nQ = "EXCUSED"', "",
     f"district 'hill': codes.attendance: must be a table from codes to one of {CATEGORIES}"),
    ('[districts.codes.attendance]\nQ = "UNMAPPED"', "",
     f"district 'hill': codes.attendance: must be a table from codes to one of {CATEGORIES}"),
    ('[districts.codes.meal]\nX = "FREE"', "",
     "district 'hill': codes.meal: must be a table from codes to one of FREE_LUNCH, "),
    ('[districts.codes.program]\n" " = "OTHER"', "",
     "district 'hill': codes.program: must be a table of codes that are not empty"),
    ('[districts.codes.program]\nEsl = "OTHER"\n"ESL " = "OTHER"', "",
     "district 'hill': codes.program: must be a table of different codes: case and surrounding spaces do not"),
    ("[districts.codes.program]\nX = 3", "", "district 'hill': codes.program.X: input should be a valid string"),
    ("codes = 3", "", "district 'hill': codes: must be a table"),
    ("", '[districts.sources.codes.meal]\nX = "FREE_LUNCH"',
     f"district 'hill', source 'sis': codes: must be tables of codes of one of these kinds: {KINDS_OF_SOURCES}"),
])  # fmt: skip
def test_a_wrong_table_of_codes_is_named_with_what_exists(
    tmp_path: Path, district: str, source: str, message: str
) -> None:
    """The error says which table is wrong and which kinds or meanings exist; it repeats no code."""
    assert error_of(tmp_path, district, source).startswith(message)


def test_metrics_know_what_the_codes_of_meals_races_and_sexes_mean(tmp_path: Path) -> None:
    """A code of the district counts before the usual codes, which remain."""
    config, _ = load(
        tmp_path,
        '[districts.codes.meal]\n"Comida" = "FREE_LUNCH"\n"Free Milk" = "OTHER"\n'
        '[districts.codes.race]\n"B" = "BLACK_OR_AFRICAN_AMERICAN"\n[districts.codes.sex]\nF = "FEMALE"',
    )
    meanings = config.districts[0].codes.apply_to(MetricSettings()).meanings

    assert meaning(meanings.meals, Descriptor(code_value="COMIDA")) is MealService.FREE_LUNCH
    assert meaning(meanings.meals, Descriptor(code_value="Free Milk")) is MealService.OTHER
    assert meaning(meanings.meals, Descriptor(code_value="Free Lunch")) is MealService.FREE_LUNCH
    assert meaning(meanings.races, Descriptor(code_value="b")) is RaceEthnicity.BLACK_OR_AFRICAN_AMERICAN
    assert meaning(meanings.sexes, Descriptor(code_value="F")) is Sex.FEMALE


def test_metrics_know_the_codes_of_discipline_and_the_first_period() -> None:
    """A listed code has the listed meaning and no other; the usual codes that are not listed remain."""
    codes = CodesConfig.model_validate(
        {
            "behavior": {
                "Felony": "STATE_OFFENSE",
                "school violation": "OTHER",
                "Dress Code": "CONDUCT_VIOLATION",
            },
            "participation": {"Offender": "PERPETRATOR", "Perpetrator": "OTHER"},
            "discipline": {"ISS": "SUSPENSION", "Out of School Suspension": "OTHER"},
            "class_period": {"1A": "FIRST", "1": "OTHER"},
        }
    )
    usual, settings = MetricSettings(), codes.apply_to(MetricSettings())

    assert settings.state_offenses == {"State Offense", "Felony"}
    assert settings.conduct_violations == {"School Code of Conduct", "Dress Code"}
    assert settings.perpetrators == {"Offender"}
    assert settings.suspensions == {"In School Suspension", "ISS"}
    assert settings.first_periods == (usual.first_periods - {"1"}) | {"1A"}


def test_only_codes_of_records_reach_the_sources() -> None:
    """Meals are no attribute that adapters give a member of an enum."""
    district = CodesConfig.model_validate({"meal": {"X": "FREE_LUNCH"}})

    assert code_mapping(district, SourceCodesConfig()) is None


def docs() -> str:
    """Return the section of docs/serving.md about codes."""
    page = (ROOT / "docs" / "serving.md").read_text()
    section = page[page.index("## What codes mean") :]
    return section[: section.index("\n## ", 4)]


def test_the_docs_list_the_kinds_of_codes() -> None:
    """Each kind has a row in the table, and no other has one."""
    assert re.findall(r"^\| `(\w+)` \|", docs(), re.MULTILINE) == list(CodesConfig.model_fields)


def test_the_example_of_the_docs_is_accepted(tmp_path: Path) -> None:
    """Its tables can be pasted under a district and under a source."""
    [example] = re.findall(r"```toml\n(.*?)```", docs(), re.DOTALL)
    district, _, source = example.partition("[[districts.sources]]\n")

    config, _ = load(tmp_path, district, source)

    assert config.districts[0].codes.attendance["Quarantine"] == "EXCUSED_ABSENCE"
    assert config.districts[0].sources[0].codes.attendance["Quarantine"] == "UNEXCUSED_ABSENCE"
