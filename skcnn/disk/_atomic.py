"""One way to write every file of the package: completely or not at all.

The content goes to a draft in the folder of the file, since a rename is atomic within one file
system only. The draft takes the file's place at the very end. A process that is killed leaves its
draft behind; the next one that writes the same file removes it. A living process holds a lock on
its draft, so its draft is never removed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from skcnn.disk._regular import kind_of_other

try:
    import fcntl
except ImportError:  # Windows, which does not let anybody remove an open file
    fcntl = None  # type: ignore[assignment]

_PREFIX = ".skcnn-draft-"


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file that takes the place of `path` when the block ends without an error.

    A link is followed: it stays, and the file that it points to is replaced. The new file has the
    mode of the old one and, where that is allowed, its owner. If the block fails or is
    interrupted, the old file stays as it was. A pipe or a device, such as /dev/stdout, cannot be
    replaced and is written directly.

    Parameters
    ----------
    path : str or path

    Yields
    ------
    binary file
        Open for writing. It can be read too, unless it is a pipe or a device.

    Raises
    ------
    OSError
        If the file cannot be written. The error names `path`, never the draft.
    """
    check_can_write(path)
    if _kind_of_existing(path) is not None:
        with _errors_about(path), open(path, "wb") as file:
            yield file
        return
    target = Path(os.path.realpath(path))
    with _errors_about(path), _draft_of(target) as (draft, file):
        yield file
        file.flush()
        _copy_mode(target, file)
        os.fsync(file.fileno())
        if fcntl is None:
            file.close()  # an open file cannot be renamed on Windows; elsewhere it stays locked
        os.replace(draft, target)
        _sync_folder(target.parent)


def check_can_write(path: str | os.PathLike[str]) -> None:
    """Raise an error if `replacing` cannot write to a path; nothing is written.

    Call it before long work.

    Parameters
    ----------
    path : str or path

    Raises
    ------
    OSError
        If the path is a folder, its folder does not exist, or either must not be written.
    """
    kind = _kind_of_existing(path)
    target = Path(os.path.realpath(path))
    if kind == "a folder":
        raise _error(path, errno.EISDIR, "it is a folder; expected a file name")
    if kind is None and not target.parent.is_dir():
        raise _error(path, errno.ENOENT, f"{target.parent} is not a folder; create it first")
    if os.path.lexists(target) and not os.access(target, os.W_OK):
        raise _error(path, errno.EACCES, "it is write-protected; choose another name")
    if kind is None and not os.access(target.parent, os.W_OK | os.X_OK):
        why = f"the folder {target.parent} is write-protected; choose another folder"
        raise _error(path, errno.EACCES, why)


def _error(path: str | os.PathLike[str], number: int, why: str) -> OSError:
    """Return an error of the type that Python has for this number, with a text of our own."""
    error = type(OSError(number, ""))(f"cannot write {os.fspath(path)}: {why}.")
    error.errno = number
    return error


def _kind_of_existing(path: str | os.PathLike[str]) -> str | None:
    """Return what is at a path if it is not a regular file; None also if nothing is there."""
    try:
        return kind_of_other(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


@contextmanager
def _errors_about(path: str | os.PathLike[str]) -> Iterator[None]:
    """Name `path` in errors of the file system that name nothing, or a draft.

    A full disk names no file. Errors about other files are left alone.
    """
    try:
        yield
    except OSError as error:
        named = None if error.filename is None else os.path.basename(os.fsdecode(error.filename))
        others = named is not None and not named.startswith(_PREFIX)
        if error.errno is None or error.strerror is None or others:
            raise
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error


# ---------------------------------------------------------------------------------------------
# Drafts
# ---------------------------------------------------------------------------------------------


def _prefix_of(target: Path) -> str:
    # A hash, so that a file name may be as long as the file system allows.
    name = hashlib.blake2b(os.fsencode(target.name), digest_size=8).hexdigest()
    return f"{_PREFIX}{name}-"


@contextmanager
def _draft_of(target: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Create a draft; remove it if the block fails."""
    _remove_leftovers(target)
    draft, file = _new_draft(target)
    try:
        with file:
            yield draft, file
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _new_draft(target: Path) -> tuple[Path, BinaryIO]:
    # If there is a file to replace, nobody else may read the draft before it has that file's mode.
    mode = 0o600 if target.exists() else 0o666
    while True:
        draft = target.with_name(f"{_prefix_of(target)}{secrets.token_hex(8)}")
        file = _created(draft, mode)
        if _lock(file) and draft.exists():
            return draft, file
        file.close()  # another process took it for a leftover before it was locked


def _created(path: Path, mode: int) -> BinaryIO:
    return open(path, "x+b", opener=lambda name, flags: os.open(name, flags, mode))


def _lock(file: BinaryIO) -> bool:
    """Lock a file; return False if another process holds the lock."""
    if fcntl is not None:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True  # a file system without locks: nobody can take it for a leftover
    return True


def _remove_leftovers(target: Path) -> None:
    """Remove drafts of the same file whose processes are gone."""
    prefix = _prefix_of(target)
    with suppress(OSError), os.scandir(target.parent) as entries:
        for entry in entries:
            if entry.name.startswith(prefix):
                with suppress(OSError):
                    _remove_if_unlocked(Path(entry.path))


def _remove_if_unlocked(draft: Path) -> None:
    if fcntl is None:
        draft.unlink()
        return
    with open(draft, "rb") as file:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails if it is in use
        draft.unlink()


# ---------------------------------------------------------------------------------------------
# Details of the file system
# ---------------------------------------------------------------------------------------------


def _copy_mode(target: Path, file: BinaryIO) -> None:
    """Give a draft the owner and the mode of the file that it replaces."""
    try:
        old = target.stat()
    except FileNotFoundError:
        return
    if hasattr(os, "fchown"):
        with suppress(PermissionError):
            os.fchown(file.fileno(), old.st_uid, old.st_gid)
        os.fchmod(file.fileno(), stat.S_IMODE(old.st_mode))


def _sync_folder(folder: Path) -> None:
    """Make a rename outlast a power failure, where folders can be opened."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
