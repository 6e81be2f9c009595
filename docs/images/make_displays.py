"""Draw displays.png for decisions.md: the cost of a classifier's predictions on BBC headlines.

Run it with ``python docs/images/make_displays.py``. It needs the extras demo and plot and takes
about two minutes.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_validate, train_test_split
from sklearn.pipeline import make_pipeline

from skcnn import CostSensitiveTextCNN, cost_path
from skcnn.datasets import load_bbc_headlines
from skcnn.inspection import (
    CostConfusionMatrixDisplay,
    CostCurveDisplay,
    CostPathDisplay,
    CostThresholdDisplay,
    RecallEffortDisplay,
)

FOLDER = Path(__file__).parent
COSTS = {"tech": 5}


def main() -> None:
    headlines, sections = load_bbc_headlines(return_X_y=True)
    y = np.where(sections == "tech", "tech", "other")
    X_train, X_test, y_train, y_test = train_test_split(headlines, y, stratify=y, random_state=0)
    cnn = CostSensitiveTextCNN(COSTS, word_vectors="glove", random_state=0).fit(X_train, y_train)
    linear = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10)).fit(X_train, y_train)
    _, axes = plt.subplots(3, 2, figsize=(11, 13), layout="constrained")
    threshold, confusion, curve, benefit, path, effort = axes.ravel()
    for letter, ax in zip("abcdef", axes.ravel(), strict=True):
        ax.annotate(
            letter,
            (0, 1),
            xytext=(-35, 6),
            xycoords="axes fraction",
            textcoords="offset points",
            fontweight="bold",
        )
    CostThresholdDisplay.from_estimator(cnn, X_test, y_test, ax=threshold)
    CostConfusionMatrixDisplay.from_estimator(cnn, X_test, y_test, unit="€", ax=confusion)
    CostCurveDisplay.from_estimator(cnn, X_test, y_test, kind="brier", ax=curve)
    CostCurveDisplay.from_estimator(
        linear, X_test, y_test, kind="brier", name="TF-IDF", reference=False, ax=curve
    )
    CostCurveDisplay.from_estimator(cnn, X_test, y_test, kind="net_benefit", ax=benefit)
    CostCurveDisplay.from_estimator(
        linear, X_test, y_test, kind="net_benefit", name="TF-IDF", reference=False, ax=benefit
    )
    CostPathDisplay.from_cost_path(cost_path(cnn, X_train, y_train, cv=3), ax=path)
    folds = cross_validate(
        linear, X_train, y_train, cv=5, return_estimator=True, return_indices=True
    )
    RecallEffortDisplay.from_estimator(cnn, X_test, y_test, ax=effort)
    RecallEffortDisplay.from_cv_results(
        folds, X_train, y_train, name="TF-IDF", ratios=None, reference=False, ax=effort
    )
    plt.savefig(FOLDER / "displays.png", dpi=90)


if __name__ == "__main__":
    main()
