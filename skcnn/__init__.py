"""A cost-sensitive TextCNN for scikit-learn and imbalanced-learn."""

from __future__ import annotations

from skcnn._estimator import CostSensitiveTextCNN
from skcnn.costs import (
    average_cost,
    bayes_threshold,
    check_cost_matrix,
    cost_grid,
    decide,
    expected_costs,
    make_cost_scorer,
    normalized_cost,
    savings_score,
)

__all__ = [
    "CostSensitiveTextCNN",
    "__version__",
    "average_cost",
    "bayes_threshold",
    "check_cost_matrix",
    "cost_grid",
    "decide",
    "expected_costs",
    "make_cost_scorer",
    "normalized_cost",
    "savings_score",
]

__version__ = "0.1.0"
