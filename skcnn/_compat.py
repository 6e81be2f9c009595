"""Private names of scikit-learn, random states, and warnings about old names.

scikit-learn's names are imported on first use: `skcnn.costs` needs this file, and importing
scikit-learn takes a second.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numpy as np

if TYPE_CHECKING:
    from sklearn.base import _fit_context
    from sklearn.utils import _safe_indexing
    from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
    from sklearn.utils.metaestimators import _BaseComposition
    from sklearn.utils.validation import _check_feature_names, _check_sample_weight

__all__ = [
    "HasMethods",
    "Interval",
    "StrOptions",
    "_BaseComposition",
    "_check_feature_names",
    "_check_sample_weight",
    "_fit_context",
    "_safe_indexing",
    "own_random_state",
    "renamed_arguments",
    "warn_renamed",
    "warn_user",
]

_HOMES = {
    "HasMethods": "sklearn.utils._param_validation",
    "Interval": "sklearn.utils._param_validation",
    "StrOptions": "sklearn.utils._param_validation",
    "_BaseComposition": "sklearn.utils.metaestimators",
    "_check_feature_names": "sklearn.utils.validation",
    "_check_sample_weight": "sklearn.utils.validation",
    "_fit_context": "sklearn.base",
    "_safe_indexing": "sklearn.utils",
}

P = ParamSpec("P")
R = TypeVar("R")

# Warnings do not point to lines of these packages, because users cannot change them.
_PASSED_OVER = frozenset(
    {
        "concurrent",
        "imblearn",
        "joblib",
        "keras",
        "multiprocessing",
        "skcnn",
        "sklearn",
        "tensorflow",
        "threading",
    }
)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def own_random_state(seed: Any) -> np.random.RandomState:
    """Return a random state that is not NumPy's global one.

    scikit-learn's `check_random_state` draws from the global state where the seed is None.
    """
    return seed if isinstance(seed, np.random.RandomState) else np.random.RandomState(seed)


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line of the user's own code that led here, however deep the call is."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in _PASSED_OVER:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def warn_renamed(old: str, new: str) -> None:
    """Say that an old public name still works in this version, and what to write instead."""
    warn_user(
        f"{old} is deprecated since skcnn 0.2 and will be removed in 0.3. Write {new}.",
        FutureWarning,
    )


def renamed_arguments(**new_names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function take arguments by their old names too, with a FutureWarning.

    Parameters
    ----------
    **new_names : str
        The old name of each argument, and its new one: ``classes="labels"``.

    Raises
    ------
    TypeError
        When the function is called with both names of one argument.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            for old, new in new_names.items():
                if old not in kwargs:
                    continue
                if new in kwargs:
                    raise TypeError(
                        f"{function.__name__} got {old} and {new}, two names of one argument; "
                        f"expected {new} alone."
                    )
                warn_renamed(f"The argument {old} of {function.__name__}", f"{new}=")
                kwargs[new] = kwargs.pop(old)
            return function(*args, **kwargs)

        return call

    return decorate
