"""The socket of local pages."""

import socket

import pytest

from nas.errors import InputError
from nas.serve.loopback import HOSTS, LOOPBACK, listen


def test_it_listens_on_this_machine_alone() -> None:
    with listen(0) as listening:
        assert listening.getsockname()[0] == LOOPBACK == HOSTS[0]
        with socket.create_connection(listening.getsockname(), timeout=10):
            pass


def test_a_port_that_is_taken_is_refused() -> None:
    with listen(0) as taken, pytest.raises(InputError, match="--port: must be a free port"):
        listen(taken.getsockname()[1])
