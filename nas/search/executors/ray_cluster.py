"""The Ray cluster of a search: one that is there, or one that is started on this machine for the search alone."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import ray

from nas.errors import InputError
from nas.redact import secret_names
from nas.search.executor_settings import RaySettings

OBJECT_STORE_BYTES = 100 * 2**20
"""Of a Ray that is started here: all of its workers see the files of the study, so only jobs and results go through."""


def connect(settings: RaySettings, num_workers: int) -> None:
    """Join a cluster, or start one that has room for some workers.

    Raises:
        InputError: this process has a Ray already, or there is no cluster at the address.
    """
    if ray.is_initialized():
        raise InputError("executor", "must be local in a process that uses Ray itself", settings.name)
    logging.getLogger("ray").setLevel(logging.ERROR)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # read by ray.init, and by the processes that it starts
    if settings.address:
        _join(settings.address)
    else:
        _start(num_workers * settings.cpus_per_job)


def disconnect() -> None:
    """Leave a cluster, or stop the one that was started."""
    ray.shutdown()


def _join(address: str) -> None:
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError) as error:
        first = " ".join(str(error).split())[:200]
        allowed = "must be a Ray cluster that this machine reaches, with the token of the cluster"
        raise InputError("executor.address", allowed, f"{address} ({first})") from None


def _start(num_cpus: int) -> None:
    """Nothing but this machine reaches what is started, and only with Ray's token (~/.ray/auth_token)."""
    with _without_secrets():  # of the environment, which Ray's processes inherit and Ray writes into its logs
        ray.init(
            address="local",
            num_cpus=num_cpus,
            include_dashboard=False,
            object_store_memory=OBJECT_STORE_BYTES,
            log_to_driver=False,
            logging_level=logging.ERROR,
            _node_ip_address="127.0.0.1",
        )


@contextmanager
def _without_secrets() -> Iterator[None]:
    hidden = {name: os.environ.pop(name) for name in secret_names() if not name.startswith("RAY_")}
    try:
        yield
    finally:
        os.environ.update(hidden)
