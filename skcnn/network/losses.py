"""Cost-sensitive losses for Keras: pure functions first, thin `keras.losses.Loss` classes second.

Every loss here is a table: what it would charge for each class t, were t the truth, given the
network's output q. The loss of a row is the entry of its true class (or, for soft labels, the mean
of the entries under the label's weights). C is the cost matrix, rows truth, columns prediction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike, NDArray

# Keras clips probabilities at the same value before a logarithm.
_EPSILON = 1e-7

Table = Callable[..., Any]


def cross_entropy_table(log_q: Any, costs: Any) -> Any:
    """-log q_t."""
    del costs  # every table is called alike
    return -log_q


def weighted_table(log_q: Any, costs: Any) -> Any:
    """w_t * (-log q_t), where w_t is the mean cost of missing class t."""
    return _class_weights(costs) * -log_q


def misclassification_table(log_q: Any, costs: Any) -> Any:
    """(sum_j C[t, j] q_j) * (-log q_t)."""
    return ops.matmul(ops.exp(log_q), ops.transpose(costs)) * -log_q  # (n, K)


def hard_misclassification_table(log_q: Any, costs: Any) -> Any:
    """C[t, argmax q] * (-log q_t)."""
    answer = ops.one_hot(ops.argmax(log_q, axis=-1), ops.shape(costs)[0], dtype=log_q.dtype)
    return ops.matmul(answer, ops.transpose(costs)) * -log_q  # (n, K)


def expected_cost_table(log_q: Any, costs: Any, cost_weight: float) -> Any:
    """-log q_t + cost_weight * sum_j C[t, j] q_j."""
    return cost_weight * ops.matmul(ops.exp(log_q), ops.transpose(costs)) - log_q  # (n, K)


def focal_table(log_q: Any, costs: Any, gamma: float) -> Any:
    """w_t * (1 - q_t)^gamma * (-log q_t)."""
    # A floor under 1 - q: the derivative of 0^gamma is infinite for gamma < 1.
    doubt = ops.maximum(1.0 - ops.exp(log_q), _EPSILON)
    return _class_weights(costs) * ops.power(doubt, gamma) * -log_q


def _class_weights(costs: Any) -> Any:
    """Mean cost of the K - 1 wrong answers of each class; the diagonal is zero."""
    return ops.sum(costs, axis=1) / max(costs.shape[0] - 1, 1)  # (K, K) -> (K,)


def one_hot_labels(y_true: Any, n_classes: int, dtype: str) -> Any:
    """Class indices (n,) or (n, 1), or label weights (n, K), as label weights (n, K)."""
    if len(y_true.shape) == 2 and y_true.shape[-1] == n_classes:
        return ops.cast(y_true, dtype)
    return ops.one_hot(ops.cast(ops.reshape(y_true, (-1,)), "int32"), n_classes, dtype=dtype)


def log_softmax_of_output(y_pred: Any, *, from_logits: bool) -> Any:
    """The network's output as log-probabilities of K classes; one column means two classes."""
    # Keras' softmax and sigmoid leave their input with their output, for exact losses like its own.
    logits = getattr(y_pred, "_keras_logits", None)
    if logits is not None:
        y_pred, from_logits = logits, True
    if y_pred.shape[-1] == 1:
        other = ops.zeros_like(y_pred) if from_logits else 1.0 - y_pred
        y_pred = ops.concatenate([other, y_pred], axis=-1)  # (n, 1) -> (n, 2)
    if from_logits:
        return ops.log_softmax(y_pred, axis=-1)
    return ops.log(ops.clip(y_pred, _EPSILON, 1.0))


class _CostLoss(keras.losses.Loss):
    """What the losses share: a cost matrix, labels and outputs in any of Keras' forms."""

    table: ClassVar[Table]

    def __init__(
        self,
        cost_matrix: ArrayLike,
        *,
        from_logits: bool = False,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.cost_matrix = _zero_diagonal(cost_matrix)
        self.from_logits = from_logits

    @property
    def parameters(self) -> dict[str, float]:
        """What `table` takes besides the outputs and the costs."""
        return {}

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Loss of each row, (n,)."""
        # Keras hands lists on as lists of scalars.
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        log_q = log_softmax_of_output(y_pred, from_logits=self.from_logits)  # (n, K)
        n_classes = len(self.cost_matrix)
        if log_q.shape[-1] != n_classes:
            msg = (
                f"The network's output has {y_pred.shape[-1]} columns; the cost matrix of "
                f"{type(self).__name__} has {n_classes} classes. Give the network {n_classes} "
                "softmax outputs (or one sigmoid output for two classes), or mend the matrix."
            )
            raise ValueError(msg)
        costs = ops.convert_to_tensor(self.cost_matrix, dtype=log_q.dtype)
        labels = one_hot_labels(y_true, n_classes, log_q.dtype)
        return ops.sum(labels * type(self).table(log_q, costs, **self.parameters), axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Everything `from_config` needs, as plain Python."""
        config: dict[str, Any] = super().get_config()
        return {
            **config,
            "cost_matrix": self.cost_matrix.tolist(),
            "from_logits": self.from_logits,
            "dtype": self.dtype,
        }


def _zero_diagonal(cost_matrix: ArrayLike) -> NDArray[np.float64]:
    costs = np.asarray(cost_matrix, dtype=np.float64)
    if costs.ndim != 2 or costs.shape[0] != costs.shape[1] or len(costs) < 2:
        msg = (
            f"cost_matrix has shape {costs.shape}; expected (K, K): one row and one column per "
            "class, at least two, rows the true class, columns the predicted one."
        )
        raise ValueError(msg)
    if not np.isfinite(costs).all():
        row, column = np.argwhere(~np.isfinite(costs))[0]
        msg = f"cost_matrix[{row}, {column}] is {costs[row, column]}; every cost must be finite."
        raise ValueError(msg)
    costs = costs - np.diag(costs)[:, np.newaxis]
    if (costs < 0).any():
        row, column = np.argwhere(costs < 0)[0]
        msg = (
            f"cost_matrix[{row}, {column}] is lower than cost_matrix[{row}, {row}]: the wrong "
            f"answer would be preferred. Raise the one or lower the other."
        )
        raise ValueError(msg)
    return costs


@keras.saving.register_keras_serializable(package="skcnn")
class WeightedCrossEntropy(_CostLoss):
    """Cross-entropy, weighted by the mean cost of missing the true class.

    ``w_t * (-log q_t)`` with ``w_t = sum_j C[t, j] / (K - 1)``: what `class_weight` does, from a
    cost matrix.

    Parameters
    ----------
    cost_matrix : array-like of shape (n_classes, n_classes)
        Cost of answering j (column) when i (row) is true. A row's diagonal entry is taken off the
        row, since only differences matter.
    from_logits : bool, default=False
        Whether the network's output is before its softmax (or sigmoid).
    name, reduction, dtype
        As in every `keras.losses.Loss`.

    Notes
    -----
    Labels may be class indices, shape (n,) or (n, 1), or one-hot rows, shape (n, n_classes).
    Outputs may be softmax columns, shape (n, n_classes), or one sigmoid column, shape (n, 1), the
    probability of class 1.

    Examples
    --------
    >>> from skcnn.losses import WeightedCrossEntropy
    >>> labels, outputs = [1], [[0.8, 0.2]]
    >>> round(float(WeightedCrossEntropy([[0, 1], [1, 0]])(labels, outputs)), 3)
    1.609
    >>> round(float(WeightedCrossEntropy([[0, 1], [5, 0]])(labels, outputs)), 3)
    8.047
    """

    table = staticmethod(weighted_table)


@keras.saving.register_keras_serializable(package="skcnn")
class MisclassificationCost(_CostLoss):
    """Cross-entropy, weighted by the cost the network expects to cause.

    ``(sum_j C[t, j] q_j) * (-log q_t)``: the weight is the cost of what is being answered, read
    from the network's own probabilities, so that it is smooth, has no ties and is never dead.

    Parameters
    ----------
    cost_matrix : array-like of shape (n_classes, n_classes)
        Cost of answering j (column) when i (row) is true. A row's diagonal entry is taken off the
        row, since only differences matter.
    from_logits : bool, default=False
        Whether the network's output is before its softmax (or sigmoid).
    name, reduction, dtype
        As in every `keras.losses.Loss`.

    Notes
    -----
    Labels and outputs come in all the forms that `WeightedCrossEntropy` names.

    Examples
    --------
    >>> from skcnn.losses import MisclassificationCost
    >>> labels, outputs = [1], [[0.8, 0.2]]
    >>> round(float(MisclassificationCost([[0, 1], [1, 0]])(labels, outputs)), 3)
    1.288
    >>> round(float(MisclassificationCost([[0, 1], [5, 0]])(labels, outputs)), 3)
    6.438
    """

    table = staticmethod(misclassification_table)


@keras.saving.register_keras_serializable(package="skcnn")
class HardMisclassificationCost(_CostLoss):
    """Cross-entropy, weighted by the cost of the most probable answer.

    ``C[t, argmax q] * (-log q_t)``. A row that is answered rightly has no gradient; kept to compare
    with `MisclassificationCost`, which has no such corner.

    Parameters
    ----------
    cost_matrix : array-like of shape (n_classes, n_classes)
        Cost of answering j (column) when i (row) is true. A row's diagonal entry is taken off the
        row, since only differences matter.
    from_logits : bool, default=False
        Whether the network's output is before its softmax (or sigmoid).
    name, reduction, dtype
        As in every `keras.losses.Loss`.

    Notes
    -----
    Labels and outputs come in all the forms that `WeightedCrossEntropy` names.

    Examples
    --------
    >>> from skcnn.losses import HardMisclassificationCost
    >>> loss = HardMisclassificationCost([[0, 1], [5, 0]])
    >>> [round(float(loss([1], [output])), 3) for output in ([0.8, 0.2], [0.2, 0.8])]
    [8.047, 0.0]
    """

    table = staticmethod(hard_misclassification_table)


@keras.saving.register_keras_serializable(package="skcnn")
class ExpectedCost(_CostLoss):
    """Cross-entropy plus the cost that the network's probabilities expect.

    ``-log q_t + cost_weight * sum_j C[t, j] q_j`` (Galdran et al. 2020, "Cost-Sensitive
    Regularization for Diabetic Retinopathy Grading from Eye Fundus Images", eq. 4). The second
    term alone would be least where all texts are given to one class.

    Parameters
    ----------
    cost_matrix : array-like of shape (n_classes, n_classes)
        Cost of answering j (column) when i (row) is true. A row's diagonal entry is taken off the
        row, since only differences matter.
    cost_weight : float, default=1.0
        How much the expected cost counts beside the cross-entropy; not negative.
    from_logits : bool, default=False
        Whether the network's output is before its softmax (or sigmoid).
    name, reduction, dtype
        As in every `keras.losses.Loss`.

    Notes
    -----
    Labels and outputs come in all the forms that `WeightedCrossEntropy` names.

    Examples
    --------
    >>> from skcnn.losses import ExpectedCost
    >>> labels, outputs = [1], [[0.8, 0.2]]
    >>> round(float(ExpectedCost([[0, 1], [1, 0]])(labels, outputs)), 3)
    2.409
    >>> round(float(ExpectedCost([[0, 1], [5, 0]])(labels, outputs)), 3)
    5.609
    """

    table = staticmethod(expected_cost_table)

    def __init__(self, cost_matrix: ArrayLike, cost_weight: float = 1.0, **kwargs: Any) -> None:
        super().__init__(cost_matrix, **kwargs)
        if not 0 <= cost_weight < np.inf:
            raise ValueError(f"cost_weight is {cost_weight!r}; expected a finite number >= 0.")
        self.cost_weight = cost_weight

    @property
    def parameters(self) -> dict[str, float]:
        """What `table` takes besides the outputs and the costs."""
        return {"cost_weight": self.cost_weight}

    def get_config(self) -> dict[str, Any]:
        """Everything `from_config` needs, as plain Python."""
        return {**super().get_config(), "cost_weight": self.cost_weight}


@keras.saving.register_keras_serializable(package="skcnn")
class FocalCost(_CostLoss):
    """Focal loss, weighted by the mean cost of missing the true class.

    ``w_t * (1 - q_t)^gamma * (-log q_t)`` (Lin et al. 2017, "Focal Loss for Dense Object
    Detection", eq. 5) with ``w_t = sum_j C[t, j] / (K - 1)``.

    Parameters
    ----------
    cost_matrix : array-like of shape (n_classes, n_classes)
        Cost of answering j (column) when i (row) is true. A row's diagonal entry is taken off the
        row, since only differences matter.
    gamma : float, default=2.0
        How fast rows that are answered well lose weight; not negative; 0 is
        `WeightedCrossEntropy`.
    from_logits : bool, default=False
        Whether the network's output is before its softmax (or sigmoid).
    name, reduction, dtype
        As in every `keras.losses.Loss`.

    Notes
    -----
    Labels and outputs come in all the forms that `WeightedCrossEntropy` names.

    Examples
    --------
    >>> from skcnn.losses import FocalCost
    >>> labels, outputs = [1], [[0.8, 0.2]]
    >>> round(float(FocalCost([[0, 1], [1, 0]])(labels, outputs)), 3)
    1.03
    >>> round(float(FocalCost([[0, 1], [5, 0]])(labels, outputs)), 3)
    5.15
    """

    table = staticmethod(focal_table)

    def __init__(self, cost_matrix: ArrayLike, gamma: float = 2.0, **kwargs: Any) -> None:
        super().__init__(cost_matrix, **kwargs)
        if not 0 <= gamma < np.inf:
            raise ValueError(f"gamma is {gamma!r}; expected a finite number >= 0.")
        self.gamma = gamma

    @property
    def parameters(self) -> dict[str, float]:
        """What `table` takes besides the outputs and the costs."""
        return {"gamma": self.gamma}

    def get_config(self) -> dict[str, Any]:
        """Everything `from_config` needs, as plain Python."""
        return {**super().get_config(), "gamma": self.gamma}


@keras.saving.register_keras_serializable(package="skcnn")
class CrossEntropy(_CostLoss):
    """Plain cross-entropy, ``-log q_t``: costs act in the decision only.

    It takes a cost matrix as its siblings do, so that they can be exchanged, and reads nothing from
    it but the number of classes.

    Parameters
    ----------
    cost_matrix : array-like of shape (n_classes, n_classes)
        Any cost matrix of the classes.
    from_logits : bool, default=False
        Whether the network's output is before its softmax (or sigmoid).
    name, reduction, dtype
        As in every `keras.losses.Loss`.

    Examples
    --------
    >>> from skcnn.network.losses import CrossEntropy
    >>> round(float(CrossEntropy([[0, 1], [5, 0]])([1], [[0.8, 0.2]])), 3)
    1.609
    """

    table = staticmethod(cross_entropy_table)


LOSSES: dict[str, type[_CostLoss]] = {
    "cross_entropy": CrossEntropy,
    "weighted": WeightedCrossEntropy,
    "misclassification": MisclassificationCost,
    "hard_misclassification": HardMisclassificationCost,
    "expected_cost": ExpectedCost,
    "focal": FocalCost,
}


def make_loss(loss: Any, cost_matrix: NDArray[np.float64]) -> Any:
    """Return the loss that a name in `LOSSES` stands for; any other loss as it is."""
    return LOSSES[loss](cost_matrix) if isinstance(loss, str) and loss in LOSSES else loss


def identify_loss(loss: Any) -> tuple[str, NDArray[np.float64], dict[str, float]] | None:
    """Return name, cost matrix and parameters of a loss of this module, None for any other."""
    for name, cls in LOSSES.items():
        if type(loss) is cls:
            return name, loss.cost_matrix, loss.parameters
    return None
