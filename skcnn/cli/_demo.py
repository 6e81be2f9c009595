"""``skcnn demo``: two classifiers find the tech headlines of BBC News."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skcnn.cli._baseline import tfidf_logistic_regression
from skcnn.cli._demo_report import BASELINE, CLASSES, CNN, Outcome, print_report
from skcnn.cli._options import RandomState
from skcnn.cli._output import console, progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from skcnn.costs._matrix import CostMatrixLike


def demo(
    cost: Annotated[
        float,
        typer.Option(min=1, help="Cost of a missed tech headline; a false alarm costs 1."),
    ] = 5.0,
    random_state: RandomState = 0,
) -> None:
    """Find the tech headlines of BBC News, with equal and with unequal costs.

    Compares skcnn, with the pretrained word vectors of GloVe, to TF-IDF + logistic regression.
    Needs the extra "demo" of the package. Takes about 20 seconds.
    """
    import numpy as np
    from sklearn.model_selection import train_test_split

    from skcnn.datasets._bbc import load_bbc_headlines

    headlines, sections = load_bbc_headlines(return_X_y=True)
    y = np.where(sections == "tech", "tech", "other")
    split = train_test_split(headlines, y, test_size=0.25, stratify=y, random_state=random_state)
    y_train, y_test = split[2], split[3]
    out = console()
    out.print(
        f"Task: find the tech headlines. {len(y_train):,} headlines to train on, {len(y_test):,} "
        f"to test on, {np.count_nonzero(y_test == 'tech')} of these are tech."
    )
    costs = list(dict.fromkeys((1.0, cost)))
    with progress("Starting TensorFlow") as show:
        start = _seconds_to_start()
        show("Training twice, at each cost, and the baseline")
        outcomes = _cnn_outcomes(split, costs, random_state) + _baseline_outcomes(split, costs)
    print_report(out, outcomes, seconds_to_start=start)


def _seconds_to_start() -> float:
    from importlib import import_module

    begin = perf_counter()
    import_module("skcnn.network")
    return perf_counter() - begin


def _cost_matrix(cost: float) -> CostMatrixLike:
    return None if cost == 1 else {"tech": cost}


def _cnn_outcomes(split: list[Any], costs: list[float], random_state: int) -> list[Outcome]:
    """Train one model for each cost."""
    from skcnn._estimator import CostSensitiveTextCNN

    X_train, X_test, y_train, y_test = split
    outcomes = []
    for cost in costs:
        begin = perf_counter()
        model = CostSensitiveTextCNN(
            cost_matrix=_cost_matrix(cost), word_vectors="glove", random_state=random_state
        )
        y_pred = model.fit(X_train, y_train).predict(X_test)
        outcomes.append(_outcome(CNN, cost, y_test, y_pred, perf_counter() - begin))
    return outcomes


def _baseline_outcomes(split: list[Any], costs: list[float]) -> list[Outcome]:
    """Train one model and decide by its probabilities for each cost."""
    from skcnn.costs._decision import decide

    X_train, X_test, y_train, y_test = split
    begin = perf_counter()
    probabilities = (
        tfidf_logistic_regression().fit(X_train, y_train).predict_proba(X_test)
    )  # (n, 2)
    seconds = perf_counter() - begin
    return [
        _outcome(
            BASELINE, cost, y_test, decide(probabilities, _cost_matrix(cost), CLASSES), seconds
        )
        for cost in costs
    ]


def _outcome(
    classifier: str,
    cost: float,
    y_true: NDArray[np.str_],
    y_pred: NDArray[np.str_],
    seconds: float,
) -> Outcome:
    from sklearn.metrics import confusion_matrix

    from skcnn.costs._metrics import average_cost, normalized_cost

    costs: dict[str, Any] = {"cost_matrix": _cost_matrix(cost), "labels": CLASSES}
    return Outcome(
        classifier=classifier,
        cost=cost,
        confusion=confusion_matrix(y_true, y_pred, labels=CLASSES),
        average=average_cost(y_true, y_pred, **costs),
        normalized=normalized_cost(y_true, y_pred, **costs),
        seconds=seconds,
    )
