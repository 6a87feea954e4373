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
class _Destination:
    """Where one file goes: its name in an open folder, and its path for messages."""

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

    Every file is written under a temporary name first, then all are renamed, the last one last; of those that are
    replaced it is the first to go. So the last file is there only while all are, even if this process is killed.
    Folders are used through open descriptors, so that no other process can swap in a link. The folder and the files in
    it must not be links; the folders above it may be.

    Args:
        files: names to texts or bytes; a name is `file` or `subfolder/file`.
        folder: where they go; made if missing.
        force: replace existing files of the same names.

    Returns:
        the paths of the files, in the order given.

    Raises:
        ExportError: a name leads out of the folder, a link is in the way, a file exists and `force` is not given, or
            the system refuses.
    """
    places = [_checked(name) for name in files]
    try:
        with ExitStack() as close, ExitStack() as undo:
            destinations = _open_destinations(places, folder, close, undo)
            for destination in destinations:
                _check_free(destination, force)
            for destination, content in zip(destinations, files.values(), strict=True):
                _write_new(destination, content.encode() if isinstance(content, str) else content, undo)
            for destination in reversed(destinations):
                _put_aside(destination, undo)
            for destination in destinations:
                _put_in_place(destination, undo)
            undo.pop_all()
            for destination in destinations:
                _quietly(os.unlink, destination.old, destination.folder)
    except OSError as error:
        came = f"{error.strerror}: {error.filename}" if error.filename else error.strerror  # a full disk names none
        raise ExportError(f"{folder}: cannot be written ({came}).") from None
    return [destination.path for destination in destinations]


def _checked(name: str) -> PurePosixPath:
    parts = name.split("/")
    if len(parts) > 2 or any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise ExportError(f"{name!r}: must be a file, or a file in one subfolder, inside the output folder.")
    return PurePosixPath(name)


def _open_destinations(
    places: list[PurePosixPath], folder: Path, close: ExitStack, undo: ExitStack
) -> list[_Destination]:
    for parent in reversed(folder.absolute().parents):
        _make_folder(str(parent), None, undo)
    root = _open_folder(folder, str(folder), None, close, undo)
    opened = {"": root}
    for name in sorted({place.parent.name for place in places} - {""}):
        opened[name] = _open_folder(folder / name, name, root, close, undo)
    return [_Destination(opened[place.parent.name], place.name, folder / place) for place in places]


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


def _check_free(destination: _Destination, force: bool) -> None:
    try:
        mode = os.lstat(destination.name, dir_fd=destination.folder).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        kind = "a link" if stat.S_ISLNK(mode) else "not a plain file"
        raise ExportError(f"{destination.path}: is {kind} and is not replaced. Move it away or choose another --out.")
    if not force:
        raise ExportError(f"{destination.path}: exists already. Add --force to replace it, or choose another --out.")


def _write_new(destination: _Destination, content: bytes, undo: ExitStack) -> None:
    _quietly(os.unlink, destination.new, destination.folder)  # left behind by an export that was killed
    descriptor = os.open(destination.new, _NEW_FILE_FLAGS, 0o666, dir_fd=destination.folder)
    undo.callback(_quietly, os.unlink, destination.new, destination.folder)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _put_aside(destination: _Destination, undo: ExitStack) -> None:
    with suppress(FileNotFoundError):
        _rename(destination.folder, destination.name, destination.old)
        undo.callback(_rename, destination.folder, destination.old, destination.name)


def _put_in_place(destination: _Destination, undo: ExitStack) -> None:
    _rename(destination.folder, destination.new, destination.name)
    undo.callback(_quietly, os.unlink, destination.name, destination.folder)


def _rename(folder: int, source: str, destination: str) -> None:
    os.rename(source, destination, src_dir_fd=folder, dst_dir_fd=folder)


def _quietly(remove: Callable[..., None], name: str, folder: int | None) -> None:
    with suppress(OSError):
        remove(name, dir_fd=folder)
