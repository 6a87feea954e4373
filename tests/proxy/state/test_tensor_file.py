import pickle
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import torch

from nas.errors import InputError
from nas.proxy.state.tensor_file import read_tensors, write_tensors

SCHEMA = "nas.test/1"


class Boom:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('code from a file ran')",)


def test_a_document_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "a.pt"
    write_tensors({"schema": SCHEMA, "numbers": [1, 2.5], "tensor": torch.arange(6).view(2, 3)}, path)
    document = read_tensors(path, SCHEMA)
    assert document["numbers"] == [1, 2.5]
    assert torch.equal(document["tensor"], torch.arange(6).view(2, 3))
    assert [file.name for file in path.parent.iterdir()] == ["a.pt"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.pt"
    write_tensors({"schema": SCHEMA, "step": 8}, path)

    def full_disk(document: object, file: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise OSError("No space left on device")

    monkeypatch.setattr(torch, "save", full_disk)
    with pytest.raises(InputError, match="No space"):
        write_tensors({"schema": SCHEMA, "step": 12}, path)
    assert read_tensors(path, SCHEMA)["step"] == 8
    assert [file.name for file in tmp_path.iterdir()] == ["a.pt"]


@pytest.mark.parametrize(
    "content", [b"", b"not a checkpoint", pickle.dumps(Boom(), protocol=2)], ids=["empty", "text", "code"]
)
def test_a_file_of_something_else_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.pt: must be a checkpoint of schema nas\.test/1"):
        read_tensors(tmp_path / "a.pt", SCHEMA)


def test_a_damaged_or_missing_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    write_tensors({"schema": SCHEMA, "tensor": torch.zeros(100)}, path)
    path.write_bytes(path.read_bytes()[:-200])
    for file in (path, tmp_path / "none.pt"):
        with pytest.raises(InputError, match="must be a checkpoint"):
            read_tensors(file, SCHEMA)


def test_a_file_that_unpacks_to_far_more_than_it_is_is_refused(tmp_path: Path) -> None:
    """torch would read it: a megabyte for a gigabyte."""
    path = tmp_path / "a.pt"
    write_tensors({"schema": SCHEMA, "tensor": torch.zeros(2**18)}, path)
    with ZipFile(path) as plain, ZipFile(tmp_path / "b.pt", "w", ZIP_DEFLATED) as packed:
        for part in plain.infolist():
            packed.writestr(part.filename, plain.read(part))
    assert len(torch.load(tmp_path / "b.pt", weights_only=True)["tensor"]) == 2**18
    with pytest.raises(InputError, match=r"b\.pt: must be a checkpoint .*it unpacks to 1,0\d\d,\d{3} bytes"):
        read_tensors(tmp_path / "b.pt", SCHEMA)
    assert len(read_tensors(path, SCHEMA)["tensor"]) == 2**18


def test_code_inside_a_torch_file_is_refused(tmp_path: Path) -> None:
    torch.save({"schema": SCHEMA, "step": Boom()}, tmp_path / "a.pt")
    with pytest.raises(InputError, match="must be a checkpoint"):
        read_tensors(tmp_path / "a.pt", SCHEMA)


@pytest.mark.parametrize("document", [{"schema": "nas.test/99"}, {}, [1]])
def test_another_schema_is_refused(document: object, tmp_path: Path) -> None:
    torch.save(document, tmp_path / "a.pt")
    with pytest.raises(InputError, match="must be a checkpoint"):
        read_tensors(tmp_path / "a.pt", SCHEMA)
