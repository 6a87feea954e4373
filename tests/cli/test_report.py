"""`nas report`: the page of a study, from its folder alone."""

import csv
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest

from nas.cli.report import read_record, write_report
from nas.report.progress.progress_file import ProgressFile
from nas.report.study.health import health_checks
from nas.results.study import StudyReader, read_front
from tests.fronts import make_info, make_plan


@pytest.fixture
def copy(study: Path, tmp_path: Path) -> Path:
    return copytree(study, tmp_path / "toy")


def test_writes_the_page_into_the_study(nas, copy: Path) -> None:
    outcome = nas("report", str(copy))
    assert (outcome.code, outcome.out, outcome.err) == (0, f"{copy}/report.html\n", "")
    page = (copy / "report.html").read_text()
    assert f"nas export {copy} --trial" in page
    assert all(f'id="trial-{point.trial}"' in page for point in read_front(copy).points)
    assert nas("show", str(copy)).code == 0, "it is still a study"


def test_the_same_study_has_the_same_page(nas, copy: Path) -> None:
    nas("report", str(copy))
    first = (copy / "report.html").read_bytes()
    nas("report", str(copy))
    assert (copy / "report.html").read_bytes() == first


def test_writes_picture_and_table_where_they_are_wanted(nas, study: Path, tmp_path: Path) -> None:
    names = [str(tmp_path / name) for name in ("page.html", "front.png", "trials.csv")]
    outcome = nas("report", str(study), "--out", names[0], "--png", names[1], "--csv", names[2])
    assert (outcome.code, outcome.out.split()) == (0, names)
    assert (tmp_path / "front.png").read_bytes().startswith(b"\x89PNG")
    rows = list(csv.DictReader((tmp_path / "trials.csv").read_text().splitlines()))
    assert [int(row["trial"]) for row in rows] == list(range(len(rows))) and len(rows) > 8
    assert not (study / "report.html").exists()


@pytest.mark.parametrize("option", ["--out", "--png", "--csv"])
def test_another_kind_of_file_is_refused(nas, study: Path, in_tmp_path: Path, option: str) -> None:
    outcome = nas("report", str(study), option, "front.json")
    assert outcome.code == 2 and f"{option}: must be the path of a ." in outcome.err
    assert list(in_tmp_path.iterdir()) == []


def test_a_study_that_has_not_ended_is_refused(nas, copy: Path) -> None:
    (copy / "front.json").unlink()
    outcome = nas("report", str(copy))
    assert outcome.code == 2 and "has no front yet" in outcome.err and not (copy / "report.html").exists()


def test_a_damaged_proposal_is_named(nas, copy: Path) -> None:
    number = next(point.trial for point in read_front(copy).points)
    (copy / "trials" / f"{number:05d}" / "ask.json").write_text("[]")
    outcome = nas("report", str(copy))
    assert outcome.code == 2 and "ask.json: must hold what nas search wrote" in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_link_in_its_place_is_refused(nas, copy: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis").write_text("precious")
    (copy / "report.html").symlink_to(tmp_path / "thesis")
    outcome = nas("report", str(copy))
    assert outcome.code == 2 and "report.html: must be a file" in outcome.err
    assert (tmp_path / "thesis").read_text() == "precious"


def test_neither_torch_nor_optuna_is_loaded(copy: Path) -> None:
    program = (
        "import sys\nfrom nas.cli.main import main\n"
        f"code = main(['report', {str(copy)!r}])\n"
        "print([name for name in ('torch', 'optuna', 'lightning', 'hydra', 'wandb') if name in sys.modules], code)"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "[] 0"


def test_a_page_has_the_command_of_its_search_where_that_is_known(copy: Path) -> None:
    page = copy / "report.html"
    record = read_record(StudyReader(copy), "toy")
    assert record.words is None
    write_report(copy, record)
    assert "nas search" not in page.read_text()
    writer = ProgressFile(command=("study=toy", "num_trials=8"))
    writer.study_started(make_info(folder=copy), make_plan(), ())
    write_report(copy, read_record(StudyReader(copy), "toy"))
    assert any(check.add for check in health_checks(record))
    assert "nas search study=toy" in page.read_text()
