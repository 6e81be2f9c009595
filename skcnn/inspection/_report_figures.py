"""The numbers of a report: what a classifier does on labeled texts, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float64
from skcnn.costs._inside import abstention_inside
from skcnn.costs._matrix import class_costs
from skcnn.costs._row_costs import cost_of_rows

# The figures of a report are for so many texts.
PER = 1000
# 97.5 % quantile of the normal distribution: plus and minus this many standard errors cover the
# true mean with a probability of 95 %.
_NORMAL_QUANTILE = 1.959964


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """Labeled texts, and what the classifier says about them.

    Attributes
    ----------
    texts : n texts
    y : (n,) true labels
    y_pred : (n,) predictions
    P : (n, K) probabilities
    classes : (K,) sorted labels
    cost_matrix : (K, K)
    abstention : arguments about abstentions, {} if there are none
    pos_label : the class that the report is about; None with three classes or more
    """

    texts: list[str]
    y: NDArray[Any]
    y_pred: NDArray[Any]
    P: Float64
    classes: NDArray[Any]
    cost_matrix: Float64
    abstention: dict[str, Any]
    pos_label: Any

    @property
    def negative_label(self) -> Any:
        """The other one of two classes."""
        return next(label for label in self.classes.tolist() if label != self.pos_label)

    @property
    def p(self) -> Float64:
        """Probability of the positive class, (n,)."""
        column: Float64 = self.P[:, self.classes.tolist().index(self.pos_label)]
        return column


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one way to decide does on labeled texts.

    Attributes
    ----------
    name : of the classifier or rule
    found, missed, false_alarms, flagged : of `PER` texts, for two classes; None for more
    abstentions : of `PER` texts, those without a prediction; None if the rule leaves none out
    accuracy : share of right predictions
    cost : total cost of `PER` texts
    margin : half the width of a 95 % confidence interval of `cost`
    """

    name: str
    found: float | None
    missed: float | None
    false_alarms: float | None
    flagged: float | None
    abstentions: float | None
    accuracy: float
    cost: float
    margin: float


def outcome(name: str, data: Checked, y_pred: NDArray[Any], abstention: dict[str, Any]) -> Outcome:
    """Return what predictions lead to."""
    paid, _ = cost_of_rows(
        data.y, y_pred, cost_matrix=data.cost_matrix, labels=data.classes, **abstention
    )
    counts: dict[str, float | None] = dict.fromkeys(("found", "missed", "false_alarms", "flagged"))
    if data.pos_label is not None:
        is_positive, is_flagged = data.y == data.pos_label, y_pred == data.pos_label
        counts = {
            "found": _per_texts(is_positive & is_flagged),
            "missed": _per_texts(is_positive & (y_pred == data.negative_label)),
            "false_alarms": _per_texts(~is_positive & is_flagged),
            "flagged": _per_texts(is_flagged),
        }
    is_abstention = ~np.isin(y_pred, data.classes)
    error = paid.std(ddof=1) / np.sqrt(len(paid)) if len(paid) > 1 else 0.0
    return Outcome(
        name=name,
        **counts,
        abstentions=_per_texts(is_abstention) if _abstains(abstention) else None,
        accuracy=float((y_pred == data.y).mean()),
        cost=float(PER * paid.mean()),
        margin=float(PER * _NORMAL_QUANTILE * error),
    )


def outcomes(name: str, data: Checked, baselines: Mapping[str, Any], X: Any) -> Iterator[Outcome]:
    """Yield what the classifier leads to, then each constant prediction, then other classifiers."""
    yield outcome(name, data, data.y_pred, data.abstention)
    for label in data.classes.tolist():
        always = np.full(len(data.y), label, dtype=data.classes.dtype)
        yield outcome(f"{label} for every text{_meaning(label, data)}", data, always, {})
    for other, classifier in baselines.items():
        y_pred = np.asarray(classifier.predict(X))
        yield outcome(other, data, y_pred, abstention_inside(classifier))


def _meaning(label: Any, data: Checked) -> str:
    if data.pos_label is None:
        return ""
    return " (read all)" if label == data.pos_label else " (do nothing)"


def _abstains(abstention: Mapping[str, Any]) -> bool:
    return abstention.get("abstain_cost") is not None


def _per_texts(rows: NDArray[np.bool_]) -> float:
    return float(PER * rows.mean())


def costs_in_words(classes: NDArray[Any], cost_matrix: Float64, unit: str) -> list[str]:
    """Say what each error costs, one sentence for each class or pair of classes."""
    labels = classes.tolist()
    sentences = []
    for true, row in zip(labels, cost_matrix.tolist(), strict=True):
        others = [(label, cost) for label, cost in zip(labels, row, strict=True) if label != true]
        costs = {cost for _, cost in others}
        if len(costs) == 1:
            answer = f"predicting {others[0][0]}" if len(others) == 1 else "any other prediction"
            sentences.append(f"True class {true}: {answer} costs {amount(costs.pop(), unit)}.")
        else:
            listed = ", ".join(f"{label} {amount(cost, unit)}" for label, cost in others)
            sentences.append(f"True class {true}: predictions cost {listed}.")
    right = dict(zip(labels, np.diag(cost_matrix).tolist(), strict=True))
    if not any(right.values()):
        return [*sentences, "A right prediction costs nothing."]
    listed = ", ".join(f"{label} {amount(cost, unit)}" for label, cost in right.items())
    return [*sentences, f"A right prediction costs: {listed}."]


def abstentions_in_words(abstention: Mapping[str, Any], unit: str) -> list[str]:
    """Say what it costs to leave a text to a person; nothing if no text is left."""
    if not _abstains(abstention):
        return []
    cost = amount(abstention["abstain_cost"], unit)
    return [f"A text without a prediction is left to a person, which costs {cost}."]


def amount(cost: float, unit: str = "") -> str:
    """Write a cost with its unit."""
    digits = f"{cost:,.0f}" if abs(cost) >= 100 else f"{cost:.3g}"
    return f"{digits} {unit}".rstrip()


def positive_label(classes: NDArray[Any], cost_matrix: Float64, pos_label: Any) -> Any:
    """Return the class that a report is about: as given, or the one that costs more to miss.

    None if there are more than two classes.

    Raises
    ------
    ValueError
        If `pos_label` is not one of two classes.
    """
    labels = classes.tolist()
    if pos_label is not None and (pos_label not in labels or len(labels) > 2):
        raise ValueError(
            f"pos_label is {pos_label!r}, the classes are {labels[:10]}; expected one of two "
            "classes. Leave pos_label out if there are more."
        )
    if len(labels) > 2:
        return None
    if pos_label is not None:
        return pos_label
    of_first, of_second = class_costs(cost_matrix).tolist()
    return labels[0] if of_first > of_second else labels[1]
