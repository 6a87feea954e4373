"""The shells' own functions are accepted by the shells; tests/cli/test_completion.py runs them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from nas.cli.completion import SHELLS, completion_script
from nas.cli.main import VERBS


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_has_no_mistake_of_syntax(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "script"
    script.write_text(completion_script(VERBS, shell))
    done = subprocess.run([shell, "-n", str(script)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
