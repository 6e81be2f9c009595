"""Cost-sensitive losses for Keras: one class per formula of `_loss_tables.py`."""

from __future__ import annotations

from typing import Any

import keras
from numpy.typing import ArrayLike

from skcnn._arrays import Float64
from skcnn._compat import warn_user
from skcnn.costs._checks import check_not_negative
from skcnn.costs._matrix import loss_cost_matrix

from ._cost_loss import _CostLoss
from ._loss_tables import (
    cross_entropy_table,
    expected_cost_table,
    focal_table,
    hard_misclassification_table,
    misclassification_table,
    weighted_table,
)


@keras.saving.register_keras_serializable(package="skcnn")
class ExpectedCost(_CostLoss):
    """Cross-entropy plus the expected cost of the network's probabilities.

    ``-log q_t + cost_weight * sum_j C[t, j] q_j`` (Galdran et al. 2020, "Cost-Sensitive
    Regularization for Diabetic Retinopathy Grading from Eye Fundus Images", eq. 4). Without the
    first term the minimum would be to predict one class for every row.

    Parameters
    ----------
    cost_matrix : array-like of shape (n_classes, n_classes)
        Cost of predicting class j (column) when class i (row) is true. The diagonal entry of a row
        is subtracted from the row, since only differences within a row matter.
    cost_weight : float, default=1.0
        Weight of the expected cost against the cross-entropy; 0 or more.
    from_logits : bool, default=False
        Whether the network's last layer has no softmax (or sigmoid), so that it returns logits.
    name, reduction, dtype : str, optional
        As in every `keras.losses.Loss`.

    Notes
    -----
    Labels may be class indices, shape (n,) or (n, 1), or one-hot rows or rows of probabilities,
    shape (n, n_classes). Outputs may be softmax columns, shape (n, n_classes), or one sigmoid
    column, shape (n, 1), the output for class 1; then labels may also be its probability. If each
    token has a label, labels and outputs have one more dimension.

    Labels that are no classes raise `tf.errors.InvalidArgumentError` in the first step. Where
    TensorFlow cannot raise errors, as in steps that XLA compiles, the loss is NaN.

    An output above 0.5 does not mean that class 1 is the cheaper prediction. Use `decide`.

    Examples
    --------
    The same output, two cost matrices, two predictions:

    >>> from skcnn.losses import ExpectedCost
    >>> equal, careful = ExpectedCost([[0, 1], [1, 0]]), ExpectedCost([[0, 1], [5, 0]])
    >>> outputs = [[0.7, 0.3]]
    >>> equal.decide(outputs), careful.decide(outputs)
    (array([0]), array([1]))

    Their losses for a row of class 1:

    >>> round(float(equal([1], outputs)), 3), round(float(careful([1], outputs)), 3)
    (1.904, 4.704)
    """

    formula = "expected_cost"
    table = staticmethod(expected_cost_table)

    def __init__(self, cost_matrix: ArrayLike, cost_weight: float = 1.0, **kwargs: Any) -> None:
        super().__init__(cost_matrix, **kwargs)
        check_not_negative("cost_weight", cost_weight)
        self.cost_weight = cost_weight

    @property
    def parameters(self) -> dict[str, float]:
        """What `table` takes besides the outputs and the costs."""
        return {"cost_weight": self.cost_weight}

    def get_config(self) -> dict[str, Any]:
        """Everything `from_config` needs, as plain Python."""
        return {**super().get_config(), "cost_weight": self.cost_weight}


@keras.saving.register_keras_serializable(package="skcnn")
class CrossEntropy(_CostLoss):
    """Plain cross-entropy, ``-log q_t``: the costs count in `decide` alone.

    Parameters
    ----------
    cost_matrix : array-like of shape (n_classes, n_classes)
        Cost of predicting class j (column) when class i (row) is true. Training reads only the
        number of classes from it; `decide` reads the costs.
    from_logits : bool, default=False
        Whether the network's last layer has no softmax (or sigmoid), so that it returns logits.
    name, reduction, dtype : str, optional
        As in every `keras.losses.Loss`.

    Notes
    -----
    Labels and outputs have the forms that `ExpectedCost` lists. The outputs are the probabilities.

    Examples
    --------
    The same output, two cost matrices, two predictions:

    >>> from skcnn.losses import CrossEntropy
    >>> equal, careful = CrossEntropy([[0, 1], [1, 0]]), CrossEntropy([[0, 1], [5, 0]])
    >>> outputs = [[0.8, 0.2]]
    >>> equal.decide(outputs), careful.decide(outputs)
    (array([0]), array([1]))

    Their losses are equal:

    >>> round(float(equal([1], outputs)), 3), round(float(careful([1], outputs)), 3)
    (1.609, 1.609)
    """

    formula = "cross_entropy"
    table = staticmethod(cross_entropy_table)


@keras.saving.register_keras_serializable(package="skcnn")
class WeightedCrossEntropy(_CostLoss):
    """Cross-entropy, weighted by the mean cost of an error on the true class.

    ``w_t * (-log q_t)`` with ``w_t = sum_j C[t, j] / (K - 1)``: class weights that come from a cost
    matrix.

    Parameters
    ----------
    cost_matrix : array-like of shape (n_classes, n_classes)
        Cost of predicting class j (column) when class i (row) is true. The diagonal entry of a row
        is subtracted from the row, since only differences within a row matter.
    from_logits : bool, default=False
        Whether the network's last layer has no softmax (or sigmoid), so that it returns logits.
    name, reduction, dtype : str, optional
        As in every `keras.losses.Loss`.

    Notes
    -----
    Labels and outputs have the forms that `ExpectedCost` lists.

    Examples
    --------
    An output of 0.5 means a probability of 1/6 when an error on class 1 costs five times as much:

    >>> from skcnn.losses import WeightedCrossEntropy
    >>> equal = WeightedCrossEntropy([[0, 1], [1, 0]])
    >>> careful = WeightedCrossEntropy([[0, 1], [5, 0]])
    >>> outputs = [[0.5, 0.5]]
    >>> equal.posterior(outputs).round(3), careful.posterior(outputs).round(3)
    (array([[0.5, 0.5]]), array([[0.833, 0.167]]))

    Their losses for a row of class 1:

    >>> round(float(equal([1], outputs)), 3), round(float(careful([1], outputs)), 3)
    (0.693, 3.466)
    """

    formula = "weighted"
    table = staticmethod(weighted_table)


@keras.saving.register_keras_serializable(package="skcnn")
class MisclassificationCost(_CostLoss):
    """Cross-entropy, weighted by the expected cost of the network's prediction.

    ``(sum_j C[t, j] q_j) * (-log q_t)``. The weight uses the network's own probabilities. It is
    smooth, has no ties, and every row has a gradient.

    Parameters
    ----------
    cost_matrix : array-like of shape (n_classes, n_classes)
        Cost of predicting class j (column) when class i (row) is true. The diagonal entry of a row
        is subtracted from the row, since only differences within a row matter.
    from_logits : bool, default=False
        Whether the network's last layer has no softmax (or sigmoid), so that it returns logits.
    name, reduction, dtype : str, optional
        As in every `keras.losses.Loss`.

    Notes
    -----
    Labels and outputs have the forms that `ExpectedCost` lists.

    Examples
    --------
    An output of 0.5 means a probability of 1/6 when an error on class 1 costs five times as much:

    >>> from skcnn.losses import MisclassificationCost
    >>> equal = MisclassificationCost([[0, 1], [1, 0]])
    >>> careful = MisclassificationCost([[0, 1], [5, 0]])
    >>> outputs = [[0.5, 0.5]]
    >>> equal.posterior(outputs).round(3), careful.posterior(outputs).round(3)
    (array([[0.5, 0.5]]), array([[0.833, 0.167]]))

    Their losses for a row of class 1:

    >>> round(float(equal([1], outputs)), 3), round(float(careful([1], outputs)), 3)
    (0.347, 1.733)
    """

    formula = "misclassification"
    table = staticmethod(misclassification_table)


@keras.saving.register_keras_serializable(package="skcnn")
class FocalCost(_CostLoss):
    """Focal loss, weighted by the mean cost of an error on the true class.

    ``w_t * (1 - q_t)^gamma * (-log q_t)`` (Lin et al. 2017, "Focal Loss for Dense Object
    Detection", eq. 5) with ``w_t = sum_j C[t, j] / (K - 1)``.

    Parameters
    ----------
    cost_matrix : array-like of shape (n_classes, n_classes)
        Cost of predicting class j (column) when class i (row) is true. The diagonal entry of a row
        is subtracted from the row, since only differences within a row matter.
    gamma : float, default=2.0
        How strongly rows with a good prediction lose weight; 0 or more; 0 is
        `WeightedCrossEntropy`.
    from_logits : bool, default=False
        Whether the network's last layer has no softmax (or sigmoid), so that it returns logits.
    name, reduction, dtype : str, optional
        As in every `keras.losses.Loss`.

    Notes
    -----
    Labels and outputs have the forms that `ExpectedCost` lists.

    Examples
    --------
    An output of 0.5 means a probability of 1/6 when an error on class 1 costs five times as much:

    >>> from skcnn.losses import FocalCost
    >>> equal, careful = FocalCost([[0, 1], [1, 0]]), FocalCost([[0, 1], [5, 0]])
    >>> outputs = [[0.5, 0.5]]
    >>> equal.posterior(outputs).round(3), careful.posterior(outputs).round(3)
    (array([[0.5, 0.5]]), array([[0.833, 0.167]]))

    Their losses for a row of class 1:

    >>> round(float(equal([1], outputs)), 3), round(float(careful([1], outputs)), 3)
    (0.173, 0.866)
    """

    formula = "focal"
    table = staticmethod(focal_table)

    def __init__(self, cost_matrix: ArrayLike, gamma: float = 2.0, **kwargs: Any) -> None:
        super().__init__(cost_matrix, **kwargs)
        check_not_negative("gamma", gamma)
        self.gamma = gamma

    @property
    def parameters(self) -> dict[str, float]:
        """What `table` takes besides the outputs and the costs."""
        return {"gamma": self.gamma}

    def get_config(self) -> dict[str, Any]:
        """Everything `from_config` needs, as plain Python."""
        return {**super().get_config(), "gamma": self.gamma}


@keras.saving.register_keras_serializable(package="skcnn")
class HardMisclassificationCost(_CostLoss):
    """Cross-entropy, weighted by the cost of the most probable class; for comparison only.

    ``C[t, argmax q] * (-log q_t)``. A row with a correct prediction has no gradient, and very
    different posteriors lead to the same output. `MisclassificationCost` has neither problem.

    Parameters
    ----------
    cost_matrix : array-like of shape (n_classes, n_classes)
        Cost of predicting class j (column) when class i (row) is true. The diagonal entry of a row
        is subtracted from the row, since only differences within a row matter.
    from_logits : bool, default=False
        Whether the network's last layer has no softmax (or sigmoid), so that it returns logits.
    name, reduction, dtype : str, optional
        As in every `keras.losses.Loss`.

    Notes
    -----
    Labels and outputs have the forms that `ExpectedCost` lists.

    Examples
    --------
    Of two rows of class 1, the one with the correct prediction has no loss:

    >>> from skcnn.losses import HardMisclassificationCost
    >>> loss = HardMisclassificationCost([[0, 1], [5, 0]])
    >>> [round(float(loss([1], [output])), 3) for output in ([0.8, 0.2], [0.2, 0.8])]
    [8.047, 0.0]
    """

    formula = "hard_misclassification"
    table = staticmethod(hard_misclassification_table)

    def posterior(self, outputs: Any) -> Float64:
        """Warn that these outputs do not determine P(class | x), then return an estimate.

        Parameters
        ----------
        outputs : array-like or tensor of shape (n, K), (n, 1) or (n,)
            What ``model.predict(x)`` returns.

        Returns
        -------
        ndarray of shape (n, K), dtype float64
            One row per example; column k is the estimate for class k. The class with the largest
            output keeps its output.

        Raises
        ------
        TypeError, ValueError
            As the other losses, see :meth:`CrossEntropy.posterior`.
        """
        warn_user(
            "HardMisclassificationCost leads very different posteriors to the same output, so "
            "posterior and decide are not reliable. Train with another loss, for example "
            "MisclassificationCost. For this network, predict the class with the largest output."
        )
        return super().posterior(outputs)


LOSSES: dict[str, type[_CostLoss]] = {
    loss.formula: loss
    for loss in (
        CrossEntropy,
        WeightedCrossEntropy,
        MisclassificationCost,
        HardMisclassificationCost,
        ExpectedCost,
        FocalCost,
    )
}


def make_loss(loss: Any, cost_matrix: Float64) -> Any:
    """Return the loss that a name in `LOSSES` stands for. Any other loss is returned unchanged."""
    return LOSSES[loss](cost_matrix) if isinstance(loss, str) and loss in LOSSES else loss


def scale_costs(loss: Any, class_totals: Float64) -> Any:
    """Return a copy of a loss of this module whose costs do not depend on their unit.

    The matrix is scaled by `loss_cost_matrix`, as that of a loss given by name. Else the unit would
    act as a learning rate. Any other loss is returned unchanged, and so is `CrossEntropy`, which
    does not use its costs.

    Parameters
    ----------
    loss : keras.losses.Loss, str or callable
    class_totals : (K,), total weight of each class

    Raises
    ------
    ValueError
        If the matrix has another number of classes, or if the errors on all rows cost nothing.
    """
    if not isinstance(loss, _CostLoss):
        return loss
    n_classes = len(class_totals)
    if loss.cost_matrix.shape != (n_classes, n_classes):
        msg = (
            f"loss has a cost_matrix of shape {loss.cost_matrix.shape}; expected "
            f"{(n_classes, n_classes)}: one row and one column per class. If the loss is given by "
            "name, it uses cost_matrix."
        )
        raise ValueError(msg)
    if isinstance(loss, CrossEntropy):
        return loss
    # copy() would go through Keras' way of saving, which does not know the user's own classes.
    scaled = object.__new__(type(loss))
    scaled.__dict__.update(loss.__dict__)
    scaled.cost_matrix = loss_cost_matrix(loss.cost_matrix, class_totals)
    return scaled


def identify_loss(loss: Any) -> tuple[str, Float64, dict[str, float]] | None:
    """Return name, cost matrix and parameters of a loss of this module, None for any other."""
    for name, cls in LOSSES.items():
        if type(loss) is cls:
            return name, loss.cost_matrix, loss.parameters
    return None
