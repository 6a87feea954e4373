"""What may be said of an executor, and what a cluster cannot promise."""

import pytest

from nas.config.load import load_settings
from nas.errors import InputError
from nas.search.devices import choose_devices
from nas.search.executor_settings import LocalSettings, RaySettings

RAY = ["executor=ray", "workers=3"]


def test_workers_are_on_this_machine_by_default() -> None:
    (settings,) = load_settings([])
    assert settings.executor == LocalSettings()


@pytest.mark.parametrize("address", ["", "auto", "10.0.0.7:6379", "head.cluster.local:6379", "[::1]:6379"])
def test_an_address_is_a_host_and_a_port(address: str) -> None:
    (settings,) = load_settings([*RAY, f"executor.address='{address}'"])
    assert settings.executor == RaySettings(address=address)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["executor=ray"], r"^workers: must be 1 or more with executor=ray, .* got 0\. Add workers=8, for example\.$"),
        ([*RAY, "executor.address='ray://h:1'"], r"^executor.address: must be HOST:PORT .* got 'ray://h:1'"),
        ([*RAY, "executor.gpus_per_job=2"], r"^executor.gpus_per_job: must be from 0 to 1, got 2"),
        ([*RAY, "executor.gpus_per_job=-1"], r"^executor.gpus_per_job: must be from 0 to 1, got -1"),
        ([*RAY, "executor.cpus_per_job=0"], r"^executor.cpus_per_job: must be from 1 to 1,024, got 0"),
        ([*RAY, "device=cuda"], r"^executor.gpus_per_job: must be above 0 with device=cuda, got 0.0"),
        ([*RAY, "device=cuda:1"], r"^device: must be auto, cpu or cuda with executor=ray, got 'cuda:1'"),
        ([*RAY, "objectives=[quality,latency_ms]"], r"^executor: must be local where costs are measured"),
        (["executor=dask"], r"^executor: "),
    ],
)
def test_what_does_not_go_with_a_cluster_is_refused(words: list[str], error: str) -> None:
    with pytest.raises(InputError, match=error):
        load_settings(words)


@pytest.mark.parametrize(
    ("words", "device"),
    [
        ([], "cpu"),
        (["executor.gpus_per_job=0.5"], "cuda:0"),
        (["executor.gpus_per_job=1", "device=cuda"], "cuda:0"),
        (["executor.gpus_per_job=1", "device=cpu"], "cpu"),
    ],
)
def test_a_job_trains_on_what_ray_gives_it(words: list[str], device: str) -> None:
    """Without a look at this machine, which need not have a GPU."""
    (settings,) = load_settings([*RAY, *words])
    assert choose_devices(settings) == [device] * 3
