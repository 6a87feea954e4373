from pathlib import Path


def test_what_was_exported_is_verified(nas, study: Path, in_tmp_path: Path) -> None:
    assert nas("export", str(study), "--trial", "0", "--format", "minference", "--out", "a").code == 0
    outcome = nas("verify", "a")
    assert outcome.code == 0 and "equal, read by nas" in outcome.out
