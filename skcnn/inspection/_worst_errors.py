"""The most expensive errors of a classifier of texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from skcnn._arrays import Float64, Int64
from skcnn._compat import check_installed
from skcnn.costs._inside import abstention_inside, predict_by_sample_costs
from skcnn.costs._labels import label_array
from skcnn.costs._matrix import CostMatrixLike
from skcnn.costs._row_costs import cost_of_rows
from skcnn.inspection._response import costs_of
from skcnn.text._containers import as_texts

if TYPE_CHECKING:
    from pandas import DataFrame

# How many n-grams the column "because_of" names.
_NAMED = 3


def worst_errors(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    n: int = 20,
    *,
    cost_matrix: CostMatrixLike = None,
    sample_costs: Any = None,
) -> DataFrame:
    """List the most expensive errors of a fitted classifier of texts, the worst first.

    Equally expensive errors are sorted by the probability of the true class, the smallest first. An
    error that the classifier was sure of is often a wrong label.

    Parameters
    ----------
    estimator : fitted classifier
        Any classifier of texts, a pipeline for example.
    X : list, tuple, ndarray, Series or one-column DataFrame of str, n_samples texts
        Texts that the estimator was not fitted on.
    y : array-like of shape (n_samples,)
        Their true labels.
    n : int, default=20
        How many errors to list at most.
    cost_matrix : as in `skcnn.check_cost_matrix`, default=None
        None: that of the estimator, or equal costs if it has none.
    sample_costs : as in `skcnn.costs.check_sample_costs`, default=None
        Costs of single rows instead of a matrix. They are also passed to ``estimator.predict``.

    Returns
    -------
    DataFrame
        Columns "row" (position in X), "cost" (beyond the cheapest prediction for the true class),
        "true", "predicted", "probability" (of the true class, if the estimator has
        ``predict_proba``), "because_of" (the n-grams that speak most for the prediction, if the
        estimator has ``explain``) and "text".

    Raises
    ------
    TypeError
        If X does not hold texts, or n is not an integer.
    ValueError
        If n is less than 1, y does not fit X or the classes, or the costs are invalid.
    ImportError
        If pandas is not installed.

    Examples
    --------
    >>> from skcnn import CostSensitiveTextCNN
    >>> from skcnn.inspection import worst_errors
    >>> texts = ["win cash now", "cash prize", "see you at lunch", "lunch today?"]
    >>> cnn = CostSensitiveTextCNN({"spam": 5}, early_stopping=False, random_state=0)
    >>> cnn = cnn.fit(texts, ["spam", "spam", "ham", "ham"])
    >>> errors = worst_errors(cnn, ["cash prize now", "lunch today"], ["ham", "spam"])
    >>> errors[["row", "cost", "true", "predicted"]]
       row  cost  true predicted
    0    1   5.0  spam       ham
    1    0   1.0   ham      spam
    """
    check_installed("A table of errors", "pandas")
    check_number_of_rows(n)
    texts = as_texts(X)
    classes = np.asarray(estimator.classes_)
    by_row = sample_costs is not None
    y_pred = predict_by_sample_costs(estimator, X, sample_costs) if by_row else estimator.predict(X)
    paid, least = cost_of_rows(
        y,
        y_pred,
        cost_matrix=cost_matrix if by_row else costs_of(estimator, cost_matrix),
        labels=classes,
        sample_costs=sample_costs,
        **abstention_inside(estimator),
    )
    return _table(estimator, texts, label_array(y), np.asarray(y_pred), paid - least, n)


def check_number_of_rows(n: Any) -> None:
    """Raise an error if a number of rows to list is not a positive integer."""
    if isinstance(n, bool) or not isinstance(n, int | np.integer):
        raise TypeError(f"n is {n!r}; expected an integer >= 1, the number of rows to list.")
    if n < 1:
        raise ValueError(f"n is {n}; expected an integer >= 1, the number of rows to list.")


def _table(estimator: Any, texts: Any, y: Any, y_pred: Any, excess: Any, n: int) -> DataFrame:
    import pandas as pd

    columns: dict[str, Any] = {}
    probability = np.zeros(len(y))
    if hasattr(estimator, "predict_proba"):
        P = np.asarray(estimator.predict_proba(texts))
        position_of = {label: k for k, label in enumerate(np.asarray(estimator.classes_).tolist())}
        probability = P[np.arange(len(y)), [position_of[label] for label in y.tolist()]]
        columns["probability"] = probability
    rows = worst_rows(excess, probability, n)
    worst = [texts[row] for row in rows]
    if hasattr(estimator, "explain"):
        columns["because_of"] = np.empty(len(y), dtype=object)
        explanations = estimator.explain(worst) if worst else ()
        for row, explanation in zip(rows, explanations, strict=True):
            columns["because_of"][row] = reasons(explanation, explanation.column)
    first = {"row": np.arange(len(y)), "cost": excess, "true": y, "predicted": y_pred}
    shown = {name: column[rows] for name, column in (first | columns).items()}
    return pd.DataFrame(shown | {"text": worst})


def worst_rows(excess: Float64, probability: Float64, n: int) -> Int64:
    """Return the rows of the most expensive errors, at most `n`, the worst first.

    Parameters
    ----------
    excess : (n_samples,), cost beyond that of the cheapest prediction
    probability : (n_samples,), of the true class; the smallest comes first among equal costs
    n : int
    """
    rows = np.lexsort([probability, -excess])
    return np.asarray(rows[excess[rows] > 0][:n])


def reasons(explanation: Any, column: int) -> str:
    """Return the n-grams that speak most for the class of a column, in one string."""
    log_odds = explanation.log_odds[:, column]
    strongest = np.argsort(-log_odds, kind="stable")[:_NAMED]
    return " · ".join(explanation.ngrams[i] for i in strongest if log_odds[i] > 0)
