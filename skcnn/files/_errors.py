"""The error about a file that cannot be loaded."""

from __future__ import annotations

import os

_MAX_CHARACTERS = 600
COPY_AGAIN = "Copy or save the model again."


class ModelFileError(ValueError):
    """Raised by `CostSensitiveTextCNN.load` if a file does not hold a model that can be used.

    The file is not a model file, is damaged or was changed, its parts do not fit together, reading
    it would take too much memory, or a newer version of skcnn wrote it. Or it names an encoder or
    classifiers, and others are given to `load`, or none. The message begins with the name of the
    file, and says what is wrong and what to do. It is a ValueError, so ``except ValueError``
    catches it too.

    Parameters
    ----------
    *args : str
        The message.

    Examples
    --------
    >>> from skcnn import CostSensitiveTextCNN, ModelFileError
    >>> from pathlib import Path
    >>> Path("notes.txt").write_text("hello")
    5
    >>> try:
    ...     CostSensitiveTextCNN.load("notes.txt")
    ... except ModelFileError as error:
    ...     print(error)
    notes.txt is not a complete skcnn model file: it is not a zip archive. Copy or save the model \
again.
    """


def file_error(path: str | os.PathLike[str], what: str, fix: str = COPY_AGAIN) -> ModelFileError:
    """Return the error about a file: what is wrong, shortened, and what to do."""
    what = what.rstrip(".")
    if len(what) > _MAX_CHARACTERS:  # parts of the file may be of any length
        what = f"{what[:_MAX_CHARACTERS]} ..."
    return ModelFileError(f"{os.fspath(path)} {what}. {fix}")
