"""Download one file into memory, with a few tries."""

from __future__ import annotations

import time
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import urlopen

_SILENCE = 30.0  # seconds without a byte after which a try has failed


def download(url: str, n_retries: int, delay: float) -> bytes:
    """Return the content of a file.

    Parameters
    ----------
    url : str
    n_retries : int
        How often it is tried again if it fails.
    delay : float
        Seconds between two tries.

    Raises
    ------
    OSError or HTTPException
        What the last try raised. A server that sends nothing for 30 seconds is a TimeoutError.
    """
    for _ in range(n_retries):
        try:
            return _try(url)
        except (OSError, HTTPException):
            time.sleep(delay)
    return _try(url)


def _try(url: str) -> bytes:
    try:
        with urlopen(url, timeout=_SILENCE) as response:
            content: bytes = response.read()
            return content
    except HTTPError as error:
        error.close()  # it holds the answer of the server
        raise
