"""Callbacks of scikit-learn, and of Keras that stop a fit."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline, make_pipeline

import skcnn.fitting._network
from skcnn import CostSensitiveTextCNN
from skcnn.fitting._text_cnn import to_text_cnn
from tests.conftest import Corpus, Make
from tests.own_networks import averaged

callback: Any = pytest.importorskip("sklearn.callback", reason="callbacks came in scikit-learn 1.9")

NETWORKS: dict[str, dict[str, Any]] = {
    "TextCNN": {},
    "weights are not averaged": {"average_weights": False},
    "own network": {"network": averaged},
    "early stopping": {"early_stopping": True, "n_iter_no_change": 9},
}


class Recorder:
    """Notes the tasks that it is told about; may stop after some epochs, or fail."""

    def __init__(self, stop_after: int | None = None, fail_after: int | None = None) -> None:
        self.stop_after, self.fail_after = stop_after, fail_after
        self.events: list[str] = []

    def setup(self, estimator: Any, context: Any) -> None:
        self.events.append("setup")

    def teardown(self, estimator: Any, context: Any) -> None:
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        self.events.append(f"begin {context.task_name} {context.task_id}")

    def on_fit_task_end(self, estimator: Any, context: Any) -> bool:
        self.events.append(f"end {context.task_name} {context.task_id}")
        n_epochs = sum(event.startswith("end epoch") for event in self.events)
        if n_epochs == self.fail_after:
            raise ZeroDivisionError
        return n_epochs == self.stop_after


class Probabilities(Recorder):
    """Keeps what the fitted estimator of each task predicts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Any] = []

    def on_fit_task_end(  # type: ignore[override]
        self, estimator: Any, context: Any, *, X: Any, fitted_estimator: Any
    ) -> None:
        self.found.append(fitted_estimator.predict_proba(X))


@pytest.fixture(autouse=True)
def _no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        yield


@pytest.mark.parametrize("name", NETWORKS)
def test_the_estimator_of_an_epoch_is_the_network_as_if_fit_had_only_so_many(
    name: str, small_cnn: Make, two_classes: Corpus
) -> None:
    probabilities = Probabilities()
    cnn = small_cnn(epochs=3, **NETWORKS[name]).set_callbacks(probabilities)
    cnn.fit(two_classes.texts, two_classes.labels)
    *epochs, last = probabilities.found
    np.testing.assert_array_equal(last, cnn.predict_proba(two_classes.texts))
    assert len(epochs) == cnn.n_iter_ == 3
    for number, found in enumerate(epochs, 1):
        alone = small_cnn(**{**NETWORKS[name], "epochs": number, "linear_model": False})
        expected = alone.fit(two_classes.texts, two_classes.labels)
        if expected.best_iter_ == number:  # early stopping keeps the best epoch
            np.testing.assert_allclose(found, expected.predict_proba(two_classes.texts), atol=1e-6)
    assert np.abs(epochs[-1] - last).max() > 1e-3  # the last one has the n-gram model too


def test_a_fit_with_callbacks_gives_the_same_model(small_cnn: Make, two_classes: Corpus) -> None:
    given = two_classes.texts, two_classes.labels
    expected = small_cnn().fit(*given).predict_proba(two_classes.texts)
    for each in (Recorder(), Probabilities(), callback.ScoringMonitor(scoring="neg_log_loss")):
        cnn = small_cnn().set_callbacks(each).fit(*given)
        np.testing.assert_array_equal(cnn.predict_proba(two_classes.texts), expected)


def test_a_scoring_monitor_has_a_score_for_each_epoch_and_for_all_models(
    small_cnn: Make, noisy: Corpus
) -> None:
    monitor = callback.ScoringMonitor(scoring=["neg_log_loss", "accuracy"])
    X = pd.DataFrame({"text": noisy.texts})
    weight = np.linspace(0.5, 2, len(noisy.texts))
    cnn = small_cnn({"spam": 5}, early_stopping=True).set_callbacks(monitor)
    cnn.fit(X, noisy.labels, sample_weight=weight)
    whole, *epochs = monitor.get_logs().data
    assert [row["task_name"] for row in epochs] == ["epoch"] * cnn.n_iter_
    loss = log_loss(noisy.labels, cnn.predict_proba(X), sample_weight=weight)
    accuracy = accuracy_score(noisy.labels, cnn.predict(X), sample_weight=weight)
    assert whole["neg_log_loss"] == pytest.approx(-loss)
    assert whole["accuracy"] == pytest.approx(accuracy)
    assert epochs[-1]["neg_log_loss"] > epochs[0]["neg_log_loss"]


def test_the_tasks_are_a_fit_and_its_epochs(small_cnn: Make, two_classes: Corpus) -> None:
    recorder = Recorder()
    small_cnn(epochs=2).set_callbacks(recorder).fit(two_classes.texts, two_classes.labels)
    epochs = [f"{when} epoch {n}" for n in range(2) for when in ("begin", "end")]
    assert recorder.events == ["setup", "begin fit 0", *epochs, "end fit 0", "teardown"]


def test_students_have_epochs_too(
    small_cnn: Make, two_classes: Corpus, new_texts: list[str]
) -> None:
    recorder = Recorder()
    bayes = make_pipeline(CountVectorizer(), MultinomialNB())
    cnn = small_cnn(epochs=2, members=[("bayes", bayes)], distill=True).set_callbacks(recorder)
    cnn.fit(two_classes.texts, two_classes.labels, unlabeled=new_texts)
    assert [event for event in recorder.events if "end epoch" in event] == [
        f"end epoch {n}" for n in range(4)
    ]


@pytest.mark.parametrize("parameters", [{}, {"network": averaged}])
def test_a_callback_stops_the_training(
    parameters: dict[str, Any], small_cnn: Make, two_classes: Corpus
) -> None:
    cnn = small_cnn(**parameters).set_callbacks(Recorder(stop_after=2))
    cnn.fit(two_classes.texts, two_classes.labels)
    assert cnn.n_iter_ == 2
    expected = small_cnn(**{**parameters, "epochs": 2}).fit(two_classes.texts, two_classes.labels)
    np.testing.assert_array_equal(
        cnn.predict_proba(two_classes.texts), expected.predict_proba(two_classes.texts)
    )


def test_a_model_is_made_only_for_a_callback_that_asks_for_it(
    small_cnn: Make, two_classes: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    make = to_text_cnn

    def noted(*args: Any) -> Any:
        made.append(args)
        return make(*args)

    monkeypatch.setattr(skcnn.fitting._network, "to_text_cnn", noted)
    for each, n_made in ((Recorder(), 1), (Probabilities(), 5)):
        made.clear()
        small_cnn().set_callbacks(each).fit(two_classes.texts, two_classes.labels)
        assert len(made) == n_made


def searches(cnn: CostSensitiveTextCNN) -> dict[str, Any]:
    return {
        "GridSearchCV": GridSearchCV(cnn, {"dropout": [0.1, 0.2]}, cv=2),
        "Pipeline": Pipeline([("cnn", cnn)]),
        "a search over a pipeline": GridSearchCV(
            Pipeline([("cnn", cnn)]), {"cnn__dropout": [0.1, 0.2]}, cv=2
        ),
    }


@pytest.mark.parametrize("name", searches(CostSensitiveTextCNN()))
@pytest.mark.parametrize("depth", [0, 1, None])
def test_a_progress_bar_of_a_search_needs_no_warning(
    name: str,
    depth: int | None,
    small_cnn: Make,
    two_classes: Corpus,
    capfd: pytest.CaptureFixture[str],
) -> None:
    outer = searches(small_cnn(epochs=2))[name]
    outer.set_callbacks(callback.ProgressBar(max_propagation_depth=depth))
    outer.fit(two_classes.texts, two_classes.labels)
    out, err = capfd.readouterr()
    assert "100%" in out or "10" in out
    assert "does not support callbacks" not in out + err


def test_a_monitor_on_the_estimator_inside_a_search_logs_every_fit(
    small_cnn: Make, two_classes: Corpus
) -> None:
    monitor = callback.ScoringMonitor(scoring="accuracy")
    cnn = small_cnn(epochs=2).set_callbacks(monitor)
    search = GridSearchCV(cnn, {"dropout": [0.1, 0.2]}, cv=2)
    search.fit(two_classes.texts, two_classes.labels)
    logged = [row["task_name"] for row in monitor.get_logs().data]
    assert logged.count("epoch") == 5 * 2


def test_with_memory_the_network_is_trained_for_a_callback(
    small_cnn: Make, two_classes: Corpus, tmp_path: Path
) -> None:
    for _ in range(2):
        recorder = Recorder()
        cnn = small_cnn(epochs=2, loss="cross_entropy", memory=str(tmp_path))
        cnn.set_callbacks(recorder).fit(two_classes.texts, two_classes.labels)
        assert "end epoch 1" in recorder.events


def test_copies_and_files_of_an_estimator_with_callbacks(
    small_cnn: Make, two_classes: Corpus, tmp_path: Path
) -> None:
    cnn = small_cnn(epochs=1).set_callbacks(Recorder()).fit(two_classes.texts, two_classes.labels)
    expected = cnn.predict_proba(two_classes.texts)
    cnn.save(tmp_path / "model.skcnn")
    loaded = CostSensitiveTextCNN.load(tmp_path / "model.skcnn")
    for copied in (loaded, pickle.loads(pickle.dumps(cnn))):
        np.testing.assert_array_equal(copied.predict_proba(two_classes.texts), expected)
    clone(cnn).fit(two_classes.texts, two_classes.labels)
    voting = VotingClassifier([("cnn", clone(cnn))], voting="soft")
    voting.fit(two_classes.texts, two_classes.labels)


@pytest.mark.parametrize("was_fitted", [False, True])
def test_after_an_error_the_callbacks_are_torn_down_and_the_model_is_the_old_one(
    was_fitted: bool, small_cnn: Make, two_classes: Corpus
) -> None:
    cnn = small_cnn(epochs=3)
    if was_fitted:
        before = cnn.fit(two_classes.texts, two_classes.labels)._model
    state = set(vars(cnn))
    recorder = Recorder(fail_after=2)
    with pytest.raises(ZeroDivisionError):
        cnn.set_callbacks(recorder).fit(two_classes.texts, two_classes.labels)
    assert recorder.events[-1] == "teardown"
    assert set(vars(cnn)) - {"_skl_callbacks"} == state
    assert not was_fitted or cnn._model is before
    cnn.set_callbacks().fit(two_classes.texts, two_classes.labels)
