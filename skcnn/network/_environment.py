"""Load and run TensorFlow without messages and without other changes to the process."""

from __future__ import annotations

import os
import random
import re
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module

import numpy as np

from skcnn._compat import KERAS_PACKAGES, check_installed, check_not_forked

from ._signals import signals_held_back

# Messages of TensorFlow's C++ code when it is loaded and first looks for devices. It writes them
# directly to file descriptor 2, where neither Python nor TF_CPP_MIN_LOG_LEVEL suppresses them.
_START_UP_LINE = re.compile(
    rb"(?:[IWE]\d{4} [\d:. ]+\s*\d+ \w+\.cc:\d+\]|"
    rb"\d{4}-\d\d-\d\d [\d:.]+: [IWE] |"
    rb"WARNING: All log messages before absl::InitializeLog|"
    rb"To enable the following instructions:)"
)

_SEEDING = threading.RLock()
_FILTERING = threading.RLock()


@contextmanager
def preserved_state() -> Iterator[None]:
    """Restore Python's and NumPy's global random states and the environment variables."""
    environment = dict(os.environ)
    python_state, numpy_state = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
        _restore(environment)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the global random states of Python and NumPy, and restore them at the end.

    Keras draws the seeds of initializers and of dropout layers from Python's. Threads wait for each
    other here, because they share these states.
    """
    with _SEEDING, preserved_state():
        random.seed(seed)
        np.random.seed(seed)
        yield


@contextmanager
def without_copy_warning() -> Iterator[None]:
    """Ignore NumPy's warning about the way in which Keras copies TensorFlow's variables.

    Where warnings are errors, as with ``python -W error``, Keras could not save a model. Threads
    wait for each other here, because they share the filters of warnings.
    """
    with _FILTERING, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "__array__ implementation doesn", DeprecationWarning)
        yield


def _restore(environment: dict[str, str]) -> None:
    for name in set(os.environ) - set(environment):
        del os.environ[name]
    for name, value in environment.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


def load_tensorflow() -> None:
    """Import TensorFlow, Keras, SciKeras and Numba, without start-up messages and side effects.

    Raises
    ------
    ImportError
        If one of them is not installed, or Keras was set to another backend than TensorFlow.
    """
    check_installed("A Keras network or loss", *KERAS_PACKAGES, fix="skcnn")
    if "tensorflow" not in sys.modules or "scikeras.wrappers" not in sys.modules:
        with (
            signals_held_back(),
            preserved_state(),
            warnings.catch_warnings(),
            _without_start_up_lines(),
        ):
            # TensorFlow first: where MLflow logs by itself, it reacts to this import and imports
            # Keras, which must not be half imported then.
            for name in ("tensorflow", "scikeras.wrappers", "numba"):
                import_module(name)
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ImportError(
            f"Keras runs on the backend {keras.backend.backend()!r}; skcnn trains with TensorFlow. "
            "Unset KERAS_BACKEND (or set it to 'tensorflow') before Keras is first imported."
        )


def initialize_devices() -> None:
    """Let TensorFlow find its devices, without messages, before the first training of a process.

    Not on import, because TensorFlow's thread and memory settings cannot be changed afterwards.

    Raises
    ------
    RuntimeError
        If TensorFlow found them before this process was forked.
    """
    check_not_forked("A Keras network")
    _initialize_devices()


def forget_kernels() -> None:
    """Free what TensorFlow keeps for the shapes of arrays that it has seen.

    It keeps it as long as the process lives, and each fit has arrays of other shapes: measured,
    half a megabyte for each fit. There is no public name for this.
    """
    from tensorflow.python.eager import context

    clear = getattr(context.context(), "clear_kernel_cache", None)
    if clear is not None:
        clear()


@cache
def _initialize_devices() -> None:
    with signals_held_back(), preserved_state(), _without_start_up_lines():
        import tensorflow as tf

        tf.zeros(1)


@contextmanager
def _without_start_up_lines() -> Iterator[None]:
    """Collect standard error, and at the end write all lines but TensorFlow's start-up messages.

    Does nothing if the user has set TF_CPP_MIN_LOG_LEVEL to 0, or TF_CPP_MAX_VLOG_LEVEL, and so
    wants to see the messages. Higher values of TF_CPP_MIN_LOG_LEVEL ask for fewer of them.
    """
    is_wanted = os.environ.get("TF_CPP_MIN_LOG_LEVEL", "").strip() == "0"
    if is_wanted or "TF_CPP_MAX_VLOG_LEVEL" in os.environ:
        yield
        return
    try:
        original = os.dup(2)
    except OSError:  # standard error is closed
        yield
        return
    with tempfile.TemporaryFile() as collected:
        os.dup2(collected.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(original, 2)
            os.close(original)
            collected.seek(0)
            rest = [line for line in collected if line.strip() and not _START_UP_LINE.match(line)]
            if rest:
                os.write(2, b"".join(rest))
