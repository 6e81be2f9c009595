"""The one place where a command waits for `fit`, and shows how far it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import TYPE_CHECKING

from skcnn.cli._output import progress

if TYPE_CHECKING:
    from skcnn._estimator import CostSensitiveTextCNN


def fit(
    model: CostSensitiveTextCNN,
    texts: Sequence[str],
    y: Sequence[str],
    what: str,
    *,
    unlabeled: Sequence[str] | None = None,
) -> CostSensitiveTextCNN:
    """Fit a model; show `what`, the epoch, its loss and the longest time that is left.

    Parameters
    ----------
    model : CostSensitiveTextCNN without callbacks
    texts, y : n texts and labels
    what : such as "Training on 1,677 rows"
    unlabeled : more texts
    """
    with progress(f"{what}: starting TensorFlow") as show:
        from skcnn.network._callbacks import epoch_callback

        show(f"{what}: tokens and word vectors")
        epochs = EpochMessages(what, model.epochs, show)
        model.set_params(callbacks=[epoch_callback(epochs)])
        try:
            model.fit(list(texts), list(y), unlabeled=unlabeled)
        finally:
            model.set_params(callbacks=None)
    return model


class EpochMessages:
    """Turns the end of each epoch into a message.

    Parameters
    ----------
    what : begins each message
    n_epochs : largest number of epochs
    show : shows a message
    seconds : a clock
    """

    def __init__(
        self,
        what: str,
        n_epochs: int,
        show: Callable[[str], None],
        seconds: Callable[[], float] = perf_counter,
    ) -> None:
        self._what, self._n_epochs, self._show, self._seconds = what, n_epochs, show, seconds
        self._ends: list[float] = []

    def __call__(self, epoch: int, logs: dict[str, float]) -> None:
        """Show what is known at the end of an epoch; `epoch` counts from 0."""
        self._ends.append(self._seconds())
        message = f"{self._what}: epoch {epoch + 1} of at most {self._n_epochs}"
        for key, name in (("loss", "loss"), ("val_loss", "validation loss")):
            if key in logs:
                message += f", {name} {logs[key]:.4f}"
        n_left = self._n_epochs - epoch - 1
        if len(self._ends) > 1 and n_left:
            of_one = (self._ends[-1] - self._ends[0]) / (len(self._ends) - 1)
            message += f", at most {of_one * n_left:.0f} s left for the network"
        self._show(message)
