"""`nas dashboard`: started for real on a free port, and what is refused."""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest


def get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=60) as answer:
        return answer.read()


@pytest.mark.slow
def test_it_serves_a_study_until_ctrl_c_and_changes_nothing(study: Path) -> None:
    before = {path: path.read_bytes() for path in study.rglob("*") if path.is_file()}
    command = [sys.executable, "-m", "nas.cli.main", "dashboard", str(study), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith(f"{study} at http://127.0.0.1:") and line.endswith("/ (Ctrl-C ends it)\n")
        address = line.split()[2]
        assert b"Optuna Dashboard" in get(address)
        [summary] = json.loads(get(f"{address}api/studies"))["study_summaries"]
        detail = json.loads(get(f"{address}api/studies/{summary['study_id']}"))
        objectives = [one["name"] for one in json.loads((study / "front.json").read_text())["objectives"]]
        assert (summary["study_name"], detail["objective_names"]) == (study.name, objectives)
        assert len(detail["trials"]) == len(list(study.glob("trials/*/trial.json")))
        request = urllib.request.Request(f"{address}api/studies/{summary['study_id']}", method="DELETE")
        with pytest.raises(urllib.error.HTTPError, match="405"):
            urllib.request.urlopen(request, timeout=60)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60) == ("", "") and process.returncode == 0
    finally:
        process.kill()
        process.communicate()
    assert {path: path.read_bytes() for path in study.rglob("*") if path.is_file()} == before


def test_a_study_without_its_database_is_one_line(nas, study: Path, in_tmp_path: Path) -> None:
    (in_tmp_path / "runs" / "bare").mkdir(parents=True)
    (in_tmp_path / "runs" / "bare" / "config.yaml").write_bytes((study / "config.yaml").read_bytes())
    outcome = nas("dashboard", "bare", "--port", "0")
    assert outcome.code == 2 and outcome.err.count("\n") == 1
    assert "must be Optuna's view of a study" in outcome.err and "The same nas search writes it again" in outcome.err


def test_without_its_library_it_says_what_to_install(study: Path) -> None:
    program = (
        "import sys; sys.modules['optuna_dashboard'] = None\nfrom nas.cli.main import main\n"
        f"sys.exit(main(['dashboard', {str(study)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "nas dashboard: needs optuna-dashboard" in done.stderr
