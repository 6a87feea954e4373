"""The files to copy for a cluster: they parse, and the searches that they start are possible."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import ray
import yaml

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
