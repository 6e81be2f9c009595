"""The labels of texts in the form that a loss takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float32, Int32

from ._class_indices import expected_loss, shaped_for
from ._cost_loss import _CostLoss
from ._label_form import takes_one_hot


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """The labels in the form that a loss takes.

    Attributes
    ----------
    loss : the loss to train with
    n_classes : int
    as_rows : whether the loss takes rows (n, K), one-hot or soft, and not class indices
    is_expected : whether `loss` is the expectation of a loss that takes class indices
    """

    loss: Any
    n_classes: int
    as_rows: bool
    is_expected: bool = False

    @classmethod
    def for_loss(cls, loss: Any, n_classes: int, *, is_soft: bool) -> Labels:
        """Let a loss that takes class indices take soft targets too, if there are any."""
        as_rows = takes_one_hot(keras.losses.get(loss), n_classes)
        if is_soft and not as_rows:
            return cls(expected_loss(keras.losses.get(loss)), n_classes, True, True)
        return cls(loss, n_classes, as_rows)

    def __call__(self, targets: Int32 | Float32, n_columns: int) -> NDArray[Any]:
        """Return labels of shape (n, K), (n, 1) or (n,) for classes (n,) or soft targets (n, K)."""
        if self.is_expected and n_columns == 1:
            raise ValueError(
                "The loss takes class indices, the network has one sigmoid output, and the texts "
                "have soft targets; expected one output for each class. Give the network a softmax."
            )
        if not self.as_rows and n_columns > 1:
            labels: NDArray[Any] = shaped_for(self.loss, targets)
            return labels
        rows = targets
        if targets.ndim == 1:
            rows = np.eye(self.n_classes, dtype=np.float32)[targets]
        is_of_skcnn = isinstance(self.loss, _CostLoss)
        return rows if n_columns > 1 or is_of_skcnn else rows[:, 1:]  # one sigmoid: class 1
