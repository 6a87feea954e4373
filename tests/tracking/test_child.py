"""The child process, with a stand-in for the worker."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nas.tracking import child as child_module
from nas.tracking.child import Child, RecordingError
from nas.tracking.runs.run import Run
from nas.tracking.settings import TrackingSettings
from nas.tracking.worker import Job

RUN = Run(id="abc", name="00000 full", group="study", job_type="trial", config={"seed": 1}, history=((1, {"x": 2.0}),))


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Starts a child whose worker runs `body` for every line; what it writes to `seen` is kept."""
    children: list[Child] = []

    def start(body: str, mode: str = "offline", seconds: float = 20.0) -> Child:
        script = tmp_path / "worker.py"
        script.write_text(
            "import json, os, sys, time, faulthandler\n"
            "for line in sys.stdin:\n"
            f"    {body}\n"
            "    print(json.dumps({'error': None}), flush=True)\n"
        )
        monkeypatch.setattr(child_module, "_WORKER", script)
        children.append(Child(TrackingSettings(mode=mode, entity="team"), tmp_path, seconds))
        return children[-1]

    yield start
    for child in children:
        child.close()


def test_the_worker_gets_the_run_and_where_it_goes(start, tmp_path: Path) -> None:
    start("open(sys.argv[1] + '/seen', 'w').write(line)").record(RUN)
    job = json.loads((tmp_path / "seen").read_text())
    assert job.keys() == Job.__annotations__.keys()
    assert (job["mode"], job["project"], job["entity"]) == ("offline", "nas", "team")
    assert job["run"] == json.loads(json.dumps(RUN.to_dict()))


def test_a_child_records_run_after_run(start, tmp_path: Path) -> None:
    child = start("open(sys.argv[1] + '/seen', 'a').write('x')")
    for _ in range(3):
        child.record(RUN)
    assert (tmp_path / "seen").read_text() == "xxx"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("print(json.dumps({'error': 'no: https://me:hunter2@host'}), flush=True)", r"^no: https://\(redacted\)@host$"),
        ("sys.exit('noise\\nlast words')", "^the W&B process ended: last words$"),
        ("os._exit(3)", "^the W&B process ended: status 3$"),
        ("print('half', end='', flush=True); os._exit(3)", "^the W&B process ended: status 3$"),
        ("sys.exit('Timeout (0:00:20)!')", "^no answer within 20 s$"),
    ],
)
def test_a_failure_is_one_line_with_its_cause(start, body: str, message: str) -> None:
    with pytest.raises(RecordingError, match=message):
        start(body).record(RUN)


def test_a_dead_worker_fails_again(start) -> None:
    child = start("os._exit(3)")
    for _ in range(2):
        with pytest.raises(RecordingError, match="status 3"):
            child.record(RUN)


def test_a_folder_that_is_missing_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="nowhere is gone"):
        Child(TrackingSettings(), tmp_path / "nowhere", 1.0)


@pytest.mark.parametrize(("mode", "kept"), [("offline", {}), ("online", {"WANDB_API_KEY": "k", "WANDB_BASE_URL": "u"})])
def test_only_what_the_mode_needs_of_wandb_reaches_the_worker(
    start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, kept: dict[str, str]
) -> None:
    for name, value in {"API_KEY": "k", "BASE_URL": "u", "PROJECT": "other", "MODE": "disabled"}.items():
        monkeypatch.setenv(f"WANDB_{name}", value)
    start("json.dump(dict(os.environ), open(sys.argv[1] + '/seen', 'w'))", mode).record(RUN)
    seen = json.loads((tmp_path / "seen").read_text())
    ours = {"WANDB_CACHE_DIR": str(tmp_path / "wandb" / "cache"), "WANDB_ERROR_REPORTING": "false"}
    assert {name: value for name, value in seen.items() if name.startswith("WANDB_")} == kept | ours


def test_closing_kills_a_worker_that_does_not_exit(start) -> None:
    child = start("print(json.dumps({'error': None}), flush=True); time.sleep(600)", seconds=0.1)
    child.record(RUN)
    child.close()  # to return is the proof


@pytest.mark.parametrize("name", ["wandb/settings", ".wandb/settings", ".wandb"])
def test_a_study_with_settings_for_wandb_is_refused(start, tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("[default]\nbase_url = http://127.0.0.1:9\n")
    with pytest.raises(RecordingError, match=r"would decide where W&B sends runs and the key; remove it"):
        start("pass")


@pytest.mark.parametrize(
    "name", ["wandb", "wandb/settings", "wandb/staging", "wandb/staging/abc", "wandb/cache/artifacts"]
)
@pytest.mark.parametrize("dangling", [False, True])
def test_a_study_with_links_in_place_of_wandbs_files_is_refused(
    start, tmp_path: Path, name: str, dangling: bool
) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    if not dangling:
        (tmp_path / "elsewhere").mkdir()
    (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RecordingError, match=r"; remove it$"):
        start("pass")


def test_a_worker_runs_in_an_empty_folder_that_goes_with_it(start, tmp_path: Path) -> None:
    child = start("open(sys.argv[1] + '/seen', 'w').write(os.getcwd() + ' ' + ' '.join(os.listdir()))")
    child.record(RUN)
    where, *inside = (tmp_path / "seen").read_text().split()
    assert inside == []
    assert Path(where).exists()
    child.close()
    assert not Path(where).exists()
