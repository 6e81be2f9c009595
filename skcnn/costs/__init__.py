"""Costs: what a mistake costs, the posterior behind a score, the decision, the price paid.

Everything here works on probabilities and labels, whatever classifier they come from.
"""

from __future__ import annotations

from skcnn.costs._curves import brier_curve, cost_curve, cost_over_ratios, cost_threshold_curve
from skcnn.costs._decision import bayes_threshold, decide, expected_costs
from skcnn.costs._grid import cost_grid
from skcnn.costs._matrix import CostMatrixLike, check_cost_matrix, class_costs, loss_cost_matrix
from skcnn.costs._metrics import average_cost, normalized_cost, savings_score
from skcnn.costs._posterior import LOSSES, CostLoss, posterior
from skcnn.costs._sample_costs import check_sample_costs
from skcnn.costs._scorers import make_cost_scorer
from skcnn.costs._thresholds import threshold_at_precision, threshold_at_rate

__all__ = [
    "LOSSES",
    "CostLoss",
    "CostMatrixLike",
    "average_cost",
    "bayes_threshold",
    "brier_curve",
    "check_cost_matrix",
    "check_sample_costs",
    "class_costs",
    "cost_curve",
    "cost_grid",
    "cost_over_ratios",
    "cost_threshold_curve",
    "decide",
    "expected_costs",
    "loss_cost_matrix",
    "make_cost_scorer",
    "normalized_cost",
    "posterior",
    "savings_score",
    "threshold_at_precision",
    "threshold_at_rate",
]
