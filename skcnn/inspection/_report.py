"""One HTML page about a fitted classifier of texts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skcnn._compat import check_installed
from skcnn.costs._matrix import CostMatrixLike
from skcnn.disk._atomic import check_can_write, replacing
from skcnn.inspection._checked import checked
from skcnn.inspection._model_card import card
from skcnn.inspection._report_figures import PER, Checked, amount, outcomes
from skcnn.inspection._report_pictures import pictures
from skcnn.inspection._templates import template
from skcnn.inspection._worst_errors import check_number_of_rows, worst_errors


def report(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    path: str | Path,
    *,
    cost_matrix: CostMatrixLike = None,
    pos_label: Any = None,
    baselines: Mapping[str, Any] | None = None,
    title: str = "",
    unit: str = "",
    n_errors: int = 20,
) -> Path:
    """Write one HTML page about a fitted classifier of texts.

    The page says what was asked, what the classifier would do on 1,000 texts and what that costs,
    shows pictures and the most expensive errors, and ends with a model card. It needs no network:
    all is in one file. It can be printed, and read on a phone.

    Parameters
    ----------
    estimator : fitted classifier with ``predict_proba``
        Any classifier of texts, a pipeline for example.
    X : list, tuple, ndarray, Series or one-column DataFrame of str, n_samples texts
        Texts that the estimator was not fitted on.
    y : array-like of shape (n_samples,)
        Their true labels.
    path : str or Path
        Where to write the page. An existing file is replaced.
    cost_matrix : as in `skcnn.check_cost_matrix`, default=None
        None: that of the estimator, or equal costs if it has none.
    pos_label : label, default=None
        With two classes: the class that the page is about. None: the one that costs more to miss.
    baselines : mapping of str to fitted classifier, default=None
        Other classifiers of the same texts to compare with, by name.
    title : str, default=""
        Heading of the page. "": the name of the estimator's class.
    unit : str, default=""
        Unit of the costs, such as "€".
    n_errors : int, default=20
        How many errors to list at most.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    TypeError
        If the estimator has no ``predict_proba``, X does not hold texts, or n_errors is not an
        integer.
    ValueError
        If y does not fit X, has labels that are not among the classes or only one of two classes,
        or the costs are invalid.
    ImportError
        If Jinja2, matplotlib or pandas is not installed.
    OSError
        If the page cannot be written.

    Examples
    --------
    >>> from skcnn import CostSensitiveTextCNN
    >>> from skcnn.inspection import report
    >>> texts = ["win cash now", "cash prize", "see you at lunch", "lunch today?"]
    >>> labels = ["spam", "spam", "ham", "ham"]
    >>> cnn = CostSensitiveTextCNN({"spam": 5}, early_stopping=False, random_state=0)
    >>> cnn = cnn.fit(texts, labels)
    >>> report(cnn, ["cash now", "at lunch"], ["spam", "ham"], "report.html").name
    'report.html'
    """
    check_report_packages()
    check_number_of_rows(n_errors)
    check_can_write(path)
    data = checked(estimator, X, y, cost_matrix, pos_label)
    _check_both_classes(data)
    name = type(estimator).__name__
    lines = list(outcomes(name, data, baselines or {}, X))
    page = template("report.html").render(
        title=title or name,
        per=PER,
        unit=unit,
        card=card(estimator, data, unit),
        pos_label=data.pos_label,
        outcomes=lines,
        abstains=any(line.abstentions is not None for line in lines),
        pictures=list(pictures(data, unit)),
        classes=_by_class(data),
        errors=_errors(estimator, X, data, n_errors),
        amount=amount,
    )
    with replacing(path) as file:
        file.write(page.encode("utf-8", "backslashreplace"))
    return Path(path)


def check_report_packages() -> None:
    """Raise an ImportError if a package that `report` needs is missing."""
    check_installed("A report", "jinja2", "matplotlib", "pandas")


def _check_both_classes(data: Checked) -> None:
    """Raise an error if there are two classes and all texts are of one: no picture shows that."""
    found = set(data.y.tolist())
    if data.pos_label is not None and len(found) == 1:
        first, second = labels = data.classes.tolist()
        (lacking,) = set(labels) - found
        raise ValueError(
            f"all {len(data.y)} texts have the label {found.pop()!r} in y; expected texts of both "
            f"classes, {first!r} and {second!r}. Add texts with the label {lacking!r}."
        )


def _by_class(data: Checked) -> list[tuple[Any, float, float, int]]:
    """Return label, precision, recall and number of texts of each class."""
    from sklearn.metrics import precision_recall_fscore_support

    precision, recall, _, support = precision_recall_fscore_support(
        data.y, data.y_pred, labels=data.classes, zero_division=0
    )
    columns = (precision.tolist(), recall.tolist(), np.asarray(support).tolist())
    return list(zip(data.classes.tolist(), *columns, strict=True))


def _errors(estimator: Any, X: Any, data: Checked, n: int) -> list[dict[str, Any]]:
    """Return the most expensive errors, with the words that decided if they are known."""
    table = worst_errors(estimator, X, data.y, n, cost_matrix=data.cost_matrix)
    errors = table.to_dict("records")
    pieces: list[Any] = [[(error["text"], 0.0)] for error in errors]
    if errors and hasattr(estimator, "explain"):
        explanations = estimator.explain([error["text"] for error in errors])
        pieces = [each.view()["pieces"] for each in explanations]
    return [error | {"pieces": each} for error, each in zip(errors, pieces, strict=True)]
