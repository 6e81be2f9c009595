"""Regular files, which have an end, and what else a path may be."""

from __future__ import annotations

import os
import stat

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def kind_of_other(path: str | os.PathLike[str]) -> str | None:
    """Return what a path is, such as "a folder", or None for a regular file.

    Links are followed.

    Raises
    ------
    OSError
        If there is nothing at the path, or it cannot be reached.
    """
    mode = os.stat(path).st_mode
    return None if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "not a regular file")


def check_regular_file(path: str | os.PathLike[str], expected: str) -> None:
    """Raise an error if a path is a folder, or a pipe or a device, which may never end.

    Parameters
    ----------
    path : str or path
    expected : str
        What the caller wants to read, for the message: "a model file that save wrote".

    Raises
    ------
    ValueError
        If the path is not a regular file.
    OSError
        If there is nothing at the path, or it cannot be reached.
    """
    kind = kind_of_other(path)
    if kind is not None:
        raise ValueError(f"{os.fspath(path)} is {kind}; expected {expected}. Give its path.")
