"""A model card: what a classifier is, what it was measured on, and where it ends."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
from typing import Any

from numpy.typing import ArrayLike

from skcnn.costs._matrix import CostMatrixLike
from skcnn.inspection._checked import checked
from skcnn.inspection._report_figures import (
    Checked,
    abstentions_in_words,
    amount,
    costs_in_words,
    outcome,
)
from skcnn.inspection._templates import template

_PACKAGES = ("skcnn", "scikit-learn", "numpy", "scipy", "keras", "tensorflow")
LIMITS = (
    "The figures are those of the texts described here. For other texts, another time or another "
    "share of the classes they can be worse.",
    "The probabilities are estimates for a population with the class frequencies of the training "
    "texts.",
    "The classifier sees words, not facts. It repeats what the labels of the training texts say, "
    "with their errors.",
    "A word that decided is not a cause.",
)


def model_card(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    *,
    cost_matrix: CostMatrixLike = None,
    pos_label: Any = None,
    unit: str = "",
) -> str:
    """Describe a fitted classifier of texts on one page of Markdown.

    Parameters
    ----------
    estimator : fitted classifier with ``predict_proba``
        As for `report`.
    X : list, tuple, ndarray, Series or one-column DataFrame of str, n_samples texts
        Texts that the estimator was not fitted on.
    y : array-like of shape (n_samples,)
        Their true labels.
    cost_matrix : None, "balanced", array-like, DataFrame or dict, default=None
        As for `report`.
    pos_label : label, default=None
        As for `report`.
    unit : str, default=""
        Unit of the costs, such as "€".

    Returns
    -------
    str
        Markdown: the task and its costs, the texts it was measured on, the figures, parameters,
        versions, limits and the date.

    Raises
    ------
    TypeError, ValueError
        As `report`.
    ImportError
        If Jinja2 is not installed.

    Examples
    --------
    >>> from skcnn import CostSensitiveTextCNN
    >>> from skcnn.inspection import model_card
    >>> texts = ["win cash now", "cash prize", "see you at lunch", "lunch today?"]
    >>> labels = ["spam", "spam", "ham", "ham"]
    >>> cnn = CostSensitiveTextCNN({"spam": 5}, early_stopping=False, random_state=0)
    >>> card = model_card(cnn.fit(texts, labels), ["cash now", "at lunch"], ["spam", "ham"])
    >>> print(card.splitlines()[0])
    # Model card: CostSensitiveTextCNN
    """
    data = checked(estimator, X, y, cost_matrix, pos_label)
    return template("model_card.md").render(
        card=card(estimator, data, unit),
        outcome=outcome(type(estimator).__name__, data, data.y_pred, data.abstention),
        unit=unit,
        amount=amount,
    )


def card(estimator: Any, data: Checked, unit: str) -> dict[str, Any]:
    """Return the facts of a model card."""
    labels = data.classes.tolist()
    counts = [int((data.y == label).sum()) for label in labels]
    return {
        "name": type(estimator).__name__,
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "costs": [
            *costs_in_words(data.classes, data.cost_matrix, unit),
            *abstentions_in_words(data.abstention, unit),
        ],
        "n_texts": len(data.texts),
        "classes": [
            (label, count, count / len(data.y)) for label, count in zip(labels, counts, strict=True)
        ],
        "parameters": repr(estimator),
        "versions": _versions(),
        "limits": LIMITS,
    }


def _versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that are installed."""
    found = {"Python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
