"""Training leaves the process as it found it, but for TensorFlow being loaded."""

from __future__ import annotations

import os
import random
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np

# What TensorFlow's C++ side prints when it is loaded and first looks for devices. It goes straight
# to file descriptor 2, past Python and past TF_CPP_MIN_LOG_LEVEL.
_START_UP_LINE = re.compile(
    rb"(?:[IWE]\d{4} [\d:. ]+\s*\d+ \w+\.cc:\d+\]|"
    rb"\d{4}-\d\d-\d\d [\d:.]+: [IWE] |"
    rb"WARNING: All log messages before absl::InitializeLog|"
    rb"To enable the following instructions:)"
)


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


def _restore(environment: dict[str, str]) -> None:
    for name in set(os.environ) - set(environment):
        del os.environ[name]
    for name, value in environment.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


def load_tensorflow() -> None:
    """Import TensorFlow, Keras, SciKeras and Numba, quietly and without side effects.

    Raises
    ------
    ImportError
        If Keras was set to another backend than TensorFlow.
    """
    if "tensorflow" not in sys.modules or "scikeras.wrappers" not in sys.modules:
        with preserved_state(), warnings.catch_warnings(), _without_start_up_lines():
            import scikeras.wrappers  # noqa: F401
            import tensorflow  # noqa: F401
    import keras

    if keras.backend.backend() != "tensorflow":
        msg = (
            f"Keras runs on the backend {keras.backend.backend()!r}; skcnn trains with TensorFlow. "
            "Unset KERAS_BACKEND (or set it to 'tensorflow') before Keras is first imported."
        )
        raise ImportError(msg)


@cache
def meet_devices() -> None:
    """Have TensorFlow look for its devices, quietly, before the first training of a process.

    Not on import: from then on TensorFlow's thread and memory settings cannot be changed.
    """
    with preserved_state(), _without_start_up_lines():
        import tensorflow as tf

        tf.zeros(1)


@contextmanager
def _without_start_up_lines() -> Iterator[None]:
    """Hold back standard error and let through all but TensorFlow's start-up lines.

    A user who has set TF_CPP_MIN_LOG_LEVEL or TF_CPP_MAX_VLOG_LEVEL wants to see them.
    """
    if {"TF_CPP_MIN_LOG_LEVEL", "TF_CPP_MAX_VLOG_LEVEL"} & set(os.environ):
        yield
        return
    try:
        original = os.dup(2)
    except OSError:  # standard error is closed
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(original, 2)
            os.close(original)
            held.seek(0)
            rest = [line for line in held if line.strip() and not _START_UP_LINE.match(line)]
            if rest:
                os.write(2, b"".join(rest))
