"""What the prediction of each single row costs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skcnn._arrays import Float64
from skcnn.costs._matrix import CostMatrixLike
from skcnn.costs._metrics import check_rows, costs_by_prediction


def cost_of_rows(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    cost_matrix: CostMatrixLike,
    labels: ArrayLike,
    sample_costs: Any = None,
    abstain_cost: float | None = None,
    abstain_label: Any = None,
) -> tuple[Float64, Float64]:
    """Cost of each prediction, and of the cheapest prediction for its true class, (n,) and (n,).

    An abstention costs `abstain_cost`.

    Raises
    ------
    ValueError
        As in :func:`average_cost`.
    """
    rows = check_rows(y_true, y_pred, labels, None, abstain_cost, abstain_label)
    costs = costs_by_prediction(rows, cost_matrix, sample_costs)  # (n, K)
    of_predictions = costs[np.arange(len(costs)), rows.predicted]
    paid = np.where(rows.abstained, rows.abstain_cost, of_predictions)
    return paid, np.asarray(costs.min(axis=1))
