"""The server: one process on the loopback interface, which no other machine reaches."""

import socket

import uvicorn
from starlette.applications import Starlette

from nas.errors import InputError

LOOPBACK = "127.0.0.1"
_MOST_AT_ONCE = 64
"""Connections that are served at once; further ones are told to wait."""


def listen(port: int) -> socket.socket:
    """A socket on the loopback interface.

    Args:
        port: its number; 0 for any that is free.

    Raises:
        InputError: the port is taken, or not for this user.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((LOOPBACK, port))
        listening.listen()  # whoever asks before the server has started waits for it
    except OSError as error:
        listening.close()
        raise InputError("--port", "must be a free port", f"{port} ({error.strerror})", "Choose another.") from None
    return listening


def serve(app: Starlette, listening: socket.socket) -> None:
    """Answer requests until Ctrl-C."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        limit_concurrency=_MOST_AT_ONCE,
    )
    try:
        uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:  # which uvicorn raises again after it has closed everything
        pass
    finally:
        listening.close()
