"""Private names of scikit-learn, threads, forks, autologging, random states, warnings, packages.

scikit-learn's names are imported on first use: `skcnn.costs` needs this file, and importing
scikit-learn takes a second.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import cache, wraps
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numpy as np

if TYPE_CHECKING:
    from sklearn.base import _fit_context
    from sklearn.callback import CallbackSupportMixin
    from sklearn.utils import _safe_indexing
    from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
    from sklearn.utils.metaestimators import _BaseComposition
    from sklearn.utils.validation import _check_feature_names, _check_sample_weight

__all__ = [
    "KERAS_PACKAGES",
    "CallbackSupportMixin",
    "DocLinkMixin",
    "HasMethods",
    "Interval",
    "PickleVersionMixin",
    "StrOptions",
    "_BaseComposition",
    "_check_feature_names",
    "_check_sample_weight",
    "_fit_context",
    "_safe_indexing",
    "check_installed",
    "check_keras",
    "check_not_forked",
    "one_blas_thread",
    "own_random_state",
    "renamed_arguments",
    "warn_renamed",
    "warn_user",
    "without_autologging",
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

# The attribute of a pickled estimator that names the version.
_VERSION_KEY = "_skcnn_version"

# What training needs and predicting does not, by the names for `import`.
KERAS_PACKAGES = ("tensorflow", "keras", "scikeras", "numba")

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
    if name == "CallbackSupportMixin":
        return _callback_support()
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _callback_support() -> type:
    """Return scikit-learn's mixin for callbacks; before scikit-learn 1.9, an empty class."""
    try:
        mixin: type = import_module("sklearn.callback").CallbackSupportMixin
    except ModuleNotFoundError:
        return object
    return mixin


class DocLinkMixin:
    """The page that scikit-learn's picture of an estimator in a notebook links to."""

    _doc_link_module = "skcnn"
    _doc_link_template = "https://github.com/skcnn/skcnn/blob/main/docs/api.md"


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


class PickleVersionMixin:
    """Writes the version of skcnn into pickles, and warns if another version reads one.

    scikit-learn does this for its own classes alone. A class with this mixin is an estimator.
    """

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes, and the version."""
        from skcnn import __version__

        state: Any = super().__getstate__()
        return {**state, _VERSION_KEY: __version__}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Take the attributes over, with a warning if another version wrote them."""
        from skcnn import __version__

        found = state.get(_VERSION_KEY, "before 0.2")
        if found != __version__:
            warn_user(
                f"This {type(self).__name__} was pickled by skcnn {found}; this is skcnn "
                f"{__version__}, where it may fail or give other results. Fit it again, or load a "
                "file that `save` wrote.",
                _version_warning(),
            )
        attributes = {name: value for name, value in state.items() if name != _VERSION_KEY}
        super().__setstate__(attributes)  # type: ignore[misc]


@cache
def _version_warning() -> type[Warning]:
    """Return scikit-learn's warning about versions, with a text of its own."""
    from sklearn.exceptions import InconsistentVersionWarning

    class PickleVersionWarning(InconsistentVersionWarning):
        def __init__(self, message: str) -> None:
            UserWarning.__init__(self, message)

        def __str__(self) -> str:
            return str(self.args[0])

    return PickleVersionWarning


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


class _Fork:
    """Whether this process was forked from one in which TensorFlow had threads already.

    A fork has no threads but one, so TensorFlow would wait there forever for its own.
    """

    lacks_threads = False

    @classmethod
    def note(cls) -> None:
        """Look, in the new process, at whether TensorFlow had found its devices in the old one."""
        module = sys.modules.get("tensorflow.python.eager.context")
        # TensorFlow has no public name for this.
        context = getattr(module, "_context", None)
        cls.lacks_threads |= bool(getattr(context, "_initialized", False))


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_Fork.note)


def check_not_forked(what: str) -> None:
    """Raise an error where TensorFlow would wait forever.

    Parameters
    ----------
    what : str
        What needs TensorFlow, such as "fit".

    Raises
    ------
    RuntimeError
        If this process was forked from one that had used TensorFlow.
    """
    if _Fork.lacks_threads:
        raise RuntimeError(
            f"{what} needs TensorFlow, and this process was forked from one that had used "
            "TensorFlow already, in which case it waits forever; expected a process that was "
            "started otherwise. Use joblib's backend 'loky', which is its default, or "
            "multiprocessing.get_context('spawn'), or fork before TensorFlow is first used, for "
            "example before the first fit. Without `network`, a fitted model predicts in a forked "
            "process too."
        )


def check_installed(what: str, *packages: str, fix: str = "") -> None:
    """Raise an error if packages are missing; none of them is imported.

    Parameters
    ----------
    what : str
        What needs the packages, such as "fit".
    *packages : str
        Names by which they are imported.
    fix : str, default=""
        What to install, as `pip install` takes it. "": the packages that are missing.

    Raises
    ------
    ImportError
        If at least one of them is not installed.
    """
    missing = [name for name in packages if not sys.modules.get(name) and not find_spec(name)]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise ImportError(
            f"{what} needs {', '.join(missing)}, which {verb} not installed. Install with: "
            f"pip install {fix or ' '.join(missing)}"
        )


def check_keras(what: str) -> None:
    """Raise an error where Keras cannot be used: it is not installed, or would wait forever.

    Parameters
    ----------
    what : str
        What needs Keras, such as "fit".

    Raises
    ------
    ImportError
        If one of `KERAS_PACKAGES` is not installed.
    RuntimeError
        As `check_not_forked`.
    """
    check_installed(what, *KERAS_PACKAGES, fix="skcnn")
    check_not_forked(what)


class _SharedContext:
    """A context that several threads can share, because it counts its users.

    Parameters
    ----------
    begin : callable
        Called for the first user. It returns what is called after the last one.
    """

    def __init__(self, begin: Callable[[], Callable[[], object]]) -> None:
        self._begin = begin
        self._end: Callable[[], object] | None = None
        self._users = 0
        self._lock = threading.Lock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._start_anew)

    def __enter__(self) -> None:
        with self._lock:
            if self._users == 0:
                self._end = self._begin()
            self._users += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._users = max(0, self._users - 1)  # 0: this process was forked meanwhile
            if self._users == 0:
                self._leave()

    def _leave(self) -> None:
        end, self._end = self._end, None
        if end is not None:
            end()

    def _start_anew(self) -> None:
        """Forget the users, in a forked process: threads of its parent are not there.

        One of them may hold the old lock too.
        """
        self._lock = threading.Lock()
        self._users = 0
        self._leave()


@cache
def _blas() -> Any:
    """Find the BLAS libraries, which takes milliseconds: once per process."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


def _limit_blas() -> Callable[[], object]:
    end: Callable[[], object] = _blas().limit(limits=1).restore_original_limits
    return end


def _turn_autologging_off() -> Callable[[], object]:
    """Turn MLflow's autologging off, unless MLflow is not imported or has turned it off itself."""
    module: Any = sys.modules.get("mlflow.utils.autologging_utils")
    # MLflow has no public name for this.
    if getattr(module, "_AUTOLOGGING_GLOBALLY_DISABLED", True):
        return lambda: None
    with ExitStack() as stack:
        stack.enter_context(module.disable_autologging())
        return stack.pop_all().close


# BLAS, the library behind NumPy's matrix products, has one thread inside. Several threads of it
# wait for each other in a busy loop: if another process uses the processor too, a small product
# takes many times as long (see docs/performance.md).
one_blas_thread = _SharedContext(_limit_blas)

# MLflow does not log what is fitted inside. `mlflow.sklearn.autolog` replaces the `fit` of the
# classes of scikit-learn. So it would take each part of an estimator of skcnn, such as a logistic
# regression, for a model of the user. Its switch belongs to the whole process.
without_autologging = _SharedContext(_turn_autologging_off)
