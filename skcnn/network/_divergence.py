"""Training that diverges: errors for numbers that are not finite, a warning for a high loss."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from skcnn._compat import warn_user

from ._labeled_texts import LabeledTexts
from ._labels import Labels

_CURE = "Lower learning_rate, or set optimizer_params={'clipnorm': 1.0}."
_OWN_LOSS = (
    " If the loss is your own, it may have no value for some probabilities: keep them away from 0 "
    "before a logarithm or a division."
)
# How many times the loss of equal outputs is too much for an epoch. Measured with five losses:
# where the labels say nothing, with dropout up to 0.9, the first epoch has up to 1.2 times that
# loss, and with large random word vectors up to 6 times. Where the learning rate is so high that
# the network learns nothing, the first epoch has 35 times to 1e19 times that loss.
_MUCH_HIGHER = 20.0
_ROWS = 1000


class FiniteLoss(keras.callbacks.Callback):
    """Raises an error at the end of an epoch if its loss is NaN or infinite.

    NaN cannot be compared: early stopping would keep the first epoch.
    """

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        for name, of_texts in (("loss", "training"), ("val_loss", "held-out")):
            value = (logs or {}).get(name)
            if value is not None:
                check_finite_loss(float(value), f"of epoch {epoch + 1} on the {of_texts} texts")


def check_finite_loss(loss: float, of_what: str) -> None:
    """Raise ValueError if a loss is NaN or infinite."""
    if not np.isfinite(loss):
        raise ValueError(
            f"Training diverged: the loss {of_what} is {loss}; expected a finite number. "
            f"{_CURE}{_OWN_LOSS}"
        )


def check_finite(weights: Iterable[NDArray[Any]]) -> None:
    """Raise an error if training diverged."""
    if not all(np.isfinite(array).all() for array in weights):
        raise ValueError(
            f"Training diverged: the network's weights are not finite numbers. {_CURE}"
        )


def warn_if_high(
    losses: Sequence[float],
    loss: Any,
    texts: LabeledTexts,
    n_classes: int,
    batch_size: int,
    penalty: float = 0.0,
) -> None:
    """Warn if training had a much higher loss than outputs that are equal for all classes.

    Parameters
    ----------
    losses : the training loss of each epoch up to the one whose weights are kept
    loss : what Keras takes as a loss
    texts : the training texts
    n_classes : K
    batch_size : int
    penalty : what the network's regularizers added to the loss before training
    """
    of_equal = _loss_of_equal_outputs(loss, texts, n_classes, batch_size) + penalty
    if 0 < _MUCH_HIGHER * of_equal < max(losses):
        warn_user(
            f"Training diverged: an epoch had a loss of {max(losses):.3g}, and the last one that "
            f"counts has {losses[-1]:.3g}. A network that gives "
            f"all classes the same probability has {of_equal:.3g}. {_CURE}",
            ConvergenceWarning,
        )


def _loss_of_equal_outputs(
    loss: Any, texts: LabeledTexts, n_classes: int, batch_size: int
) -> float:
    """Return the mean loss of a batch, estimated from a part of the texts."""
    rows = np.unique(np.linspace(0, len(texts) - 1, _ROWS).astype(np.int64))
    loss = keras.losses.get(loss)
    labels = Labels.for_loss(loss, n_classes, is_soft=texts.targets.ndim == 2)
    y_true = labels(texts.targets[rows], n_columns=n_classes)
    from_logits = getattr(loss, "from_logits", False)
    outputs = np.full((len(rows), n_classes), 0.0 if from_logits else 1 / n_classes, np.float32)
    tensors = [keras.ops.convert_to_tensor(each) for each in (y_true, outputs)]
    if isinstance(labels.loss, keras.losses.Loss):
        value = labels.loss(*tensors, sample_weight=texts.weights[rows])
    else:
        value = labels.loss(*tensors) * texts.weights[rows]
    mean = float(keras.ops.mean(value))
    if getattr(loss, "reduction", None) == "sum":
        return mean * min(batch_size, len(texts)) / len(rows)
    return mean
