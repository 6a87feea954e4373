"""The files to copy for a cluster: they parse, and the searches that they start are possible."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import ray
import yaml
from ray.scripts.scripts import start as ray_start

from nas.config.load import load_settings
from nas.search.devices import choose_devices
from nas.search.executor_settings import RaySettings

FOLDER = Path(__file__).parents[3] / "docs" / "scaling"
SLURM, KUBERAY = (FOLDER / "slurm.sh").read_text(), yaml.safe_load((FOLDER / "kuberay.yaml").read_text())
HOST = {"$head:$port": "node1:6379"}


def searches() -> list[list[str]]:
    """The words of every nas search in them."""
    [in_slurm] = re.findall(r"nas search ((?:.*\\\n)*.*)", SLURM)
    commands = [in_slurm.replace("\\\n", " "), KUBERAY["spec"]["entrypoint"].removeprefix("nas search")]
    return [[word.replace(*next(iter(HOST.items()))) for word in shlex.split(command)] for command in commands]


@pytest.mark.parametrize("words", searches(), ids=["slurm", "kuberay"])
def test_a_search_has_settings_that_go_together(words: list[str]) -> None:
    (settings,) = load_settings(words)
    assert isinstance(settings.executor, RaySettings) and settings.executor.address
    assert choose_devices(settings) == ["cuda:0"] * 16


def test_the_script_of_slurm_is_bash() -> None:
    subprocess.run(["bash", "-n", FOLDER / "slurm.sh"], check=True)


STUB = """#!/bin/sh
echo "$(basename "$0")|${SRUN_CPUS_PER_TASK-}|${RAY_AUTH_MODE-}|$*" >> "$CALLS"
[ "$(basename "$0")" != scontrol ] || printf 'node1\\nnode2\\n'
"""


def calls_of_slurm(folder: Path) -> list[list[str]]:
    """What the script calls of Slurm, with two variables of its environment, when it is run where these do nothing."""
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/activate").touch()
    for name in ("scontrol", "srun", "sleep"):
        (folder / name).write_text(STUB)
        (folder / name).chmod(0o755)
    given = {"SLURM_SUBMIT_DIR": str(folder), "SLURM_JOB_NODELIST": "node[1-2]", "SLURM_NNODES": "2"}
    path = os.pathsep.join([str(folder), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | given | {"SLURM_CPUS_PER_TASK": "16", "CALLS": str(folder / "calls"), "PATH": path}
    subprocess.run(["bash", FOLDER / "slurm.sh"], check=True, env=environment, cwd=folder)
    return sorted(line.split("|", 3) for line in (folder / "calls").read_text().splitlines())


def test_the_script_of_slurm_starts_a_cluster_and_a_search(tmp_path: Path) -> None:
    calls = calls_of_slurm(tmp_path)
    assert {call[0] for call in calls} == {"scontrol", "srun", "sleep"}
    steps = [
        shlex.split(words) for name, cores, mode, words in calls if name == "srun" and (cores, mode) == ("16", "token")
    ]
    programs = {tuple(step[step.index("--overlap") + 1 :][:2]): step for step in steps}
    assert len(steps) == 3 and programs.keys() == {("ray", "start"), ("nas", "search")}
    for step in steps:
        if "ray" in step:
            words = step[step.index("start") + 1 :]
            ray_start.make_parser(click.Context(ray_start)).parse_args(list(words))  # knows every option
            assert ("--head" in words) == ("--nodelist=node1" in step)
    assert "executor.address=node1:6379" in programs["nas", "search"]
    token = tmp_path / ".ray-token"
    assert len(token.read_text()) == 64 and token.stat().st_mode & 0o777 == 0o600


def groups() -> list[dict[str, Any]]:
    spec = KUBERAY["spec"]["rayClusterSpec"]
    return [spec["headGroupSpec"], *spec["workerGroupSpecs"]]


def test_the_cluster_demands_a_token_and_every_pod_sees_the_studies() -> None:
    assert KUBERAY["spec"]["rayClusterSpec"]["authOptions"] == {"mode": "token"}
    assert "RAY_AUTH_MODE=token" in SLURM
    for group in groups():
        pod = group["template"]["spec"]
        [container] = pod["containers"]
        assert [one["name"] for one in container["volumeMounts"]] == [one["name"] for one in pod["volumes"]]


def test_nodes_have_room_for_all_workers_when_the_cluster_has_grown() -> None:
    (settings,) = load_settings(searches()[1])
    assert isinstance(settings.executor, RaySettings)
    [nodes] = KUBERAY["spec"]["rayClusterSpec"]["workerGroupSpecs"]
    limits = nodes["template"]["spec"]["containers"][0]["resources"]["limits"]
    num_gpus = nodes["maxReplicas"] * int(limits["nvidia.com/gpu"])
    assert num_gpus / settings.executor.gpus_per_job >= settings.workers
    assert int(limits["cpu"]) >= settings.executor.cpus_per_job / settings.executor.gpus_per_job


def test_both_ask_for_the_ray_that_is_tested() -> None:
    assert KUBERAY["spec"]["rayClusterSpec"]["rayVersion"] == ray.__version__
