"""scikit-learn's own checks, on a subclass that turns each row of numbers into a document."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted, validate_data

from skcnn import CostSensitiveTextCNN


def _documents(X: NDArray[Any]) -> list[str]:
    """Write each number as a word of its column and its size in halves: (n, p) -> n texts."""
    return [
        " ".join(f"column{column}is{int(value)}" for column, value in enumerate(row))
        for row in np.clip(np.floor(2 * X), -1e6, 1e6)
    ]


class NumericTextCNN(CostSensitiveTextCNN):
    """The estimator, for the numeric tables that the checks are made of."""

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        table, y = validate_data(self, X, y)
        super().fit(_documents(table), y, sample_weight)
        validate_data(self, X, reset=True)  # a list of texts has no columns: fit forgot them
        return self

    def partial_fit(
        self,
        X: Any,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        table, y = validate_data(self, X, y, reset=not hasattr(self, "_model"))
        super().partial_fit(_documents(table), y, classes, sample_weight)
        validate_data(self, X, reset=True)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        check_is_fitted(self)
        return super().predict_proba(_documents(validate_data(self, X, reset=False)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.input_tags.one_d_array = False
        tags.input_tags.string = False
        return tags


def _expected_failures(estimator: CostSensitiveTextCNN) -> dict[str, str]:
    return {
        "check_sample_weight_equivalence_on_dense_data": (
            "a text of weight 2 is one text in one batch, two copies are two: the steps differ, as "
            "for every stochastic gradient; a weight of 0 is removal, exactly, and tested elsewhere"
        )
    }


TINY: dict[str, Any] = {
    "embedding_dim": 8,
    "n_filters": 8,
    "filter_widths": (1, 2),
    "learning_rate": 0.03,
    "batch_size": 20,
    "epochs": 10,
}


@pytest.mark.filterwarnings("ignore:Too few different texts:UserWarning")
@parametrize_with_checks(
    [
        NumericTextCNN(**TINY, early_stopping=False),
        NumericTextCNN("balanced", **TINY, loss="weighted", decision="argmax"),
    ],
    expected_failed_checks=_expected_failures,
)
def test_scikit_learns_checks_pass(estimator: CostSensitiveTextCNN, check: Any) -> None:
    check(estimator)
