"""A cost-sensitive TextCNN for scikit-learn and imbalanced-learn.

Names are imported when they are first used, so that ``import skcnn`` is fast.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skcnn._estimator import CostSensitiveTextCNN
    from skcnn.costs import (
        CostPath,
        MinCostClassifier,
        abstain_cost_at_average_cost,
        average_cost,
        bayes_threshold,
        change_prior,
        check_cost_matrix,
        choose_abstentions,
        cost_grid,
        cost_path,
        decide,
        estimate_average_cost,
        estimate_prior,
        expected_costs,
        make_cost_scorer,
        normalized_cost,
        savings_score,
        threshold_at_count,
        threshold_at_false_alarm_rate,
        threshold_at_limits,
        threshold_at_precision,
        threshold_at_rate,
        threshold_at_recall,
    )
    from skcnn.exporting._to_onnx import to_onnx
    from skcnn.files._errors import ModelFileError
    from skcnn.files._save_any import save
    from skcnn.text._cooccurrence import CooccurrenceVectors

__all__ = [
    "CooccurrenceVectors",
    "CostPath",
    "CostSensitiveTextCNN",
    "MinCostClassifier",
    "ModelFileError",
    "__version__",
    "abstain_cost_at_average_cost",
    "average_cost",
    "bayes_threshold",
    "change_prior",
    "check_cost_matrix",
    "choose_abstentions",
    "cost_grid",
    "cost_path",
    "decide",
    "estimate_average_cost",
    "estimate_prior",
    "expected_costs",
    "load",
    "make_cost_scorer",
    "normalized_cost",
    "save",
    "savings_score",
    "threshold_at_count",
    "threshold_at_false_alarm_rate",
    "threshold_at_limits",
    "threshold_at_precision",
    "threshold_at_rate",
    "threshold_at_recall",
    "to_onnx",
]

__version__ = "0.2.0"

_HOMES = {
    "CostSensitiveTextCNN": "skcnn._estimator",
    "CooccurrenceVectors": "skcnn.text._cooccurrence",
    "ModelFileError": "skcnn.files._errors",
    "save": "skcnn.files._save_any",
    "to_onnx": "skcnn.exporting._to_onnx",
}
_SUBMODULES = ("costs", "datasets", "files", "inspection", "losses", "mlflow", "network", "text")


def load(
    path: str | os.PathLike[str],
    *,
    sentence_vectors: Any = None,
    members: Mapping[str, Any] | None = None,
) -> CostSensitiveTextCNN | MinCostClassifier:
    """Read a classifier from the file that `save` wrote; nothing in it is executed.

    Parameters
    ----------
    path : str or path
        The file.
    sentence_vectors : object, callable or fitted transformer, default=None
        As for `CostSensitiveTextCNN.load`.
    members : dict of str to classifier, default=None
        As for `CostSensitiveTextCNN.load`.

    Returns
    -------
    CostSensitiveTextCNN or MinCostClassifier
        Fitted. What is in the file decides which of them.

    Raises
    ------
    ModelFileError, OSError, TypeError
        As `CostSensitiveTextCNN.load`.

    Examples
    --------
    >>> import skcnn
    >>> texts, labels = ["win cash", "cash prize", "at noon", "lunch"], [1, 1, 0, 0]
    >>> cnn = skcnn.CostSensitiveTextCNN(early_stopping=False, random_state=0).fit(texts, labels)
    >>> skcnn.save(cnn, "model.skcnn")
    >>> bool((skcnn.load("model.skcnn").predict(texts) == cnn.predict(texts)).all())
    True
    """
    from skcnn._estimator import CostSensitiveTextCNN
    from skcnn.files._save_any import load_any

    model: CostSensitiveTextCNN | MinCostClassifier = load_any(
        CostSensitiveTextCNN, path, sentence_vectors, members
    )
    return model


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return import_module(f"skcnn.{name}")
    if name in __all__:
        module = _HOMES.get(name, "skcnn.costs")
        return getattr(import_module(module), name)
    raise AttributeError(f"module 'skcnn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_SUBMODULES])
