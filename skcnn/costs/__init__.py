"""Costs: cost matrices, the posterior, decisions by expected cost, and the cost of predictions.

Everything here works on probabilities and labels, whatever classifier they come from.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from skcnn._compat import warn_renamed
from skcnn.costs._curves import brier_curve, cost_curve, cost_over_ratios, cost_threshold_curve
from skcnn.costs._decision import bayes_threshold, decide, expected_costs
from skcnn.costs._grid import cost_grid
from skcnn.costs._limits import threshold_at_limits
from skcnn.costs._matrix import CostMatrixLike, check_cost_matrix, class_costs, loss_cost_matrix
from skcnn.costs._metrics import average_cost, normalized_cost, savings_score
from skcnn.costs._net_benefit import net_benefit_curve
from skcnn.costs._posterior import posterior
from skcnn.costs._prior import change_prior, estimate_prior
from skcnn.costs._recall_effort import recall_effort_curve
from skcnn.costs._risk_control import abstain_cost_at_average_cost
from skcnn.costs._sample_costs import check_sample_costs
from skcnn.costs._scorers import make_cost_scorer
from skcnn.costs._thresholds import (
    threshold_at_count,
    threshold_at_false_alarm_rate,
    threshold_at_precision,
    threshold_at_rate,
    threshold_at_recall,
)
from skcnn.costs._unlabeled_costs import choose_abstentions, estimate_average_cost

if TYPE_CHECKING:
    from skcnn.costs._cost_path import CostPath, cost_path
    from skcnn.costs._min_cost import MinCostClassifier

__all__ = [
    "CostMatrixLike",
    "CostPath",
    "MinCostClassifier",
    "abstain_cost_at_average_cost",
    "average_cost",
    "bayes_threshold",
    "brier_curve",
    "change_prior",
    "check_cost_matrix",
    "check_sample_costs",
    "choose_abstentions",
    "class_costs",
    "cost_curve",
    "cost_grid",
    "cost_over_ratios",
    "cost_path",
    "cost_threshold_curve",
    "decide",
    "estimate_average_cost",
    "estimate_prior",
    "expected_costs",
    "loss_cost_matrix",
    "make_cost_scorer",
    "net_benefit_curve",
    "normalized_cost",
    "posterior",
    "recall_effort_curve",
    "savings_score",
    "threshold_at_count",
    "threshold_at_false_alarm_rate",
    "threshold_at_limits",
    "threshold_at_precision",
    "threshold_at_rate",
    "threshold_at_recall",
]

# Imported on first use: their files import scikit-learn, which takes a second.
_IMPORTED_ON_USE = {
    "CostPath": "_cost_path",
    "MinCostClassifier": "_min_cost",
    "cost_path": "_cost_path",
}
# Old public names, and what they are called in `_loss_formulas.py`.
_DEPRECATED = {"CostLoss": "LossFormula", "LOSSES": "LOSS_FORMULAS"}


def __getattr__(name: str) -> Any:
    if name in _IMPORTED_ON_USE:
        return getattr(import_module(f"skcnn.costs.{_IMPORTED_ON_USE[name]}"), name)
    if name in _DEPRECATED:
        warn_renamed(f"skcnn.costs.{name}", "skcnn.costs.posterior, or a loss of skcnn.losses")
        return getattr(import_module("skcnn.costs._loss_formulas"), _DEPRECATED[name])
    raise AttributeError(f"module 'skcnn.costs' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
