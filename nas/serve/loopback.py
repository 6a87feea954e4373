"""The loopback interface: where pages are served, and by which names this machine may be asked."""

import socket

from nas.errors import InputError

LOOPBACK = "127.0.0.1"
HOSTS = (LOOPBACK, "localhost")
"""Names by which a browser on this machine asks. A page elsewhere whose own name is made to point here (DNS rebinding)
asks by that name, and is refused."""


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
