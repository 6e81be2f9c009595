"""What displays, lists and reports take: labels that NumPy would change, and costs inside."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skcnn import MinCostClassifier
from skcnn.inspection import CostConfusionMatrixDisplay, worst_errors
from skcnn.inspection._checked import checked
from skcnn.inspection._response import costs_of, positive_probabilities

Label = Enum("Label", {"HAM": "ham", "SPAM": "spam"}, type=str)
TEXTS = ["win cash", "cash prize", "see you", "lunch now", "win a lunch"] * 4
LABELS = ["spam", "spam", "ham", "ham", "ham"] * 4


@pytest.fixture(scope="module")
def fitted() -> Any:
    linear = make_pipeline(TfidfVectorizer(), LogisticRegression())
    return MinCostClassifier(linear, {"spam": 5}).fit(TEXTS, LABELS)


def test_members_of_an_enumeration_are_the_strings_that_they_equal(fitted: Any) -> None:
    y: Any = [Label(label) for label in LABELS]
    for found, expected in zip(
        positive_probabilities(fitted, TEXTS, y, Label.HAM),
        positive_probabilities(fitted, TEXTS, LABELS, "ham"),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)
    assert worst_errors(fitted, TEXTS, y).equals(worst_errors(fitted, TEXTS, LABELS))
    data = checked(fitted, TEXTS, y, None, Label.SPAM)
    assert data.y.tolist() == LABELS
    assert (data.y == data.pos_label).sum() == 8


def test_a_display_has_the_costs_of_a_classifier_inside_a_calibration(fitted: Any) -> None:
    model = CalibratedClassifierCV(fitted, cv=2).fit(TEXTS, LABELS)
    assert costs_of(model, None) is not None
    display = CostConfusionMatrixDisplay.from_estimator(model, TEXTS, LABELS)
    np.testing.assert_array_equal(display.cost_matrix, [[0, 1], [5, 0]])
