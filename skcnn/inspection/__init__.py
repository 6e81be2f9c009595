"""Why texts got their labels, and pictures of what predictions cost.

A display, in the style of scikit-learn's, takes any fitted classifier, or labels, predictions and
probabilities alone. Drawing needs matplotlib: ``pip install "skcnn[plot]"``. To see how well
probabilities are calibrated, use :class:`sklearn.calibration.CalibrationDisplay`.
"""

from __future__ import annotations

from skcnn.inspection._cost_confusion_matrix import CostConfusionMatrixDisplay
from skcnn.inspection._cost_curve import CostCurveDisplay
from skcnn.inspection._cost_path import CostPathDisplay
from skcnn.inspection._cost_threshold import CostThresholdDisplay
from skcnn.inspection._explanation import Explanation, Explanations
from skcnn.inspection._model_card import model_card
from skcnn.inspection._recall_effort import RecallEffortDisplay
from skcnn.inspection._report import report
from skcnn.inspection._worst_errors import worst_errors

__all__ = [
    "CostConfusionMatrixDisplay",
    "CostCurveDisplay",
    "CostPathDisplay",
    "CostThresholdDisplay",
    "Explanation",
    "Explanations",
    "RecallEffortDisplay",
    "model_card",
    "report",
    "worst_errors",
]
