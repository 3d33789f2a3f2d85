"""Addresses with a school year, a tenant or another value that the discovery document leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from student_graph.adapters.edfi.api.discovery import Urls
from student_graph.adapters.edfi.client.addresses import AddressValues, MissingSettingError, names_a_school_year
from student_graph.adapters.model import Student, StudentId
from tests.adapters.edfi.scripted_sandbox import RowsByResource, ScriptedSandbox, connected
from tests.subcases import subcases

ROOT = "https://ods.example"
STUDENT_ID = StudentId("604822")


def student_rows(name: str) -> RowsByResource:
    """One student with a first name."""
    return {"students": [{"id": "1", "studentUniqueId": STUDENT_ID, "firstName": name, "lastSurname": "Woods"}]}


def urls(data: str, oauth: str = "oauth/token") -> Urls:
    """The addresses of a discovery document."""
    return Urls(
        dataManagementApi=f"{ROOT}/{data}",
        oauth=f"{ROOT}/{oauth}",
        changeQueries=f"{ROOT}/{data.replace('data/v3', 'changeQueries/v1')}",
    )


def completed(values: AddressValues, data: str, oauth: str = "oauth/token") -> list[str | None]:
    """The completed addresses of data, tokens and change queries, without their root."""
    complete = values.complete(urls(data, oauth))
    links = complete.dataManagementApi, complete.oauth, complete.changeQueries
    return [link and link.removeprefix(f"{ROOT}/") for link in links]


VALUES = AddressValues("hill", lambda: 2027, {"districtId": "255901"})


@subcases(
    ("data", "expected"),
    [
        ("data/v3/2026", "data/v3/2027"),
        ("data/v3/2026/", "data/v3/2027/"),
        ("data/v3", "data/v3"),
        ("2026/data/v3", "2026/data/v3"),
        ("{schoolYearFromRoute}/data/v3", "2027/data/v3"),
        ("{schoolYearFromRoute:range(2000,2100)}/data/v3", "2027/data/v3"),
        ("{tenantIdentifier}/{schoolYear}/data/v3", "hill/2027/data/v3"),
        ("%7BtenantIdentifier%7D/data/v3", "hill/data/v3"),
        ("{districtId}/data/v3", "255901/data/v3"),
        ("{DistrictID}/data/v3", "255901/data/v3"),
    ],
)
def test_the_settings_complete_the_addresses(data: str, expected: str) -> None:
    """A year at the end is that of the calendar, not of the school; a year of the configured root stays."""
    assert completed(VALUES, data)[0] == expected


def test_all_addresses_are_completed() -> None:
    """Tokens and change versions are those of the same tenant and year."""
    assert completed(VALUES, "{tenantIdentifier}/data/v3/2026", "{tenantIdentifier}/oauth/token") == [
        "hill/data/v3/2027",
        "hill/oauth/token",
        "hill/changeQueries/v1/2027",
    ]


@subcases(
    ("data", "setting"),
    [
        ("{tenantIdentifier}/data/v3", "`tenant`"),
        ("{tenant}/data/v3", "`tenant`"),
        ("{instance}/data/v3", "`qualifiers.instance`"),
        ("{a child's name}/data/v3", "`qualifiers`"),
        ("{}/data/v3", "`qualifiers`"),
    ],
)
def test_a_missing_value_is_refused_with_the_name_of_its_setting(data: str, setting: str) -> None:
    """The message holds no other text of the vendor."""
    with pytest.raises(MissingSettingError) as caught:
        completed(AddressValues(), data)

    assert caught.value.code == "SOURCE_SETTINGS"
    assert setting in caught.value.reason
    assert "child" not in caught.value.reason


@pytest.mark.parametrize(
    ("data", "has_years"),
    [("data/v3", False), ("data/v3/2026", True), ("{schoolYearFromRoute}/data/v3", True), ("2026/data/v3", False)],
)
def test_an_api_with_years_is_recognized_by_its_addresses(data: str, has_years: bool) -> None:
    """The mode has several names in several versions; the address is what counts."""
    assert names_a_school_year(urls(data)) is has_years


class YearSandbox(ScriptedSandbox):
    """Serves each school year at an address of its own, and names the calendar year in its discovery document."""

    def __init__(self, rows_by_year: Mapping[int, RowsByResource], calendar_year: int) -> None:
        super().__init__({}, root="/data/v3/{year}")
        self.rows_by_year, self.calendar_year = rows_by_year, calendar_year

    async def _discovery(self, request: Request) -> Response:
        urls = {
            "dataManagementApi": f"{self.url}/data/v3/{self.calendar_year}",
            "oauth": f"{self.url}/oauth/token",
        }
        model = {"name": "Ed-Fi", "version": "4.0.0"}
        return JSONResponse({"version": "6.1", "apiMode": "Year Specific", "dataModels": [model], "urls": urls})

    async def _list(self, request: Request) -> Response:
        self.rows = self.rows_by_year.get(int(request.path_params["year"]), {})
        return await super()._list(request)


@pytest.mark.parametrize(
    ("settings", "name"), [({}, "Lisa"), ({"school_year": 2026}, "Small Lisa"), ({"school_year": 2027}, "Lisa")]
)
async def test_the_school_year_of_the_district_is_read(settings: dict[str, Any], name: str) -> None:
    """In fall it is the next calendar year, and the setting may name another one."""
    sandbox = YearSandbox({2026: student_rows("Small Lisa"), 2027: student_rows("Lisa")}, calendar_year=2026)
    async with connected(sandbox, **settings) as adapter:
        adapter.current_school_year = lambda: 2027
        batch = await adapter.students_by_id([STUDENT_ID])

    assert isinstance(student := batch[STUDENT_ID], Student)
    assert student.name.first_name == name


@pytest.mark.parametrize("value", ["../x", "a/b", "a b", ""])
async def test_a_value_that_is_more_than_a_part_of_an_address_is_refused(value: str) -> None:
    """A tenant cannot lead to another path."""
    with pytest.raises(ValueError, match="pattern"):
        async with connected(ScriptedSandbox({}), tenant=value):
            pass


@pytest.mark.parametrize("name", ["newestChangeVersion", "NewestChangeVersion"])
async def test_the_newest_change_is_read_under_either_name(name: str) -> None:
    """Versions up to 5.3 of the API spell it with a capital."""
    async with connected(ChangesSandbox(name)) as adapter:
        assert await adapter.version() == "7"


class ChangesSandbox(ScriptedSandbox):
    """Serves only the newest change version, under a name."""

    def __init__(self, name: str) -> None:
        super().__init__({}, root="/changes")
        self.name = name

    async def _discovery(self, request: Request) -> Response:
        urls = {
            "dataManagementApi": f"{self.url}/changes",
            "oauth": f"{self.url}/oauth/token",
            "changeQueries": f"{self.url}/changes/ed-fi",
        }
        return JSONResponse({"version": "5.3", "dataModels": [], "urls": urls})

    async def _list(self, request: Request) -> Response:
        return JSONResponse({"oldestChangeVersion": 0, self.name: 7})
