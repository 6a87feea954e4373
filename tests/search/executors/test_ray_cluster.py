"""A Ray that nas starts: only this machine reaches it, only with a token, and it knows no secrets."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import ray

from nas.errors import InputError, NasError
from nas.search.executor_settings import RaySettings
from nas.search.executors.ray_cluster import connect, disconnect

PROGRAM = """
import json, os, ray
from pathlib import Path
from nas.search.executor_settings import RaySettings
from nas.search.executors.ray_cluster import connect, disconnect
from tests.search.executors.test_ray_cluster import descendants, listening

connect(RaySettings(cpus_per_job=2), num_workers=3)
pids = descendants(os.getpid())
environments = b"".join(Path(f"/proc/{pid}/environ").read_bytes() for pid in pids)
print(json.dumps({
    "addresses": sorted(listening(pids)),
    "commands": [Path(f"/proc/{pid}/cmdline").read_text().replace(chr(0), " ") for pid in pids],
    "dashboard": ray._private.worker._global_node.webui_url,
    "secret": b"of-a-user" in environments,
    "mode": os.environ.get("RAY_AUTH_MODE"),
    "usage": os.environ["RAY_USAGE_STATS_ENABLED"],
    "cpus": ray.cluster_resources()["CPU"],
    "kept": os.environ["WANDB_API_KEY"],
}))
disconnect()
"""


def descendants(pid: int) -> list[int]:
    children = [
        int(child)
        for thread in Path(f"/proc/{pid}/task").iterdir()
        for child in (thread / "children").read_text().split()
    ]
    return children + [pid for child in children for pid in descendants(child)]


def listening(pids: list[int]) -> set[str]:
    """The addresses at which some processes listen, as the system writes them."""
    sockets = set()
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            try:
                sockets.add(os.readlink(descriptor))
            except OSError:  # closed meanwhile
                continue
    rows = [line.split() for kind in ("tcp", "tcp6") for line in Path(f"/proc/net/{kind}").read_text().splitlines()[1:]]
    return {row[1].split(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets}


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads the tables of Linux")
def test_what_is_started_is_for_this_machine_alone(tmp_path: Path, light_ray: None) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    environment |= {"WANDB_API_KEY": "key-of-a-user", "HOME": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    loopback = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
    assert found["addresses"] and set(found["addresses"]) <= loopback
    assert (found["mode"], found["usage"], found["cpus"]) == ("token", "0", 6)
    assert (found["secret"], found["kept"]) == (False, "key-of-a-user")
    assert not found["dashboard"]
    assert not any((tmp_path / ".ray" / "auth_token").read_text() in command for command in found["commands"])
    assert run.stderr == "", "a search says what it has to say itself"


@pytest.mark.parametrize(
    "address, where", [("", "executor: Ray could not be started here"), ("auto", "executor.address: ")]
)
def test_a_ray_that_does_not_start_or_answer_is_one_line(
    address: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a very busy machine its processes take too long, and Ray raises a plain Exception."""

    def fail(**_: object) -> None:
        raise Exception("The current node timed out during startup.\nThis could happen ...")

    monkeypatch.setattr(ray, "init", fail)
    with pytest.raises(NasError, match=rf"^{where}.*timed out during startup") as caught:
        connect(RaySettings(address=address), 1)
    assert "\n" not in str(caught.value)


def test_nobody_at_an_address_is_one_line() -> None:
    with pytest.raises(InputError, match=r"^executor.address: must be a Ray cluster that this machine reaches"):
        connect(RaySettings(address="127.0.0.1:1"), 1)
    disconnect()
