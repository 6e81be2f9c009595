"""A Keras loss as one compiled function: logits in, loss and gradient out."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from skcnn._arrays import Float32, Int32

from ._class_indices import expected_loss, shaped_for
from ._cost_loss import _CostLoss
from ._label_form import takes_one_hot
from ._loss_tables import Table, log_softmax_of_output
from .losses import CrossEntropy, ExpectedCost

LossGradient = Callable[[Float32, Int32 | Float32, Float32], tuple[float, Float32]]


def make_loss_gradient(loss: Any, n_classes: int) -> LossGradient:
    """Return ``(logits, targets, sample_weight) -> (loss, d loss / d logits)`` for a Keras loss.

    Targets are classes, or rows of probabilities p ("soft targets"). The loss of a row of
    probabilities is ``sum_k p_k loss(k)``, where loss(k) is the loss if k is the true class. Only
    losses of other libraries that take one-hot rows get p in place of the one-hot row.

    Parameters
    ----------
    loss : keras.losses.Loss, str or callable
        Anything that `keras.Model.compile` takes for a model with softmax outputs. The losses of
        skcnn are computed from the logits, without rounding probabilities to 0 or 1. Other losses
        get softmax probabilities.
    n_classes : int
        Number of columns of the logits.

    Returns
    -------
    callable
        From logits (n, K) float32, targets (n,) int32 or (n, K) float32, and sample_weight (n,)
        float32 to the loss, a float, and its gradient (n, K) float32. The loss is reduced over the
        rows according to its own `reduction`.

    Raises
    ------
    ValueError
        If the loss expects logits. With soft targets also if a function returns one number for the
        whole batch.
    """
    if loss.__class__ in (CrossEntropy, ExpectedCost) and loss.reduction == "sum_over_batch_size":
        cost_weight = getattr(loss, "cost_weight", 0.0)
        return _expected_cost((cost_weight * np.asarray(loss.cost_matrix)).astype(np.float32))
    if _is_cost_loss(loss) and loss.reduction == "sum_over_batch_size":
        compiled = _compile_table(type(loss).table, tuple(loss.parameters.items()), n_classes)
        return _on_rows(_on_arrays(compiled, tf.constant(loss.cost_matrix, tf.float32)), n_classes)
    loss = _from_probabilities(loss)
    if takes_one_hot(loss, n_classes):
        return _on_rows(_on_arrays(_compile_any(loss, n_classes, _rows(n_classes))), n_classes)
    return _on_indices_or_rows(loss, n_classes)


def _expected_cost(costs: Float32) -> LossGradient:
    """The default loss in NumPy, because a call of TensorFlow takes longer than the computation.

    With softmax q and true class t the loss of a row is ``-log q_t + sum_j C[t, j] q_j``. Its
    derivative by logit k is ``q_k (1 + C[t, k] - sum_j C[t, j] q_j)``, minus 1 where k = t. With
    costs of 0 this is cross-entropy. Both are linear in the true class: for a row of probabilities
    p, the costs of row t become p C, log q_t becomes sum_k p_k log q_k, and p_k is subtracted
    instead of 1.
    """

    def loss_and_gradient(
        logits: Float32, targets: Int32 | Float32, sample_weight: Float32
    ) -> tuple[float, Float32]:
        is_soft = targets.ndim == 2
        shifted = logits - logits.max(axis=1, keepdims=True)
        exponentials = np.exp(shifted)
        totals = exponentials.sum(axis=1, keepdims=True)
        q = exponentials / totals  # (n, K) softmax
        own_costs = targets @ costs if is_soft else costs[targets]  # (n, K)
        expected = (q * own_costs).sum(axis=1, keepdims=True)  # (n, 1)
        gradient = q * (1 + own_costs - expected)
        if is_soft:
            gradient -= targets
            log_q = (targets * (shifted - np.log(totals))).sum(axis=1)
        else:
            rows = np.arange(len(targets))
            gradient[rows, targets] -= 1
            log_q = shifted[rows, targets] - np.log(totals[:, 0])
        loss = float((sample_weight * (expected[:, 0] - log_q)).mean())
        return loss, gradient * (sample_weight / len(targets))[:, np.newaxis]

    return loss_and_gradient


def _is_cost_loss(loss: Any) -> bool:
    """Whether a loss is computed from its table; a subclass with its own `call` is not."""
    return isinstance(loss, _CostLoss) and type(loss).call is _CostLoss.call


def _on_arrays(compiled: Any, *constants: Any) -> LossGradient:
    # There is only one trace. Looking it up would take half the time of a call, so it is called
    # directly.
    concrete = compiled.get_concrete_function()

    def loss_and_gradient(
        logits: Float32, targets: Int32 | Float32, sample_weight: Float32
    ) -> tuple[float, Any]:
        batch = (tf.constant(array) for array in (logits, targets, sample_weight))
        loss, gradient = concrete(*batch, *constants)
        return float(loss), gradient.numpy()

    return loss_and_gradient


def _on_rows(loss_gradient: LossGradient, n_classes: int) -> LossGradient:
    """Let a function of rows (n, K) take classes (n,) too, as one-hot rows."""
    one_hot = np.eye(n_classes, dtype=np.float32)

    def loss_and_gradient(
        logits: Float32, targets: NDArray[Any], sample_weight: Float32
    ) -> tuple[float, Float32]:
        rows = targets if targets.ndim == 2 else one_hot.take(targets, axis=0)
        return loss_gradient(logits, rows, sample_weight)

    return loss_and_gradient


def _on_indices_or_rows(loss: Any, n_classes: int) -> LossGradient:
    """A loss that takes class indices; rows of probabilities get its expectation."""
    on_indices = _on_arrays(_compile_any(loss, n_classes, _INDICES))

    @cache  # compiled when it is first needed: most trainings have no soft targets
    def on_rows() -> LossGradient:
        return _on_arrays(_compile_any(expected_loss(loss), n_classes, _rows(n_classes)))

    def loss_and_gradient(
        logits: Float32, targets: Int32 | Float32, sample_weight: Float32
    ) -> tuple[float, Float32]:
        loss_gradient = on_rows() if targets.ndim == 2 else on_indices
        return loss_gradient(logits, targets, sample_weight)

    return loss_and_gradient


# Each trace is for one loss with its parameters and one number of classes. 64 traces are more than
# a grid search over losses needs, and limit the memory of a process that runs for a long time.
@lru_cache(maxsize=64)
def _compile_table(table: Table, parameters: tuple[tuple[str, float], ...], n_classes: int) -> Any:
    """A loss of skcnn. The cost matrix is an argument, so that one trace serves every matrix."""

    @tf.function(
        autograph=False,
        input_signature=[
            *_batch_signature(n_classes, _rows(n_classes)),
            tf.TensorSpec([n_classes, n_classes]),
        ],
    )
    def compiled(logits: Any, targets: Any, sample_weight: Any, costs: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            log_q = log_softmax_of_output(logits, from_logits=True)
            losses = table(log_q, costs, **dict(parameters))  # (n, K)
            rows = tf.reduce_sum(targets * losses, axis=-1)  # (n,)
            value = tf.reduce_mean(rows * sample_weight)
        return value, tape.gradient(value, logits)

    return compiled


def _from_probabilities(loss: Any) -> Any:
    """Return the loss that a name stands for; one that expects logits raises an error."""
    loss = keras.losses.get(loss)
    if getattr(loss, "from_logits", False):
        raise ValueError(
            f"{loss!r} expects logits, and a TextCNN ends in a softmax. Create the loss with "
            "from_logits=False."
        )
    return loss


def _compile_any(loss: Any, n_classes: int, targets_spec: tf.TensorSpec) -> Any:
    """Any other loss, called with probabilities as Keras would call it."""

    @tf.function(autograph=False, input_signature=_batch_signature(n_classes, targets_spec))
    def compiled(logits: Any, targets: Any, sample_weight: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            truth = targets if targets_spec.shape.rank == 2 else shaped_for(loss, targets)
            softmax = tf.nn.softmax(logits)  # (n, K)
            if isinstance(loss, keras.losses.Loss):
                value = tf.reduce_mean(loss(truth, softmax, sample_weight=sample_weight))
            else:
                value = tf.reduce_mean(loss(truth, softmax) * sample_weight)
        return value, tape.gradient(value, logits)

    return compiled


_INDICES = tf.TensorSpec([None], tf.int32)


def _rows(n_classes: int) -> tf.TensorSpec:
    return tf.TensorSpec([None, n_classes], tf.float32)


def _batch_signature(n_classes: int, targets: tf.TensorSpec) -> list[tf.TensorSpec]:
    return [_rows(n_classes), targets, tf.TensorSpec([None], tf.float32)]
