"""Download a corpus once, check it, and keep its files."""

from __future__ import annotations

import csv
import hashlib
import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPException
from math import isfinite
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

import numpy as np
from numpy.typing import NDArray

from skcnn.datasets._catalog import CORPORA, Corpus, RemoteFile
from skcnn.datasets._download import download
from skcnn.datasets._readers import Row, digest_of
from skcnn.disk._atomic import check_can_write, replacing

if TYPE_CHECKING:
    from sklearn.utils import Bunch

_FOLDER_VARIABLE, _MIRROR_VARIABLE = "SKCNN_DATA", "SKCNN_DATA_URL"
_OTHER_FOLDER = (
    f"Choose another folder, with data_home or the environment variable {_FOLDER_VARIABLE}."
)
# What readers raise for a file that is not what they expect. UnicodeDecodeError is a ValueError.
_NOT_AS_EXPECTED = (ValueError, LookupError, AttributeError, csv.Error, zipfile.BadZipFile)


@overload
def fetch_corpus(
    name: str,
    *,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: Literal[False] = False,
    n_retries: int = 3,
    delay: float = 1.0,
) -> Bunch: ...


@overload
def fetch_corpus(
    name: str,
    *,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: Literal[True],
    n_retries: int = 3,
    delay: float = 1.0,
) -> tuple[list[str], NDArray[np.str_]]: ...


def fetch_corpus(
    name: str,
    *,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    n_retries: int = 3,
    delay: float = 1.0,
) -> Bunch | tuple[list[str], NDArray[np.str_]]:
    """Load a corpus of labeled texts; download it at the first call.

    The page on data sets lists the corpora with their sizes, licenses and sources. The files come
    from these sources. They are checked each time, and kept in a folder.

    The rows are those of the source, in its order. Some texts occur more than once: remove
    duplicates before you split the texts at random.

    Parameters
    ----------
    name : str
        "ade_sentences", "clinc150", "clothing_reviews", "hate_offensive", "movie_reviews", "mpqa",
        "sms_spam", "sst2", "stackoverflow_titles", "trec" or "waimai_reviews".
    data_home : str or path, default=None
        The folder of downloaded files. None: the environment variable SKCNN_DATA, or else
        ``~/skcnn_data``. It is created if it does not exist.
    download_if_missing : bool, default=True
        Whether to download files that are not in the folder. False: raise an error.
    return_X_y : bool, default=False
        Whether to return only texts and labels, instead of a Bunch.
    n_retries : int, default=3
        How often a download is tried again if it fails, at least 0.
    delay : float, default=1.0
        Seconds between two tries, at least 0.

    Returns
    -------
    Bunch
        With the attributes

        data : list of str
            The texts. Each one is on one line.
        target : ndarray of str of shape (n_texts,)
            The label of each text.
        target_names : list of str
            The different labels, sorted.
        positive : str or None
            The label that matters in the benchmarks, such as "spam". None: no class is rare.
        split : ndarray of str of shape (n_texts,) or None
            The part of the source that each text is in: "train", "val" or "test". None: the source
            has no parts.
        filenames : list of str
            The files that were read.
        DESCR : str
            What the texts are, their license, and what to cite.
    (data, target) : tuple
        If `return_X_y` is True.

    Raises
    ------
    TypeError
        If `name` is not a string.
    ValueError
        If there is no corpus with this name, a number is out of range, or SKCNN_DATA_URL is not an
        address.
    OSError
        If the files cannot be downloaded, are not what they should be, or are missing while
        `download_if_missing` is False. The message says how to put them there by hand. Also if
        they cannot be read from the folder or written to it.

    Notes
    -----
    If the environment variable SKCNN_DATA_URL is set, the files are downloaded from this address
    instead, for example from a mirror inside a company. Their names there are those in `filenames`.

    A try fails if the server sends nothing for 30 seconds.

    Examples
    --------
    >>> from skcnn.datasets import fetch_corpus
    >>> sms = fetch_corpus("sms_spam")  # doctest: +SKIP
    >>> len(sms.data), sms.positive  # doctest: +SKIP
    (5574, 'spam')
    """
    _check(name, n_retries, delay)
    corpus, folder = CORPORA[name], _data_folder(data_home)
    missing = [path for path in corpus.paths(folder) if not path.exists()]
    if missing and not download_if_missing:
        cure = f"Set it to True to download. {_by_hand(corpus, folder)}"
        raise OSError(f"{missing[0]} does not exist, and download_if_missing is False. {cure}")
    rows = _download(corpus, folder, n_retries, delay) if missing else _from_folder(corpus, folder)
    data, target = [row.text for row in rows], np.array([row.label for row in rows])
    if return_X_y:
        return data, target

    from sklearn.utils import Bunch

    return Bunch(
        data=data,
        target=target,
        target_names=np.unique(target).tolist(),
        positive=corpus.positive,
        split=np.array([row.part for row in rows]) if rows[0].part else None,
        filenames=[str(path) for path in corpus.paths(folder)],
        DESCR=corpus.description,
    )


def _check(name: str, n_retries: int, delay: float) -> None:
    """Raise an error if a parameter is not what it should be."""
    if not isinstance(name, str):
        raise TypeError(f'name is {name!r}; expected the name of one corpus, such as "sms_spam".')
    if name not in CORPORA:
        known = ", ".join(f'"{each}"' for each in CORPORA)
        raise ValueError(f"There is no corpus {name!r}. Choose one of {known}.")
    if not (isinstance(n_retries, Integral) and n_retries >= 0):
        raise ValueError(f"n_retries is {n_retries!r}; expected a whole number, at least 0.")
    if not (isinstance(delay, Real) and isfinite(delay) and delay >= 0):
        raise ValueError(f"delay is {delay!r}; expected a finite number of seconds, at least 0.")


def _data_folder(data_home: str | os.PathLike[str] | None) -> Path:
    """Return the folder of downloaded files, after creating it."""
    chosen = data_home or os.environ.get(_FOLDER_VARIABLE) or Path("~", "skcnn_data")
    folder = Path(chosen).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(
            f"cannot create the folder {folder}: {error.strerror}. {_OTHER_FOLDER}"
        ) from error
    return folder


def _download(corpus: Corpus, folder: Path, n_retries: int, delay: float) -> list[Row]:
    """Download the files of a corpus; return its rows.

    They enter the folder after they were checked, each one at once, so that neither another process
    nor a later call finds half a file.
    """
    paths = corpus.paths(folder)
    with _errors_about(folder):
        for path in paths:
            check_can_write(path)
    contents = []
    for file in corpus.files:
        url = _address(file)
        try:
            contents.append(download(url, n_retries, delay))
        except (OSError, HTTPException) as error:
            cure = _by_hand(corpus, folder)
            raise OSError(f"cannot download {url}: {error}. {cure}") from error
    try:
        rows = _checked(corpus, contents)
    except _OtherFileError as error:
        raise OSError(
            f"what was downloaded from {_address(corpus.files[0])} is not the corpus: {error}. "
            "Try again later; a page of a login or an error may have come instead, or the "
            f"source has changed. {_by_hand(corpus, folder)}"
        ) from error
    with _errors_about(folder):
        for path, content in zip(paths, contents, strict=True):
            with replacing(path) as draft:
                draft.write(content)
    return rows


@contextmanager
def _errors_about(folder: Path) -> Iterator[None]:
    """Name the folder, and the cure, where a file cannot be written."""
    try:
        yield
    except OSError as error:
        reason = str(error).rstrip(".")
        raise OSError(
            f"cannot keep files in the folder {folder}: {reason}. {_OTHER_FOLDER}"
        ) from error


def _from_folder(corpus: Corpus, folder: Path) -> list[Row]:
    """Return the rows of files that are in the folder already."""
    try:
        return _checked(corpus, [_content_of(path) for path in corpus.paths(folder)])
    except _OtherFileError as error:
        names = " and ".join(str(path) for path in corpus.paths(folder))
        raise OSError(
            f"the files in {folder} are not the corpus: {error}. Delete {names}, and call again to "
            "download them again."
        ) from error


def _content_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise OSError(
            f"cannot read {path}: {error.strerror}. Ask its owner for leave to read it, or delete "
            f"it and call again to download it again. {_OTHER_FOLDER}"
        ) from error


class _OtherFileError(Exception):
    """A file is not what its source published. The message says what differs."""


def _checked(corpus: Corpus, contents: Sequence[bytes]) -> list[Row]:
    """Return the rows of the contents of the files, or raise an `_OtherFileError`."""
    for file, content in zip(corpus.files, contents, strict=True):
        found = hashlib.sha256(content).hexdigest()
        if file.sha256 not in (None, found):
            raise _OtherFileError(f"the SHA-256 of {file.name} is {found}, expected {file.sha256}")
    try:
        rows = list(corpus.reader(contents))
    except _NOT_AS_EXPECTED as error:
        raise _OtherFileError(f"it cannot be read ({type(error).__name__}: {error})") from error
    if corpus.digest is not None and digest_of(rows) != corpus.digest:
        raise _OtherFileError(f"it has other labels or texts than expected, {len(rows)} rows")
    return rows


def _address(file: RemoteFile) -> str:
    """Return where to download a file: at its source, or on the mirror that the user chose."""
    mirror = os.environ.get(_MIRROR_VARIABLE)
    if not mirror:
        return file.url
    if not mirror.lower().startswith(("https://", "http://")):
        raise ValueError(
            f"The environment variable {_MIRROR_VARIABLE} is {mirror!r}; expected an address that "
            "begins with https:// or http://, such as https://mirror.example/data."
        )
    return f"{mirror.rstrip('/')}/{file.name}"


def _by_hand(corpus: Corpus, folder: Path) -> str:
    """Return the sentence of an error that says which file to put where."""
    files = zip(corpus.files, corpus.paths(folder), strict=True)
    steps = "; ".join(f"{file.url} as {path}" for file, path in files)
    return f"You can also download by hand, on any machine, and save {steps}."
