"""The server: one process on the loopback interface, which no other machine reaches."""

import socket

import uvicorn
from starlette.applications import Starlette

_MOST_AT_ONCE = 64
"""Connections that are served at once; further ones are told to wait."""


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
