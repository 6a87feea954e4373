"""Jobs: an id for what decides a result, and nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives.window import Window
from nas.search.executors.jobs import Job
from tests.pretended_worker import a_job

JOB = a_job(Path("a"), trials=(0, 1))


@pytest.mark.parametrize(
    "other",
    [
        replace(JOB, trials=(0, 2)),
        replace(JOB, members=JOB.members[::-1]),
        replace(JOB, members=tuple(replace(one, learning_rate=2e-3) for one in JOB.members)),
        replace(JOB, members=tuple(replace(one, seed=2) for one in JOB.members)),
        replace(JOB, task="another"),
        replace(JOB, rung=6),
        replace(JOB, seed=2),
        replace(JOB, conditions="fedcba9876543210"),
        *JOB.split(),
    ],
)
def test_another_job_has_another_id(other: Job) -> None:
    assert other.id != JOB.id


def test_an_id_does_not_depend_on_where_files_are() -> None:
    """Nor on the process: a worker elsewhere finds the same."""
    assert replace(JOB, folders=(Path("b"), Path("c"))).id == JOB.id
    assert JOB.id == a_job(Path("a"), trials=(0, 1)).id == "02fc0c0987e67b58"


def test_a_job_for_another_machine_has_whole_paths_and_the_same_id(in_tmp_path: Path) -> None:
    sent = JOB.as_data()
    assert sent.folders == (in_tmp_path / "a" / "0", in_tmp_path / "a" / "1")
    assert sent.id == JOB.id and replace(sent, folders=JOB.folders) == JOB


def test_a_primitive_of_a_user_stays_where_it_is() -> None:
    """Its module would be imported by whoever reads it."""

    class Own(Window):
        """Not of nas."""

    pattern = ModelPattern.of([(HeadGroup(count=2, attend=(Own(before=3),)),)])
    member = replace(JOB.members[0], pattern=pattern)
    job = replace(JOB, trials=(0,), folders=JOB.folders[:1], members=(member,))
    assert all(type(one) is Window for one in job.as_data().members[0].pattern.layers[0].heads[0].attend)
