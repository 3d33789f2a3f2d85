"""Requests are recorded without credentials, and with the made-up values of their responses."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import httpx

from student_graph.adapters.recording import Fictions, Recorder, Replay, Scrubber

NAMES = frozenset(
    {"courseid", "query", "course", "contents", "name", "data", "section", "d", "idnumber", "limitfrom"}
)


def scrubber() -> Scrubber:
    """A scrubber that keeps the values of `limitfrom`, and the constant `student`."""
    return Scrubber(Fictions(b"k" * 32), NAMES, {"limitfrom"}, {"student"})


def test_a_form_is_recorded_without_its_token() -> None:
    """Credentials in a form are left out, ids are made up, and an option keeps the value that its name allows."""
    form = b"courseid=604822&wstoken=s3cret&options[0][name]=limitfrom&options[0][value]=50&role=student"
    fields = parse_qs(scrubber().request_body(form))

    assert "wstoken" not in fields
    assert fields["courseid"] != ["604822"]
    assert fields["options[0][value]"] == ["50"]
    assert fields["role"] == ["student"]


def test_a_query_of_graphql_keeps_its_words() -> None:
    """Numbers of rows and names of fields stay; ids are made up, and so are the aliases made of them."""
    scrubs = scrubber()
    sent = json.loads(scrubs.request_body(b'{"query": "{ c77: course(id: \\"77\\", first: 100) { name } }"}'))
    course = scrubs.key("77")
    answer = scrubs.body({"data": {"c77": {"name": "Ada"}}})

    assert course != "77"
    assert sent["query"].startswith(f"{{ c{course}: course(")
    assert f'"{course}", first: 100) {{ name }}' in sent["query"]
    assert list(answer["data"]) == [f"c{course}"]
    assert answer["data"][f"c{course}"]["name"] != "Ada"


def test_no_parameter_keeps_the_number_of_a_student() -> None:
    """Only parameters of pages keep their value: a vendor may ask for a student by `number`."""
    target = scrubber().target("/api/people?number=604822&id=604823&limit=25&size=20")

    assert "60482" not in target
    assert target.endswith("limit=25&number=" + parse_qs(target.partition("?")[2])["number"][0] + "&size=20")


def test_keys_have_the_values_of_the_recording() -> None:
    """Each part of a key is made up as it is in responses, also an alias of a word and an id."""
    scrubs = scrubber()
    row = scrubs.body({"idnumber": "604822", "section": "d:ALG-1", "name": "Fall / A", "limitfrom": 2027})
    key = scrubs.key("604822/2027/Fall%20%2F%20A").split("/")

    assert scrubs.key("idnumber:604822") == f"idnumber:{row['idnumber']}"
    assert row["section"] == f"d:{scrubs.key('ALG-1')}"
    assert key == [row["idnumber"], "2027", row["name"]]
    assert scrubs.key("0") == "0"


async def test_a_replay_finds_a_request_whatever_its_order() -> None:
    """Members of JSON and fields of a form may come in another order, and the token of a form may differ."""
    recorder = Recorder(scrubber())
    url = "https://lms.hill.example/api"

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"name": "Ada"}, headers={"next-page-token": "604822"})

    async with httpx.AsyncClient(transport=recorder.around(httpx.MockTransport(answer))) as client:
        await client.post(url, data={"limitfrom": "5", "course": "name", "wstoken": "s3cret"})
        await client.post(url, json={"limitfrom": 5, "course": "name"})
    target = recorder.exchanges[0].target
    async with httpx.AsyncClient(
        transport=Replay(recorder.exchanges), base_url="https://recording.example"
    ) as client:
        form = await client.post(target, data={"wstoken": "other", "course": "name", "limitfrom": "5"})
        document = await client.post(target, json={"course": "name", "limitfrom": 5})

    assert form.json() == document.json() != {"name": "Ada"}
    assert form.headers["next-page-token"] not in {"", "604822"}
    assert "s3cret" not in str(recorder.exchanges)
