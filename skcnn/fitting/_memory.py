"""Results of parts of a fit, kept in `memory` for fits with other costs."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable, Sequence
from hashlib import sha256
from types import FunctionType
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
    the function is called.
    """
    store = check_memory(memory)
    digest = None if store.store_backend is None else _digest([function.__name__, *key])
    if digest is None:
        return function(*args)
    # joblib keeps the arguments as text, except those that it ignores.
    result: T = store.cache(_call, ignore=["function", "args"])(digest, function, args)
    return result


def _call(digest: str, function: Callable[..., T], args: tuple[Any, ...]) -> T:
    return function(*args)


def _digest(key: Sequence[Any]) -> str | None:
    """Return a hash of a key, of the source of functions in it, and of the package's version."""
    from joblib import hash as hash_of

    from skcnn import __version__

    try:
        return str(hash_of([__version__, key, _sources(key)]))
    except (pickle.PicklingError, TypeError, AttributeError, OSError):
        return None


def _sources(key: Any) -> list[str]:
    """Return the source of each function in a key: pickle knows only its name."""
    collector = _SourceCollector()
    collector.dump(key)
    return collector.sources


class _SourceCollector(pickle.Pickler):
    """Goes through an object and all its parts; writes nothing."""

    def __init__(self) -> None:
        super().__init__(_Nowhere(), protocol=5, buffer_callback=_drop)
        self.sources: list[str] = []

    def reducer_override(self, obj: Any) -> Any:
        """Note the source of a function; leave all else to pickle."""
        if isinstance(obj, FunctionType):
            self.sources.append(inspect.getsource(obj))
        return NotImplemented


class _Nowhere:
    def write(self, data: Any) -> None:
        """Do nothing."""


def _drop(buffer: Any) -> None:
    """Leave the numbers of an array out."""


def digest_of_texts(texts: Sequence[str] | None) -> str | None:
    """Return a hash of texts and of where one ends and the next begins."""
    if texts is None:
        return None
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    lengths = ",".join(str(len(each)) for each in encoded)
    return sha256(b"".join([lengths.encode(), b";", *encoded])).hexdigest()
