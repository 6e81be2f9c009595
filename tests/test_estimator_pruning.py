"""A search that stops a fit after an epoch, by a Keras callback that raises an error."""

from __future__ import annotations

import threading
from typing import Any

import keras
import numpy as np
import pytest

from tests.conftest import Corpus, Make
from tests.own_networks import averaged


class Pruned(Exception):  # noqa: N818
    """As optuna.TrialPruned."""


class Prune(keras.callbacks.Callback):
    """Reports each epoch to a trial of Optuna, which may stop the fit."""

    def __init__(self, trial: Any, error: type[Exception]) -> None:
        super().__init__()
        self.trial, self.error = trial, error

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        assert logs is not None
        self.trial.report(logs["val_loss"], epoch)
        if self.trial.should_prune():
            raise self.error


class Trial:
    def __init__(self, n_epochs: int) -> None:
        self.n_epochs, self.values = n_epochs, list[float]()

    def report(self, value: float, step: int) -> None:
        assert step == len(self.values)
        self.values.append(value)

    def should_prune(self) -> bool:
        return len(self.values) == self.n_epochs


@pytest.mark.parametrize("was_fitted", [False, True])
@pytest.mark.parametrize("parameters", [{}, {"network": averaged}, {"linear_model": False}])
def test_a_pruned_fit_leaves_nothing_behind(
    parameters: dict[str, Any], was_fitted: bool, small_cnn: Make, two_classes: Corpus
) -> None:
    given = two_classes.texts, two_classes.labels
    parameters = {"early_stopping": True, "n_iter_no_change": 9, **parameters}
    cnn = small_cnn(**parameters)
    before = cnn.fit(*given)._model if was_fitted else None
    state = vars(cnn) | {"callbacks": None}
    random_state, n_threads = str(np.random.get_state()), threading.active_count()
    callback = Prune(Trial(2), Pruned)
    with pytest.raises(Pruned):
        cnn.set_params(callbacks=[callback]).fit(*given)
    assert len(callback.trial.values) == 2
    assert callback._model is None
    assert threading.active_count() <= n_threads
    assert str(np.random.get_state()) == random_state
    assert cnn.set_params(callbacks=None).__dict__ == state
    assert getattr(cnn, "_model", None) is before
    expected = small_cnn(**parameters).fit(*given).predict_proba(two_classes.texts)
    np.testing.assert_array_equal(cnn.fit(*given).predict_proba(two_classes.texts), expected)


def test_optuna_prunes_by_epoch(small_cnn: Make, two_classes: Corpus) -> None:
    optuna = pytest.importorskip("optuna", reason="needs Optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def objective(trial: Any) -> float:
        cnn = small_cnn(
            # From the second trial on, the network hardly learns.
            learning_rate=0.02 if trial.number == 0 else 1e-6,
            early_stopping=True,
            n_iter_no_change=9,
            callbacks=[Prune(trial, optuna.TrialPruned)],
        )
        cnn.fit(two_classes.texts, two_classes.labels)
        return min(cnn.history_["val_loss"])

    study = optuna.create_study(pruner=optuna.pruners.MedianPruner(n_startup_trials=1))
    study.optimize(objective, n_trials=3)
    states = [trial.state for trial in study.trials]
    assert states == [optuna.trial.TrialState.COMPLETE] + [optuna.trial.TrialState.PRUNED] * 2
    assert all(len(trial.intermediate_values) < 4 for trial in study.trials[1:])
