"""Callbacks of scikit-learn, which has them since version 1.9.

A callback gets a tree of tasks. Here, `fit` is a task, and each epoch of the network is one in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from skcnn._compat import CallbackSupportMixin, without_autologging
from skcnn.fitting._reporter import Reporter
from skcnn.predicting._model import FittedModel


class FitTask:
    """The task of a fit: tells callbacks about the fit and its epochs.

    Parameters
    ----------
    owner : the estimator that is fitted
    X, y, sample_weight : as `fit` got them
    max_epochs : largest number of epochs
    """

    def __init__(self, owner: Any, X: Any, y: Any, sample_weight: Any, max_epochs: int) -> None:
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self._given = {"estimator": owner, "X": X, "y": y, "metadata": metadata}
        self._task = owner._init_callback_context(max_subtasks=max_epochs)
        self._task.call_on_fit_task_begin(**self._given)
        self._epoch: Any = None

    def begin_epoch(self) -> None:
        """Tell the callbacks that an epoch begins."""
        self._epoch = self._task.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(**self._given)

    def end_epoch(self, make_model: Callable[[], FittedModel]) -> bool:
        """Tell the callbacks that an epoch ended; return whether one of them wants to stop.

        A callback that asks for the fitted estimator gets a copy that predicts by the network
        alone. The model is made only for such a callback.
        """

        def attributes() -> dict[str, FittedModel]:
            model = make_model().with_columns_of(self._given["X"])
            return {"_model": replace(model, given_costs=self._given["estimator"].cost_matrix)}

        stop = self._epoch.call_on_fit_task_end(**self._given, reconstruction_attributes=attributes)
        return bool(stop)

    def end(self) -> None:
        """Tell the callbacks that the estimator is fitted, with all its models."""
        self._task.call_on_fit_task_end(**self._given, reconstruction_attributes={})


class FitTaskMixin(CallbackSupportMixin):
    """Lets an estimator have callbacks of scikit-learn, where its version knows them."""

    @contextmanager
    def _reporting(
        self, X: Any, y: Any, sample_weight: Any, verbose: int, max_epochs: int
    ) -> Iterator[Reporter]:
        """Return what is told about the progress of a fit; at the end, the estimator is fitted.

        MLflow does not log the parts of the estimator meanwhile.
        Also tells the callbacks of scikit-learn, if some are set. After an error they hear no more:
        `_fit_context` lets them clean up.
        """
        task = None
        if getattr(self, "_skl_callbacks", None):  # never before scikit-learn 1.9
            task = FitTask(self, X, y, sample_weight, max_epochs)
        with without_autologging, Reporter(verbose, task) as reporter:
            yield reporter
        if task is not None:
            task.end()
