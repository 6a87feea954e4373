"""The Ray cluster of a search: one that is there, or one that is started on this machine for the search alone."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import ray
from ray._private import ray_constants

from nas.errors import InputError, NasError, first_line
from nas.redact import secret_names
from nas.search.executor_settings import RaySettings

OBJECT_STORE_BYTES = 100 * 2**20
"""Of a Ray that is started here: all of its workers see the files of the study, so only jobs and results go through."""
LOOPBACK = "127.0.0.1"
REACHED_SECONDS = 10.0
"""How long the head of a cluster may take to answer, in seconds."""


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
        if address != "auto":  # Ray itself would try for minutes
            host, _, port = address.rpartition(":")
            socket.create_connection((host.strip("[]"), int(port)), REACHED_SECONDS).close()
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:  # of the system, of Ray's own, or none narrower
        first = first_line(error)
        allowed = "must be a Ray cluster that this machine reaches, with the token of the cluster"
        raise InputError("executor.address", allowed, f"{address} ({first})") from None


def _start(num_cpus: int) -> None:
    """Nothing but this machine reaches what is started, and only with Ray's token (~/.ray/auth_token).

    Raises:
        NasError: it does not start, or this version of Ray listens elsewhere too.
    """
    try:
        with _without_secrets(), _clusters_off():
            ray.init(
                address="local",
                num_cpus=num_cpus,
                include_dashboard=False,
                object_store_memory=OBJECT_STORE_BYTES,
                log_to_driver=False,
                logging_level=logging.ERROR,
                _node_ip_address=LOOPBACK,
            )
    except Exception as error:  # Ray raises nothing narrower, such as where its processes take too long to start
        ray.shutdown()
        remedy = "Run the same nas search again when this machine is less busy, or with executor=local."
        raise NasError(f"executor: Ray could not be started here ({first_line(error)}). {remedy}") from None
    found = ray.util.get_node_ip_address()  # type: ignore[no-untyped-call]
    if found != LOOPBACK:
        ray.shutdown()
        raise NasError(f"executor: this Ray ({ray.__version__}) listens at {found}, not {LOOPBACK} alone. Use 2.60.0.")


@contextmanager
def _clusters_off() -> Iterator[None]:
    """Have Ray take 127.0.0.1 for an answer: where clusters are possible, it replaces it by the machine's address."""
    before, name = ray_constants.ENABLE_RAY_CLUSTER, ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR
    ray_constants.ENABLE_RAY_CLUSTER, os.environ[name] = False, "0"  # here, and in the processes that it starts
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before
        del os.environ[name]


@contextmanager
def _without_secrets() -> Iterator[None]:
    """Hide credentials of the environment from Ray's processes, which inherit it and write it into logs."""
    hidden = {name: os.environ.pop(name) for name in secret_names() if not name.startswith("RAY_")}
    try:
        yield
    finally:
        os.environ.update(hidden)
