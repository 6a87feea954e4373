"""Secrets planted all around a search: none of them is in a byte that it writes, prints or sends."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tiny_models import written_text
from tests.wandb_server import serving

pytestmark = pytest.mark.slow

KEY = "feed0dadfacade5b0bb1e0ddba11ca55e77e1e75"
IN_ENVIRONMENT = {
    "WANDB_API_KEY": KEY,
    "HF_TOKEN": "hf_plantedInTheEnvironment",
    "AWS_SECRET_ACCESS_KEY": "planted/secret+access/key",
    "PGPASSWORD": "planted-in-pgpassword",
    "NAS_DATABASE_URL": "postgresql://ann:planted-in-a-url@localhost/nas",
    "SOME_PASSPHRASE": "planted in a passphrase",
}
IN_HOME = "planted-in-netrc"
IN_OVERRIDE = "planted-in-an-override"
TINY = (
    "preset=smoke",
    "num_trials=2",
    "task.num_tokens=32",
    "task.validation_sequences=16",
    "task.validation_share=0.2",
    "training.num_steps=10",
    "fidelity=off",
    "tracking=online",
    "workers=1",
)


def planted(home: Path) -> dict[str, bytes]:
    """What must be nowhere, by what it is."""
    in_urls = {"a URL": "planted-in-a-url", "netrc": IN_HOME, "an override": IN_OVERRIDE, "the home": str(home)}
    found = {name: text.encode() for name, text in (IN_ENVIRONMENT | in_urls).items()}
    return found | {"the key, encoded": base64.b64encode(f"api:{KEY}".encode())}


def test_no_planted_secret_is_written_printed_or_sent(tmp_path: Path) -> None:
    home, runs, scratch = (tmp_path / name for name in ("home-of-planted-ann", "runs", "scratch"))
    texts = tmp_path / f"token={IN_OVERRIDE}"
    for folder in (home, runs, scratch, texts):
        folder.mkdir()
    (home / ".netrc").write_text(f"machine example.org\nlogin ann\npassword {IN_HOME}\n")
    (home / ".netrc").chmod(0o600)
    with serving() as server:
        own = {"HOME": str(home), "USER": "planted-ann", "TMPDIR": str(scratch), "WANDB_BASE_URL": server.url}
        command = [sys.executable, "-m", "nas.cli.main", "search", *TINY, "runs_folder=runs"]
        done = subprocess.run(
            [*command, f"task.path={written_text(texts)}"],
            capture_output=True,
            cwd=tmp_path,
            env=os.environ | IN_ENVIRONMENT | own | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    assert done.returncode == 0, done.stderr.decode()
    assert server.runs and all(run.complete for run in server.runs.values()), "what is sent must be seen to be sent"
    left = [path for folder in (runs, home, scratch) for path in folder.rglob("*") if path.is_file()]
    looked_at = {str(path): path.read_bytes() for path in left if path.name != ".netrc"}
    looked_at |= {"stdout": done.stdout, "stderr": done.stderr, "what is sent": b"\n".join(server.sent)}
    assert {"config.yaml", "front.json", "report.html", "study.db"} <= {path.name for path in left}
    names = [name for name in looked_at if any(text.decode() in name for text in planted(Path(IN_OVERRIDE)).values())]
    assert names == [], "a secret in the name of a file"
    found = [(what, name) for what, text in planted(home).items() for name, data in looked_at.items() if text in data]
    assert found == []
