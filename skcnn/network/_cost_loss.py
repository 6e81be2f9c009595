"""What all losses share: the loss of each row, and the way from outputs to decisions."""

from __future__ import annotations

from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from skcnn._arrays import Float64, Int64
from skcnn._compat import warn_user
from skcnn.costs._decision import decide
from skcnn.costs._matrix import check_entries, excess_costs
from skcnn.costs._posterior import posterior

from ._label_weights import label_weights
from ._loss_outputs import softmax_columns, wrong_number_of_columns
from ._loss_tables import Table, log_softmax_of_output

_NOT_LOGITS = (
    "{name} has from_logits=True, but the network ends in a softmax or a sigmoid. Its training is "
    "right, but posterior and decide would read its outputs as logits. Create the loss with "
    "from_logits=False."
)


class _CostLoss(keras.losses.Loss):
    """A loss with a cost matrix; subclasses give the formula."""

    table: ClassVar[Table]
    formula: ClassVar[str]  # name of the formula in `LOSSES`

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
        """Loss of each row of outputs, (...) for outputs of shape (..., K) or (..., 1)."""
        # Keras passes lists on as lists of scalars.
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        if self.from_logits and hasattr(y_pred, "_keras_logits"):
            warn_user(_NOT_LOGITS.format(name=type(self).__name__))
        log_q = log_softmax_of_output(y_pred, from_logits=self.from_logits)  # (..., K)
        n_classes = len(self.cost_matrix)
        if log_q.shape[-1] != n_classes:
            raise wrong_number_of_columns(y_pred.shape[-1], n_classes, type(self).__name__)
        costs = ops.convert_to_tensor(self.cost_matrix, dtype=log_q.dtype)
        labels = label_weights(y_true, n_classes, y_pred, log_q.dtype, type(self).__name__)
        return ops.sum(labels * type(self).table(log_q, costs, **self.parameters), axis=-1)

    def posterior(self, outputs: Any) -> Float64:
        """Estimate P(class | x) from the outputs of a network that this loss trained.

        A cost-sensitive loss moves a network's outputs away from the probabilities. This method
        computes the probabilities that lead to these outputs when the network has learned well
        (:func:`skcnn.costs.posterior`).

        Parameters
        ----------
        outputs : array-like or tensor of shape (n, K), (n, 1) or (n,)
            What ``model.predict(x)`` returns: K softmax columns, or one sigmoid column, the output
            for class 1 of two classes. Logits if the loss has ``from_logits=True``. An array or a
            tensor may have more dimensions, (n, length, K) if each token has a label.

        Returns
        -------
        ndarray of shape (n, K), dtype float64
            One row per example; column k is the probability of class k. (n, length, K) for such
            outputs.

        Raises
        ------
        TypeError
            If `outputs` cannot be read as numbers, or if the loss is of a subclass with its own
            formula.
        ValueError
            If the number of columns does not fit the cost matrix, if a number is NaN or infinite,
            or if a row is not made of probabilities and the loss has ``from_logits=False``.

        Examples
        --------
        >>> from skcnn.losses import ExpectedCost
        >>> ExpectedCost([[0, 1], [5, 0]]).posterior([[0.3]]).round(2)
        array([[0.77, 0.23]])
        """
        shape: tuple[int, ...] = tuple(getattr(outputs, "shape", ()))
        if len(shape) > 2:
            rows = self._posterior_of_rows(np.reshape(outputs, (-1, shape[-1])))
            return rows.reshape(*shape[:-1], -1)
        return self._posterior_of_rows(outputs)

    def _posterior_of_rows(self, outputs: Any) -> Float64:
        formula, cls = self._own_formula(), type(self)
        softmax = softmax_columns(
            outputs, len(self.cost_matrix), from_logits=self.from_logits, loss_name=cls.__name__
        )  # (n, K)
        return posterior(softmax, formula, self.cost_matrix, **self.parameters)

    def decide(self, outputs: Any) -> Int64:
        """Predict the class with the lowest expected cost, at the cost matrix of this loss.

        For other costs pass :meth:`posterior` to :func:`skcnn.costs.decide`.

        Parameters
        ----------
        outputs : array-like or tensor of shape (n, K), (n, 1) or (n,)
            What ``model.predict(x)`` returns, as for :meth:`posterior`.

        Returns
        -------
        ndarray of shape (n,), dtype int64
            Index of the predicted class of each row. (n, length) for outputs (n, length, K).

        Raises
        ------
        TypeError, ValueError
            As :meth:`posterior`.

        Examples
        --------
        The same output, two cost matrices, two predictions:

        >>> from skcnn.losses import ExpectedCost
        >>> output = [[0.3]]
        >>> ExpectedCost([[0, 1], [1, 0]]).decide(output)
        array([0])
        >>> ExpectedCost([[0, 1], [5, 0]]).decide(output)
        array([1])
        """
        P = self.posterior(outputs)
        predicted: Int64 = decide(P.reshape(-1, P.shape[-1]), self.cost_matrix)
        return predicted.reshape(P.shape[:-1])

    def get_config(self) -> dict[str, Any]:
        """Everything `from_config` needs, as plain Python."""
        config: dict[str, Any] = super().get_config()
        return {
            **config,
            "cost_matrix": self.cost_matrix.tolist(),
            "from_logits": self.from_logits,
            "dtype": self.dtype,
        }

    @classmethod
    def _own_formula(cls) -> str:
        """Name of the formula, unless a subclass has replaced the formula."""
        owner: type[_CostLoss] = next((c for c in cls.__mro__ if "formula" in vars(c)), _CostLoss)
        for part in ("__call__", "call", "table"):
            if getattr(cls, part, None) is not getattr(owner, part, None):
                raise TypeError(
                    f"{cls.__name__} overrides {part} of {owner.__name__}, so its outputs cannot "
                    "be turned into P(class | x): the formula is unknown. If yours has its minimum "
                    f"in the same place, call {owner.__name__}(cost_matrix).posterior(outputs). "
                    "Otherwise calibrate the outputs on held-out rows, for example with "
                    "sklearn.isotonic.IsotonicRegression."
                )
        return owner.formula


def _zero_diagonal(cost_matrix: ArrayLike) -> Float64:
    """Check a cost matrix and subtract from each row the cost of its correct prediction."""
    raw = np.asarray(cost_matrix)
    if raw.ndim == 0 or raw.dtype.kind not in "biufO" or hasattr(cost_matrix, "columns"):
        raise TypeError(
            f"cost_matrix is {cost_matrix!r}, of type {type(cost_matrix).__name__}; expected a "
            "(K, K) array. A loss does not know the labels: skcnn.costs.check_cost_matrix("
            "cost_matrix, labels) makes an array of every other form."
        )
    costs = raw.astype(np.float64)
    if costs.ndim != 2 or costs.shape[0] != costs.shape[1] or len(costs) < 2:
        raise ValueError(
            f"cost_matrix has shape {costs.shape}; expected (K, K): one row and one column per "
            "class, at least two. Rows are the true class, columns the predicted class."
        )
    check_entries(costs, list(range(len(costs))))
    return excess_costs(costs)
