"""The estimator in forked processes, and in processes where warnings are errors."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from skcnn import CostSensitiveTextCNN, MinCostClassifier
from skcnn._compat import one_blas_thread
from skcnn.network import build_text_cnn
from tests.own_networks import averaged

ROOT = Path(__file__).parents[1]
LIMIT = 60  # seconds after which a process counts as one that waits forever
TEXTS, LABELS = ["win cash", "lunch today", "cash prize", "see you at lunch"] * 8, [1, 0, 1, 0] * 8

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    # Python 3.12 and newer warn at each fork of a process with threads.
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
]


def in_a_fork(call: Callable[[], Any]) -> Any:
    """Return what a function returns in a forked process, or the error that it raises."""

    def work() -> None:
        try:
            result: Any = call()
        except Exception as error:
            result = error
        sender.send(result)

    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=work, daemon=True)
    process.start()
    try:
        assert receiver.poll(LIMIT), "the forked process waits forever"
        return receiver.recv()
    finally:
        process.kill()
        process.join()


@pytest.fixture(scope="module")
def cnn() -> CostSensitiveTextCNN:
    tf.zeros(1)  # TensorFlow is in use, whatever other tests did
    return small().fit(TEXTS, LABELS)


@pytest.fixture(scope="module")
def own_network() -> CostSensitiveTextCNN:
    return small(network=averaged).fit(TEXTS, LABELS)


def small(**parameters: Any) -> CostSensitiveTextCNN:
    return CostSensitiveTextCNN(
        embedding_dim=4,
        n_filters=2,
        epochs=1,
        early_stopping=False,
        random_state=0,
        **parameters,
    )


METHODS = ["predict", "predict_proba", "predict_log_proba", "expected_costs"]


@pytest.mark.parametrize("method", METHODS)
def test_a_fork_predicts_as_its_parent_does(method: str, cnn: CostSensitiveTextCNN) -> None:
    predict = getattr(cnn, method)
    np.testing.assert_array_equal(in_a_fork(lambda: predict(TEXTS)), predict(TEXTS))


def test_a_fork_predicts_whatever_other_threads_of_its_parent_do(
    cnn: CostSensitiveTextCNN,
) -> None:
    expected = cnn.predict_proba(TEXTS)
    with one_blas_thread._lock:  # for a moment, each thread that predicts holds it
        found = in_a_fork(lambda: cnn.predict_proba(TEXTS))
    np.testing.assert_array_equal(found, expected)


def test_a_fork_saves_and_loads(cnn: CostSensitiveTextCNN, tmp_path: Path) -> None:
    def save_and_load() -> Any:
        cnn.save(tmp_path / "model")
        return CostSensitiveTextCNN.load(tmp_path / "model").predict_proba(TEXTS)

    np.testing.assert_array_equal(in_a_fork(save_and_load), cnn.predict_proba(TEXTS))


KERAS: dict[str, Callable[[Any, Any], Any]] = {
    "fit": lambda cnn, own: cnn.fit(TEXTS, LABELS),
    "fit of a larger network": lambda cnn, own: CostSensitiveTextCNN().fit(TEXTS, LABELS),
    "fit of a network of one's own": lambda cnn, own: own.fit(TEXTS, LABELS),
    "fit of a classifier around it": lambda cnn, own: MinCostClassifier(small()).fit(TEXTS, LABELS),
    "partial_fit": lambda cnn, own: cnn.partial_fit(TEXTS, LABELS),
    "first partial_fit": lambda cnn, own: small().partial_fit(TEXTS, LABELS, [0, 1]),
    "model_": lambda cnn, own: cnn.model_,
    "model_ of a network of one's own": lambda cnn, own: own.model_,
    "predict of a network of one's own": lambda cnn, own: own.predict(TEXTS),
    "predict of a loaded network": lambda cnn, own: CostSensitiveTextCNN.load(own).predict(TEXTS),
    "build_text_cnn": lambda cnn, own: build_text_cnn(5, 4, 2),
}


@pytest.mark.parametrize("name", KERAS)
def test_what_needs_keras_raises_an_error_in_a_fork_at_once(
    name: str, cnn: CostSensitiveTextCNN, own_network: CostSensitiveTextCNN, tmp_path: Path
) -> None:
    own: Any = own_network
    if "loaded" in name:
        own = tmp_path / "model"
        own_network.save(own)
    error = in_a_fork(lambda: KERAS[name](cnn, own))
    assert isinstance(error, RuntimeError), error
    for words in ("needs TensorFlow", "forked", "'loky'", "'spawn'", "before the first fit"):
        assert words in str(error)


def test_fit_of_a_keras_model_raises_an_error_in_a_fork_at_once() -> None:
    model = build_text_cnn(5, 4, 2)
    model.compile("adam", "sparse_categorical_crossentropy")
    error = in_a_fork(lambda: model.fit(np.ones((4, 3), int), np.array([0, 1, 0, 1])))
    assert isinstance(error, RuntimeError), error


def run(code: str, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a new process in which no log level is set."""
    names = {"TF_CPP_MIN_LOG_LEVEL", "TF_CPP_MAX_VLOG_LEVEL", "PYTHONWARNINGS"}
    inherited = {name: value for name, value in os.environ.items() if name not in names}
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=3 * LIMIT,
        check=False,
    )


FORKS = """
import joblib
from sklearn.model_selection import GridSearchCV
from tests.test_estimator_processes import LABELS, TEXTS, in_a_fork, small

def fits():
    return small().fit(TEXTS, LABELS).predict(TEXTS[:2]).tolist()

def searches():
    with joblib.parallel_config(backend="multiprocessing", n_jobs=2):
        search = GridSearchCV(small(), {"n_filters": [2, 3]}, cv=2, n_jobs=2)
        return search.fit(TEXTS, LABELS).predict(TEXTS[:2]).tolist()
"""


def test_a_search_in_forks_after_a_fit_says_what_to_do() -> None:
    code = f"""{FORKS}
fits()
try:
    searches()
except ValueError as error:  # of scikit-learn: all fits failed, and why
    print(error)
"""
    process = run(code)
    assert process.returncode == 0, process.stderr
    assert "needs TensorFlow" in process.stdout
    assert "'loky'" in process.stdout


@pytest.mark.slow
def test_forks_fit_until_their_parent_uses_tensorflow() -> None:
    code = f"""{FORKS}
import skcnn.network
assert in_a_fork(fits) == [1, 0]
assert searches() == [1, 0]
import keras
keras.ops.zeros(1)  # not by skcnn
print(in_a_fork(fits))
"""
    process = run(code)
    assert process.returncode == 0, process.stderr
    assert "'loky'" in process.stdout


QUIET = """
import io
from skcnn import CostSensitiveTextCNN
from tests.own_networks import averaged

texts, labels = ["win cash", "lunch today", "cash prize", "see you at lunch"] * 8, [1, 0, 1, 0] * 8
for parameters in ({}, {"network": averaged}, {"optimizer": "sgd"}):
    cnn = CostSensitiveTextCNN(epochs=2, random_state=0, **parameters).fit(texts, labels)
    assert cnn.predict(texts[:2]).tolist() == [1, 0]
    cnn.model_
CostSensitiveTextCNN(epochs=2).partial_fit(texts, labels, [0, 1]).partial_fit(texts, labels)
"""


@pytest.mark.parametrize(
    "level", ["1", *(pytest.param(level, marks=pytest.mark.slow) for level in (None, "2", "3"))]
)
def test_fits_where_warnings_are_errors_print_nothing(level: str | None) -> None:
    process = run(QUIET, "-W", "error", **{} if level is None else {"TF_CPP_MIN_LOG_LEVEL": level})
    assert (process.stdout, process.stderr, process.returncode) == ("", "", 0)
