"""`nas serve`: what starts, what is refused."""

import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest


def test_it_serves_on_the_loopback_interface_until_ctrl_c(in_tmp_path: Path) -> None:
    (in_tmp_path / "runs").mkdir()
    command = [sys.executable, "-m", "nas.cli.main", "serve", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("runs at http://127.0.0.1:") and line.endswith("/ (Ctrl-C ends it)\n")
        with urllib.request.urlopen(line.split()[2], timeout=60) as answer:
            assert "There is no study yet" in answer.read().decode()
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60) == ("", "") and process.returncode == 0
    finally:
        process.kill()
        process.communicate()


def test_a_port_that_is_taken_is_one_line(nas, in_tmp_path: Path) -> None:
    (in_tmp_path / "runs").mkdir()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        outcome = nas("serve", "--port", str(port))
    assert outcome.code == 2 and outcome.err.startswith(f"nas: error: --port: must be a free port, got '{port} (")


@pytest.mark.parametrize("words", [["--port", "99999"], ["--port", "x"], ["none"]])
def test_bad_arguments_are_one_line(nas, in_tmp_path: Path, words: list[str]) -> None:
    outcome = nas("serve", *words)
    assert outcome.code == 2 and outcome.err.count("\n") == 1


def test_without_its_libraries_it_says_what_to_install(in_tmp_path: Path) -> None:
    (in_tmp_path / "runs").mkdir()
    program = "import sys; sys.modules['starlette'] = None\nfrom nas.cli.main import main\nsys.exit(main(['serve']))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 2 and "nas serve: needs starlette and uvicorn" in done.stderr
    assert done.stderr.count("\n") == 1
