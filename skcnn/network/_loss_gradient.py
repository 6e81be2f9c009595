"""A Keras loss as one compiled function: logits in, loss and gradient out."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ._cost_loss import _CostLoss
from ._loss_tables import Table, log_softmax_of_output, one_hot_labels
from .losses import CrossEntropy, ExpectedCost

Floats = NDArray[np.float32]
LossGradient = Callable[[Floats, NDArray[np.int32], Floats], tuple[float, Floats]]


def make_loss_gradient(loss: Any, n_classes: int) -> LossGradient:
    """Return ``(logits, labels, weights) -> (loss, d loss / d logits)`` for a Keras loss.

    Parameters
    ----------
    loss : keras.losses.Loss, str or callable
        Whatever `keras.Model.compile` takes for a model with softmax outputs. The losses of skcnn
        are computed from the logits, exactly; others get softmax probabilities.
    n_classes : int
        Number of columns of the logits.

    Returns
    -------
    callable
        Its arguments are logits (n, K) float32, labels (n,) int32 and weights (n,) float32; the
        loss is reduced over the rows as the loss' own `reduction` says.
    """
    if loss.__class__ in (CrossEntropy, ExpectedCost) and loss.reduction == "sum_over_batch_size":
        cost_weight = getattr(loss, "cost_weight", 0.0)
        return _expected_cost((cost_weight * np.asarray(loss.cost_matrix)).astype(np.float32))
    if _is_ours(loss) and loss.reduction == "sum_over_batch_size":
        compiled = _compile_table(type(loss).table, tuple(loss.parameters.items()), n_classes)
        return _on_arrays(compiled, tf.constant(loss.cost_matrix, tf.float32))
    return _on_arrays(_compile_any(loss, n_classes))


def _expected_cost(costs: Floats) -> LossGradient:
    """The default loss, in so few operations that a call of TensorFlow would cost more.

    With costs of 0, cross-entropy.
    """

    def gradient(
        logits: Floats, labels: NDArray[np.int32], weights: Floats
    ) -> tuple[float, Floats]:
        rows = np.arange(len(labels))
        shifted = logits - logits.max(axis=1, keepdims=True)
        exponentials = np.exp(shifted)
        totals = exponentials.sum(axis=1, keepdims=True)
        q = exponentials / totals  # (n, K) softmax
        own_costs = costs[labels]  # (n, K)
        expected = (q * own_costs).sum(axis=1, keepdims=True)  # (n, 1)
        slope = q * (1 + own_costs - expected)
        slope[rows, labels] -= 1
        log_q = shifted[rows, labels] - np.log(totals[:, 0])
        value = float((weights * (expected[:, 0] - log_q)).mean())
        return value, slope * (weights / len(labels))[:, np.newaxis]

    return gradient


def _is_ours(loss: Any) -> bool:
    """A subclass that computes its rows in its own way is treated as any Keras loss."""
    return isinstance(loss, _CostLoss) and type(loss).call is _CostLoss.call


def _on_arrays(compiled: Any, *constants: Any) -> LossGradient:
    # The one trace there is, called as such: looking for it anew takes half the time of a call.
    concrete = compiled.get_concrete_function()

    def gradient(logits: Floats, labels: NDArray[np.int32], weights: Floats) -> tuple[float, Any]:
        batch = (tf.constant(array) for array in (logits, labels, weights))
        value, slope = concrete(*batch, *constants)
        return float(value), slope.numpy()

    return gradient


@lru_cache(maxsize=64)
def _compile_table(table: Table, parameters: tuple[tuple[str, float], ...], n_classes: int) -> Any:
    """One trace serves every fit: the cost matrix is an argument, not a constant."""

    @tf.function(
        autograph=False,
        input_signature=[*_batch_signature(n_classes), tf.TensorSpec([n_classes, n_classes])],
    )
    def compiled(logits: Any, labels: Any, weights: Any, costs: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            log_q = log_softmax_of_output(logits, from_logits=True)
            truth = one_hot_labels(labels, n_classes, "float32")
            rows = tf.reduce_sum(truth * table(log_q, costs, **dict(parameters)), axis=-1)  # (n,)
            value = tf.reduce_mean(rows * weights)
        return value, tape.gradient(value, logits)

    return compiled


def _compile_any(loss: Any, n_classes: int) -> Any:
    """A loss that is not ours, on probabilities, as Keras would call it."""
    loss = keras.losses.get(loss)
    if getattr(loss, "from_logits", False):
        msg = (
            f"{loss!r} wants logits, and a TextCNN ends in a softmax. Create the loss with "
            "from_logits=False."
        )
        raise ValueError(msg)
    wants_one_hot = _wants_one_hot(loss)

    @tf.function(autograph=False, input_signature=_batch_signature(n_classes))
    def compiled(logits: Any, labels: Any, weights: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            truth = tf.one_hot(labels, n_classes) if wants_one_hot else labels[:, None]
            output = tf.nn.softmax(logits)
            if isinstance(loss, keras.losses.Loss):
                value = tf.reduce_mean(loss(truth, output, sample_weight=weights))
            else:
                value = tf.reduce_mean(loss(truth, output) * weights)
        return value, tape.gradient(value, logits)

    return compiled


def _wants_one_hot(loss: Any) -> bool:
    """Whether a loss takes label rows; one of the user's own takes indices, but for its name."""
    definition = loss if hasattr(loss, "__name__") else type(loss)
    name = definition.__name__.lower()
    if definition.__module__.split(".")[0] == "keras":
        return "sparse" not in name and name != "categoricalgeneralizedcrossentropy"
    return "categorical" in name and "sparse" not in name


def _batch_signature(n_classes: int) -> list[tf.TensorSpec]:
    return [
        tf.TensorSpec([None, n_classes], tf.float32),
        tf.TensorSpec([None], tf.int32),
        tf.TensorSpec([None], tf.float32),
    ]
