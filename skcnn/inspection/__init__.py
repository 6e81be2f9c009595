"""Pictures of what a classifier's answers cost, drawn as scikit-learn's displays are.

They take any classifier with ``predict_proba``, or its probabilities and answers alone. Drawing
needs matplotlib: ``pip install "skcnn[plot]"``. How well the probabilities are calibrated is drawn
by :class:`sklearn.calibration.CalibrationDisplay`.
"""

from __future__ import annotations

from skcnn.inspection._cost_confusion_matrix import CostConfusionMatrixDisplay
from skcnn.inspection._cost_curve import CostCurveDisplay
from skcnn.inspection._cost_path import CostPathDisplay
from skcnn.inspection._cost_threshold import CostThresholdDisplay

__all__ = [
    "CostConfusionMatrixDisplay",
    "CostCurveDisplay",
    "CostPathDisplay",
    "CostThresholdDisplay",
]
