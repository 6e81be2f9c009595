"""Results of parts of a fit, kept in `memory` for fits with other costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from pickle import PicklingError
from typing import Any, TypeVar

from skcnn.text._sentence_vectors import check_memory

T = TypeVar("T")


def remember(memory: Any, key: Sequence[Any], function: Callable[..., T], *args: Any) -> T:
    """Call a function, or read its result from `memory` if it was called with the same key.

    Parameters
    ----------
    memory : None, the path of a folder, or a joblib.Memory
    key : all that the result depends on. Texts should be in it by their digest, because joblib
        takes long to hash many strings
    function, *args : the call

    Notes
    -----
    If the key contains something without a name, such as a lambda, it cannot be found again, and
    the function is called. The key includes the version of the package.
    """
    from joblib import hash as hash_of

    from skcnn import __version__

    if memory is None:
        return function(*args)
    try:
        digest = hash_of([__version__, function.__name__, *key])
    except (PicklingError, AttributeError, TypeError):
        return function(*args)
    result: T = check_memory(memory).cache(_call, ignore=["function", "args"])(
        digest, function, args
    )
    return result


def _call(digest: str, function: Callable[..., T], args: tuple[Any, ...]) -> T:
    return function(*args)


def digest_of_texts(texts: Sequence[str] | None) -> str | None:
    """Return a hash of texts and of where one ends and the next begins."""
    if texts is None:
        return None
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    lengths = ",".join(str(len(each)) for each in encoded)
    return sha256(b"".join([lengths.encode(), b";", *encoded])).hexdigest()
