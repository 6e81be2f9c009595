"""Draw displays.png for decisions.md: the cost of a classifier's predictions on BBC headlines.

Run it with ``python docs/images/make_displays.py``. It needs the extras demo and plot and takes
about a minute.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skcnn import CostSensitiveTextCNN, cost_path
from skcnn.datasets import load_bbc_headlines
from skcnn.inspection import (
    CostConfusionMatrixDisplay,
    CostCurveDisplay,
    CostPathDisplay,
    CostThresholdDisplay,
)

FOLDER = Path(__file__).parent
COSTS = {"tech": 5}


def main() -> None:
    headlines, sections = load_bbc_headlines(return_X_y=True)
    y = np.where(sections == "tech", "tech", "other")
    X_train, X_test, y_train, y_test = train_test_split(headlines, y, stratify=y, random_state=0)
    cnn = CostSensitiveTextCNN(COSTS, word_vectors="glove", random_state=0).fit(X_train, y_train)
    linear = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10)).fit(X_train, y_train)
    _, axes = plt.subplots(2, 2, figsize=(11, 9), layout="constrained")
    threshold, confusion, curve, path = axes.ravel()
    CostThresholdDisplay.from_estimator(cnn, X_test, y_test, ax=threshold)
    CostConfusionMatrixDisplay.from_estimator(cnn, X_test, y_test, unit="€", ax=confusion)
    CostCurveDisplay.from_estimator(cnn, X_test, y_test, kind="brier", ax=curve)
    CostCurveDisplay.from_estimator(
        linear, X_test, y_test, kind="brier", name="TF-IDF", reference=False, ax=curve
    )
    CostPathDisplay.from_cost_path(cost_path(cnn, X_train, y_train, cv=3), ax=path)
    plt.savefig(FOLDER / "displays.png", dpi=90)


if __name__ == "__main__":
    main()
