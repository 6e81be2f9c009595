"""Pictures of what a classifier's predictions cost, in the style of scikit-learn's displays.

A display takes any fitted classifier, or labels, predictions and probabilities alone. Drawing
needs matplotlib: ``pip install "skcnn[plot]"``. To see how well probabilities are calibrated, use
:class:`sklearn.calibration.CalibrationDisplay`.
"""

from __future__ import annotations

from skcnn.inspection._cost_confusion_matrix import CostConfusionMatrixDisplay
from skcnn.inspection._cost_curve import CostCurveDisplay
from skcnn.inspection._cost_path import CostPathDisplay
from skcnn.inspection._cost_threshold import CostThresholdDisplay
from skcnn.inspection._recall_effort import RecallEffortDisplay

__all__ = [
    "CostConfusionMatrixDisplay",
    "CostCurveDisplay",
    "CostPathDisplay",
    "CostThresholdDisplay",
    "RecallEffortDisplay",
]
