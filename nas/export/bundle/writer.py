"""Writing files into a folder, and nowhere else."""

import os
import stat
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from nas.errors import ExportError

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_NEW_FILE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


@dataclass(frozen=True, slots=True)
class _Target:
    """One file to be: its name in an open folder, and its path for messages."""

    folder: int
    name: str
    path: Path

    @property
    def new(self) -> str:
        return f".{self.name}.nas-new"

    @property
    def old(self) -> str:
        return f".{self.name}.nas-old"


def write_bundle(files: Mapping[str, str | bytes], folder: Path, *, force: bool = False) -> list[Path]:
    """Write files into a folder: all of them, or none and the folder as it was.

    Every file is written under a temporary name first, then all are renamed. Folders are used through
    open descriptors, so that nobody can swap a link in between. The folder and what lies in it must be
    no links; the folders above it are the user's own affair.

    Args:
        files: names to texts or bytes; a name is `file` or `subfolder/file`.
        folder: where they go; made if missing.
        force: replace existing files of the same names.

    Returns:
        the paths of the files, in the order given.

    Raises:
        ExportError: a name leads out of the folder, a link stands in the way, a file exists and `force` is
            not given, or the system refuses.
    """
    places = [_checked(name) for name in files]
    try:
        with ExitStack() as close, ExitStack() as undo:
            targets = _open_targets(places, folder, close, undo)
            for target in targets:
                _check_free(target, force)
            for target, content in zip(targets, files.values(), strict=True):
                _write_new(target, content.encode() if isinstance(content, str) else content, undo)
            for target in targets:
                _put_in_place(target, undo)
            undo.pop_all()
            for target in targets:
                _quietly(os.unlink, target.old, target.folder)
    except OSError as error:
        came = f"{error.strerror}: {error.filename}" if error.filename else error.strerror  # a full disk names none
        raise ExportError(f"{folder}: cannot be written ({came}).") from None
    return [target.path for target in targets]


def _checked(name: str) -> PurePosixPath:
    parts = name.split("/")
    if len(parts) > 2 or any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise ExportError(f"{name!r}: must be a file, or a file in one subfolder, inside the output folder.")
    return PurePosixPath(name)


def _open_targets(places: list[PurePosixPath], folder: Path, close: ExitStack, undo: ExitStack) -> list[_Target]:
    for parent in reversed(folder.absolute().parents):
        _make_folder(str(parent), None, undo)
    root = _open_folder(folder, str(folder), None, close, undo)
    opened = {"": root}
    for name in sorted({place.parent.name for place in places} - {""}):
        opened[name] = _open_folder(folder / name, name, root, close, undo)
    return [_Target(opened[place.parent.name], place.name, folder / place) for place in places]


def _open_folder(path: Path, name: str, parent: int | None, close: ExitStack, undo: ExitStack) -> int:
    """A descriptor of the folder, made if missing."""
    _make_folder(name, parent, undo)
    if stat.S_ISLNK(os.lstat(name, dir_fd=parent).st_mode):
        raise ExportError(f"{path}: is a link, and an export follows none. Name the folder that it points to.")
    descriptor = os.open(name, _FOLDER_FLAGS, dir_fd=parent)
    close.callback(os.close, descriptor)
    return descriptor


def _make_folder(name: str, parent: int | None, undo: ExitStack) -> None:
    try:
        os.mkdir(name, dir_fd=parent)
    except OSError as refusal:  # of folders that exist, a read-only disk says "read-only", not "exists"
        try:
            os.lstat(name, dir_fd=parent)
        except OSError:
            raise refusal from None
    else:
        undo.callback(_quietly, os.rmdir, name, parent)


def _check_free(target: _Target, force: bool) -> None:
    try:
        mode = os.lstat(target.name, dir_fd=target.folder).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        kind = "a link" if stat.S_ISLNK(mode) else "no plain file"
        raise ExportError(f"{target.path}: is {kind} and is not replaced. Move it away or choose another --out.")
    if not force:
        raise ExportError(f"{target.path}: exists already. Add --force to replace it, or choose another --out.")


def _write_new(target: _Target, content: bytes, undo: ExitStack) -> None:
    _quietly(os.unlink, target.new, target.folder)  # left behind by an export that was killed
    descriptor = os.open(target.new, _NEW_FILE_FLAGS, 0o666, dir_fd=target.folder)
    undo.callback(_quietly, os.unlink, target.new, target.folder)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _put_in_place(target: _Target, undo: ExitStack) -> None:
    with suppress(FileNotFoundError):
        _rename(target.folder, target.name, target.old)
        undo.callback(_rename, target.folder, target.old, target.name)
    _rename(target.folder, target.new, target.name)
    undo.callback(_quietly, os.unlink, target.name, target.folder)


def _rename(folder: int, source: str, destination: str) -> None:
    os.rename(source, destination, src_dir_fd=folder, dst_dir_fd=folder)


def _quietly(remove: Callable[..., None], name: str, folder: int | None) -> None:
    with suppress(OSError):
        remove(name, dir_fd=folder)
