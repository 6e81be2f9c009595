"""Training changes nothing in the process, except that TensorFlow is loaded."""

from __future__ import annotations

import logging
import os
import pickle
import random
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import keras
import numba
import numpy as np
import pytest
import tensorflow as tf
from keras import callbacks
from keras.src.backend.common import global_state
from tensorflow.python.framework.config import is_op_determinism_enabled
from threadpoolctl import threadpool_info, threadpool_limits

import skcnn
from skcnn.network._environment import (
    _without_start_up_lines,
    load_tensorflow,
    preserved_state,
)
from skcnn.network._threads import in_parts, worker_threads
from tests.network.small import (
    WORD_PARTS,
    assert_equal_weights,
    small_model,
    texts_and_targets,
    train,
    train_as_the_estimator_does,
    weights_of,
)

LOSSES = ["misclassification", "categorical_crossentropy"]


def world():
    """Everything global that training might change."""
    seeds = global_state.get_global_attribute("global_seed_generator")
    return {
        "random": random.getstate(),
        "numpy": [np.asarray(part).tolist() for part in np.random.get_state()],
        "keras": seeds and np.asarray(seeds.state).tolist(),
        "environment": dict(os.environ),
        "warnings": list(warnings.filters),
        "floating point errors": np.geterr(),
        "directory": os.getcwd(),
        "floatx": keras.config.floatx(),
        "data format": keras.config.image_data_format(),
        "policy": keras.config.dtype_policy().name,
        "determinism": is_op_determinism_enabled(),
        "eager functions": tf.config.functions_run_eagerly(),
        "TensorFlow's threads": (
            tf.config.threading.get_inter_op_parallelism_threads(),
            tf.config.threading.get_intra_op_parallelism_threads(),
        ),
        "BLAS threads": {pool["filepath"]: pool["num_threads"] for pool in threadpool_info()},
        "threads": threading.active_count(),
        "log level": tf.get_logger().level,
        "handlers": list(logging.getLogger().handlers),
        "traceback filtering": keras.config.is_traceback_filtering_enabled(),
        "interactive logging": keras.config.is_interactive_logging_enabled(),
    }


def changes(before):
    """Names of what differs from `before`; libraries may have been loaded since."""
    after = world()
    after["BLAS threads"] = {
        path: number
        for path, number in after["BLAS threads"].items()
        if path in before["BLAS threads"]
    }
    return [name for name in before if before[name] != after[name]]


def draws():
    """The next random numbers of every global source."""
    return [
        random.random(),
        np.random.random(),
        float(keras.random.uniform(())),
        float(tf.random.uniform(())),
        float(tf.random.get_global_generator().uniform(())),
    ]


def seed_everything():
    # Until Keras >= 3.13: set_random_seed leaves the seeds of a generator that there is.
    global_state.set_global_attribute("global_seed_generator", None)
    keras.utils.set_random_seed(3)
    tf.random.set_global_generator(tf.random.Generator.from_seed(3))
    keras.random.uniform(())


class Fails(callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        raise RuntimeError("on purpose")


def fit_and_fail(**options):
    with pytest.raises(RuntimeError, match="on purpose"):
        train_as_the_estimator_does(callbacks=[Fails()], **options)


def two_fits_at_once(**options):
    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(train_as_the_estimator_does, **options) for _ in range(2)]:
            future.result()


every_fit = pytest.mark.parametrize(
    "fit", [train_as_the_estimator_does, fit_and_fail, two_fits_at_once]
)


@every_fit
@pytest.mark.parametrize("loss", LOSSES)
def test_global_state_is_as_before(fit, loss):
    seed_everything()
    before = world()
    fit(loss=loss, optimizer="adam" if loss == "misclassification" else "sgd")
    assert changes(before) == []


@every_fit
def test_the_next_random_numbers_are_those_without_training(fit):
    seed_everything()
    expected = draws()
    seed_everything()
    fit()
    assert draws() == expected


def test_global_seeds_do_not_change_what_is_trained():
    results = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        results.append(weights_of(train_as_the_estimator_does()))
    assert_equal_weights(*results)


@pytest.mark.parametrize("fit", [train_as_the_estimator_does, fit_and_fail, two_fits_at_once])
@pytest.mark.parametrize("limit", [1, 2])
def test_the_callers_limit_of_blas_threads_stays(fit, limit):
    with threadpool_limits(limit, user_api="blas"):
        before = world()["BLAS threads"]
        fit()
        assert world()["BLAS threads"] == before


@contextmanager
def policy(name):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@contextmanager
def floatx(name):
    keras.config.set_floatx(name)
    try:
        yield
    finally:
        keras.config.set_floatx("float32")


@contextmanager
def channels_first():
    keras.config.set_image_data_format("channels_first")
    try:
        yield
    finally:
        keras.config.set_image_data_format("channels_last")


@contextmanager
def eager_functions():
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)


@contextmanager
def numpy_errors_raise():
    with np.errstate(all="raise", under="ignore"):
        yield


SETTINGS = {
    "mixed_float16": lambda: policy("mixed_float16"),
    "mixed_bfloat16": lambda: policy("mixed_bfloat16"),
    "float64": lambda: floatx("float64"),
    "channels_first": channels_first,
    "eager functions": eager_functions,
    "NumPy's errors raise": numpy_errors_raise,
}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"optimizer": "sgd"},
        {"loss": "cross_entropy", "average_weights": True},
        {"word_parts": WORD_PARTS, "average_weights": True},
        {"optimizer": "sgd", "word_parts": WORD_PARTS},
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("setting", SETTINGS)
def test_the_users_settings_neither_break_nor_change_training(setting, options):
    options = {"optimizer_params": {"learning_rate": 0.05}, **options}
    expected = train_as_the_estimator_does(**options)
    with SETTINGS[setting]():
        before = world()
        found = train_as_the_estimator_does(**options)
        assert changes(before) == []
    assert_equal_weights(weights_of(found), weights_of(expected), atol=1e-5)
    assert all(array.dtype == np.float32 for array in weights_of(found))


@pytest.mark.parametrize("setting", SETTINGS)
def test_losses_of_keras_work_under_the_users_settings(setting):
    expected = train_as_the_estimator_does(loss="sparse_categorical_crossentropy")
    with SETTINGS[setting]():
        found = train_as_the_estimator_does(loss="sparse_categorical_crossentropy")
    assert_equal_weights(weights_of(found), weights_of(expected), atol=1e-4)


def test_two_fits_at_once_give_what_each_gives_alone():
    expected = weights_of(train_as_the_estimator_does(texts_and_targets(200), epochs=5))
    with ThreadPoolExecutor(2) as pool:
        futures = [
            pool.submit(train_as_the_estimator_does, texts_and_targets(200), epochs=5)
            for _ in range(4)
        ]
    for future in futures:
        assert_equal_weights(weights_of(future.result()), expected)


def test_random_states_and_environment_are_restored_after_an_error(monkeypatch):
    monkeypatch.setenv("SKCNN_TEST_CHANGED", "before")
    monkeypatch.setenv("SKCNN_TEST_REMOVED", "before")
    before = world()

    @preserved_state()
    def change_and_fail():
        os.environ["SKCNN_TEST_CHANGED"] = os.environ["SKCNN_TEST_ADDED"] = "after"
        del os.environ["SKCNN_TEST_REMOVED"]
        random.seed(1)
        np.random.seed(1)
        raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        change_and_fail()
    assert changes(before) == []


def test_fifty_fits_do_not_make_tensorflow_complain():
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    tf.get_logger().addHandler(handler)
    try:
        sequences, targets = texts_and_targets(30)
        for i in range(50):
            rows = np.arange(i % 7, 30)
            model = small_model(loss=LOSSES[0] if i % 5 else LOSSES[1], optimizer="adam")
            train(model, (sequences.take(rows), targets[rows]), epochs=1, batch_size=5 + i % 3)
    finally:
        tf.get_logger().removeHandler(handler)
    assert lines == []


START_UP_LINES = (
    b"2024-08-01 10:11:12.131415: I tensorflow/core/util/port.cc:153] oneDNN custom operations\n"
    b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
    b"I0000 00:00:1722500000.123456   12345 port.cc:153] oneDNN custom operations are on.\n"
    b"E0000 00:00:1722500000.123456     999 cuda_dnn.cc:8310] Unable to register cuDNN factory\n"
    b"To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow\n"
)
OTHER_LINES = (
    b"Traceback (most recent call last):\n"
    b"Intel MKL WARNING\n"
    b"2024-08-01 10:11:12 my own log\n"
    b"not ended"
)


def written_during_start_up(capfd):
    with _without_start_up_lines():
        os.write(2, START_UP_LINES + OTHER_LINES)
    os.write(2, b"|after")
    return capfd.readouterr().err.encode()


def clear_log_settings(monkeypatch):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    monkeypatch.delenv("TF_CPP_MAX_VLOG_LEVEL", raising=False)


def test_other_peoples_lines_survive_the_start_up_of_tensorflow(monkeypatch, capfd):
    clear_log_settings(monkeypatch)
    assert written_during_start_up(capfd) == OTHER_LINES + b"|after"


@pytest.mark.parametrize("level", ["1", "2", "3", ""])
def test_a_user_who_asks_for_fewer_lines_sees_no_start_up_lines(level, monkeypatch, capfd):
    clear_log_settings(monkeypatch)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", level)
    assert written_during_start_up(capfd) == OTHER_LINES + b"|after"


@pytest.mark.parametrize("setting", [("TF_CPP_MIN_LOG_LEVEL", "0"), ("TF_CPP_MAX_VLOG_LEVEL", "1")])
def test_a_user_who_asks_for_all_lines_sees_the_start_up_lines(setting, monkeypatch, capfd):
    clear_log_settings(monkeypatch)
    monkeypatch.setenv(*setting)
    assert written_during_start_up(capfd) == START_UP_LINES + OTHER_LINES + b"|after"


def test_standard_error_comes_back_after_an_error(monkeypatch, capfd):
    @_without_start_up_lines()
    def write_and_fail():
        os.write(2, START_UP_LINES + OTHER_LINES)
        raise RuntimeError("on purpose")

    clear_log_settings(monkeypatch)
    with pytest.raises(RuntimeError, match="on purpose"):
        write_and_fail()
    assert capfd.readouterr().err.encode() == OTHER_LINES


SCRIPT = """
import os, pickle, random, sys, warnings
import numpy as np

def world():
    numpy_state = np.random.get_state()[1].tolist()
    return dict(os.environ), list(warnings.filters), random.getstate(), numpy_state

random.seed(1), np.random.seed(1)
before = world()
import skcnn.network._kernels
names = "environment", "warning filters", "random", "numpy.random"
assert [n for n, old, new in zip(names, before, world()) if old != new] == []

from tests.network.small import WORD_PARTS, texts_and_targets, weights_of
from tests.network.small import train_as_the_estimator_does as train
weights = [
    weights_of(train(texts_and_targets(200), n_filters=30, word_parts=parts))
    for parts in (None, WORD_PARTS)
]
with open(sys.argv[1], "wb") as file:
    pickle.dump(weights, file)
"""


@pytest.fixture(scope="module")
def fresh_process(tmp_path_factory):
    """A finished process that has trained with one thread, and the weights that it stored."""
    path = tmp_path_factory.mktemp("process") / "weights"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(Path(skcnn.__file__).parents[1]), *sys.path]),
        "NUMBA_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    for name in ("TF_CPP_MIN_LOG_LEVEL", "TF_CPP_MAX_VLOG_LEVEL"):
        environment.pop(name, None)
    command = [sys.executable, "-c", SCRIPT, str(path)]
    process = subprocess.run(command, env=environment, capture_output=True, check=False)
    return process, pickle.loads(path.read_bytes()) if path.exists() else None


def test_a_fresh_process_that_trains_prints_nothing(fresh_process):
    process, _ = fresh_process
    assert (process.stdout, process.stderr, process.returncode) == (b"", b"", 0)


@pytest.mark.skipif(numba.get_num_threads() < 2, reason="this machine has one thread only")
def test_weights_do_not_depend_on_the_number_of_threads(fresh_process):
    for parts, one_thread in zip((None, WORD_PARTS), fresh_process[1], strict=True):
        two_threads = train_as_the_estimator_does(
            texts_and_targets(200), n_filters=30, word_parts=parts
        )
        assert_equal_weights(weights_of(two_threads), one_thread)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_training_uses_as_many_threads_as_are_allowed(n_threads, monkeypatch):
    def work(part):
        # No part ends before `n_threads` parts have begun.
        barrier.wait(timeout=60)
        return threading.get_ident()

    barrier = threading.Barrier(n_threads)
    monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", n_threads)
    with worker_threads() as executor:
        idents = in_parts(executor, work, [slice(0, 1), slice(1, 2)])
    assert len(set(idents)) == n_threads
    assert threading.get_ident() in idents


def test_tensorflows_settings_can_be_changed_after_importing_the_losses():
    set_threads = "tf.config.threading.set_intra_op_parallelism_threads(1)"
    script = f"import skcnn.losses, tensorflow as tf; {set_threads}"
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


def test_another_backend_of_keras_raises_an_error_that_says_how_to_fix_it(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(ImportError, match=r"runs on the backend 'torch'.*Unset KERAS_BACKEND"):
        load_tensorflow()
