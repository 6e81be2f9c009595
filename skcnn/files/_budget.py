"""How much memory reading a file may take."""

from __future__ import annotations

from skcnn.predicting._parts import PartsError

# Enough for every file that `save` writes: a number or a word of the header takes at most
# `_BYTES_PER_VALUE` bytes, and there are few of them in a small file, or arrays belong to them.
_BYTES, _BYTES_PER_BYTE_OF_FILE = 2**25, 16


class Budget:
    """The bytes that may be reserved because a file says so, at most 32 MiB + 16 times its size.

    Parameters
    ----------
    file_size : int
        In bytes.
    """

    def __init__(self, file_size: int) -> None:
        self._left = _BYTES + _BYTES_PER_BYTE_OF_FILE * file_size

    def take(self, n_bytes: int, what: str) -> None:
        """Count bytes, before they are reserved.

        Raises
        ------
        PartsError
            If there are not so many left.
        """
        if n_bytes > self._left:
            raise PartsError(
                f"{what} would take {n_bytes:,} bytes of memory, too many for the file"
            )
        self._left -= n_bytes
