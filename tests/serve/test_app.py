"""The local page: what it shows, and what it refuses."""

import os
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from shutil import rmtree

import pytest
from starlette.testclient import TestClient

from nas.results.study import read_front
from nas.serve.app import MOST_COMPARED, MOST_KEPT, make_app
from tests.serve.conftest import HOSTILE


class Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def made() -> list[str]:
    """Studies whose report was made."""
    return []


@pytest.fixture
def client(runs: Path, made: list[str]) -> TestClient:
    def report(reader):
        made.append(reader.path.name)
        return f"<p>report of {reader.path.name}</p>"

    return TestClient(make_app(runs, report), base_url="http://127.0.0.1:8765", raise_server_exceptions=True)


def test_every_folder_is_listed_with_its_state(client: TestClient) -> None:
    text = Reader(client.get("/").text).text
    for words in ("searching", "12 of 40 trials", "about 10 min left", "It is a link, and links are not followed."):
        assert words in text
    assert "<b>empty" in text and "It is no study: it has no config.yaml." in text and "hunter2" not in text


def test_a_running_study_shows_its_front_so_far(client: TestClient, runs: Path) -> None:
    page = client.get("/study/live").text
    reader = Reader(page)
    assert "The front so far" in reader.text and "33 trials an hour" in reader.text and "step 50 of 100" in reader.text
    assert reader.all("main")[0]["data-live"] == "2"
    assert "Open the report" not in reader.text


def test_an_ended_study_shows_its_front_and_leads_to_its_report(
    client: TestClient, runs: Path, made: list[str]
) -> None:
    reader = Reader(client.get("/study/one").text)
    front = read_front(runs / "one")
    rows = [attributes for tag, attributes in reader.elements if tag == "th" and attributes.get("scope") == "row"]
    assert len(rows) == len(front.points)
    assert any(link["href"] == "/study/one/report" for link in reader.all("a"))
    for _ in range(2):
        assert client.get("/study/one/report").text == "<p>report of one</p>"
    assert made == ["one"], "a report is made once for a front"
    os.utime(runs / "one" / "front.json", ns=(1, 1))
    client.get("/study/one/report")
    assert made == ["one", "one"], "and again for another"


def test_few_reports_are_kept(client: TestClient, runs: Path, made: list[str]) -> None:
    for n in range(MOST_KEPT + 2):
        os.utime(runs / "one" / "front.json", ns=(n, n))
        client.get("/study/one/report")
    os.utime(runs / "one" / "front.json", ns=(0, 0))
    client.get("/study/one/report")
    assert len(made) == MOST_KEPT + 3, "the first one was forgotten"


def test_fronts_are_compared(client: TestClient) -> None:
    reader = Reader(client.get("/compare", params={"study": ["one", "two"]}).text)
    assert reader.text.count("100.0%") == 2 and "sampler" in reader.text and HOSTILE[:20] in reader.text
    assert len([one for one in reader.all("path") if one.get("class") == "curve s1"]) == 2


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/nothing", 404, "Not Found"),
        ("/study/three", 404, "There is no study three."),
        ("/study/live/report", 404, "live has not ended"),
        ("/study/link/report", 409, "links are not followed"),
        ("/compare", 400, f"Choose two to {MOST_COMPARED} studies"),
        ("/compare?study=one&study=one", 400, "Choose two"),
        ("/compare?study=one&study=live", 404, "live has not ended"),
        ("/compare?study=one&study=%3Cscript%3E", 404, "There is no study <script>."),
    ],
)
def test_what_cannot_be_shown_is_one_line(client: TestClient, address: str, status: int, words: str) -> None:
    answer = client.get(address)
    assert answer.status_code == status and words in Reader(answer.text).text


@pytest.mark.parametrize(
    "address",
    [
        "/study/%2e%2e",
        "/study/..%2foutside",
        "/study/%2fetc",
        "/study/..%2foutside/report",
        "/study/one%00",
    ],
)
def test_no_address_leads_out_of_the_folder(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code in (400, 404) and "hunter2" not in answer.text


def test_a_link_inside_a_study_is_not_followed(client: TestClient, runs: Path) -> None:
    (runs / "one" / "front.json").unlink()
    (runs / "one" / "front.json").symlink_to(runs / "two" / "front.json")
    assert "must be a file or a folder of the study itself" in Reader(client.get("/study/one").text).text
    assert client.get("/study/one/report").status_code == 409
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    "address", ["/", "/study/live", "/study/strange", "/study/two", "/compare?study=strange&study=two"]
)
def test_what_a_study_says_is_text_and_never_markup(client: TestClient, address: str) -> None:
    reader = Reader(client.get(address).text)
    assert len(reader.all("script")) == 1 and not reader.all("img")
    for _, attributes in reader.elements:
        assert not [name for name in attributes if name.startswith("on")]
        assert HOSTILE not in (attributes.get("style") or "")


@pytest.mark.parametrize(
    "address", ["/", "/study/one", "/study/one/report", "/compare?study=one&study=two", "/nothing"]
)
def test_a_browser_may_do_nothing_but_show_it(client: TestClient, address: str) -> None:
    headers = client.get(address).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ") and "script-src 'sha256-" in policy
    assert "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"
    assert headers["cross-origin-resource-policy"] == "same-origin" and headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "192.168.0.7:8765", "evil.example:8765", ""]
)
def test_another_name_is_refused(client: TestClient, host: str) -> None:
    answer = client.get("/", headers={"host": host})
    assert answer.status_code == 400 and "one" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:1234", "localhost"])
def test_names_of_this_machine_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed(client: TestClient, runs: Path, method: str) -> None:
    for address in ("/", "/study/one", "/compare"):
        assert client.request(method, address).status_code == 405


def _contents(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.lstat().st_mtime_ns, path.lstat().st_size) for path in folder.rglob("*")}


def test_nothing_is_written(client: TestClient, runs: Path) -> None:
    before = _contents(runs)
    for address in ("/", "/study/live", "/study/one", "/study/one/report", "/compare?study=one&study=two"):
        client.get(address)
    assert _contents(runs) == before


BREAK: list[Callable[[Path], object]] = [
    lambda study: (study / "front.json").write_text("{"),
    lambda study: (study / "config.yaml").write_text("a: &a [1]\nb: *a\n"),
    lambda study: (study / "progress.json").write_text("[]"),
    lambda study: (study / "trials" / "00003" / "trial.json").write_text("{}"),
    rmtree,
]


@pytest.mark.parametrize("damage", BREAK)
@pytest.mark.parametrize("name", ["one", "live"])
def test_a_damaged_study_breaks_no_page(client: TestClient, runs: Path, damage, name: str) -> None:
    damage(runs / name)
    assert client.get("/").status_code == 200
    for address in (f"/study/{name}", f"/study/{name}/report", f"/compare?study={name}&study=two"):
        assert client.get(address).status_code in (200, 404, 409)


def test_a_folder_that_has_gone_is_one_line(client: TestClient, runs: Path) -> None:
    rmtree(runs)
    answer = client.get("/")
    assert answer.status_code == 409 and "FOLDER: must be a folder of studies" in Reader(answer.text).text
