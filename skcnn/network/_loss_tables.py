"""The formulas of the losses: pure functions on tensors.

Every loss is a table of shape (..., K): column t holds the loss of a row if t is its true class.
The loss of a row is the entry of its true class. For soft labels it is the mean of the entries,
weighted by the labels. ``log_q`` (n, K) is the logarithm of the softmax output q. ``costs`` (K, K)
is the cost matrix with a zero diagonal: rows are the true class, columns the predicted class.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops

# Keras clips probabilities at the same value before it takes a logarithm.
_EPSILON = 1e-7

Table = Callable[..., Any]


def cross_entropy_table(log_q: Any, costs: Any) -> Any:
    """-log q_t."""
    del costs  # every table takes the same arguments
    return -log_q


def weighted_table(log_q: Any, costs: Any) -> Any:
    """w_t * (-log q_t), where w_t is the mean cost of an error on class t."""
    return _class_costs(costs) * -log_q


def misclassification_table(log_q: Any, costs: Any) -> Any:
    """(sum_j C[t, j] q_j) * (-log q_t)."""
    return ops.matmul(ops.exp(log_q), ops.transpose(costs)) * -log_q  # (n, K)


def hard_misclassification_table(log_q: Any, costs: Any) -> Any:
    """C[t, argmax q] * (-log q_t)."""
    predicted = ops.one_hot(ops.argmax(log_q, axis=-1), ops.shape(costs)[0], dtype=log_q.dtype)
    return ops.matmul(predicted, ops.transpose(costs)) * -log_q  # (n, K)


def expected_cost_table(log_q: Any, costs: Any, cost_weight: float) -> Any:
    """-log q_t + cost_weight * sum_j C[t, j] q_j."""
    return cost_weight * ops.matmul(ops.exp(log_q), ops.transpose(costs)) - log_q  # (n, K)


def focal_table(log_q: Any, costs: Any, gamma: float) -> Any:
    """w_t * (1 - q_t)^gamma * (-log q_t)."""
    # A lower limit for 1 - q: the derivative of 0^gamma is infinite for gamma < 1.
    doubt = ops.maximum(1.0 - ops.exp(log_q), _EPSILON)
    return _class_costs(costs) * ops.power(doubt, gamma) * -log_q


def _class_costs(costs: Any) -> Any:
    """Mean cost of the K - 1 wrong predictions for each true class; the diagonal is zero."""
    return ops.sum(costs, axis=1) / max(costs.shape[0] - 1, 1)  # (K, K) -> (K,)


def log_softmax_of_output(y_pred: Any, *, from_logits: bool) -> Any:
    """The network's output as log-probabilities of K classes; one column means two classes."""
    # Keras keeps the logits of a softmax or sigmoid on its output. They give an exact logarithm.
    logits = getattr(y_pred, "_keras_logits", None)
    if logits is not None:
        y_pred, from_logits = logits, True
    if y_pred.shape[-1] == 1:
        other = ops.zeros_like(y_pred) if from_logits else 1.0 - y_pred
        y_pred = ops.concatenate([other, y_pred], axis=-1)  # (n, 1) -> (n, 2)
    if from_logits:
        return ops.log_softmax(y_pred, axis=-1)
    return ops.log(ops.clip(y_pred, _EPSILON, 1.0))
