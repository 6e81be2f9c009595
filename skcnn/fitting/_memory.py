"""Results of functions in the folder `memory`, found by what the functions were called with."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar

from skcnn.text._sentence_vectors import check_memory

T = TypeVar("T")


def remember(memory: Any, function: Callable[..., T], *args: Any) -> T:
    """Call a function, or read its result from `memory` if the arguments are the same.

    What cannot be recognized again is not kept, such as a lambda.

    Parameters
    ----------
    memory : None, the path of a folder, or a joblib.Memory
    function : a function at the top level of a module, or a `functools.partial` of one
    *args : its arguments
    """
    store = check_memory(memory)
    key = None if store.store_backend is None else _key(function, *args)
    if key is None:
        return function(*args)
    # joblib keeps the arguments as text, except those that it ignores.
    result: T = store.cache(_call, ignore=["function", "args"])(key, function, args)
    return result


def _call(key: str, function: Callable[..., T], args: tuple[Any, ...]) -> T:
    return function(*args)


def _key(*called: Any) -> str | None:
    """Return a hash of objects and of the source of functions in them, or None."""
    from joblib import hash as hash_of

    from skcnn import __version__

    try:
        # Another version may give another result.
        return str(hash_of((__version__, called, _sources(called))))
    except (pickle.PicklingError, TypeError, AttributeError, OSError):
        return None


def _sources(called: Any) -> list[str]:
    """Return the source of each function in an object: pickle knows only its name."""
    collector = _SourceCollector()
    collector.dump(called)
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
