"""Old public names still work, each with a warning that points to the line that uses it."""

from __future__ import annotations

import linecache
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import skcnn.costs
from skcnn import MinCostClassifier
from skcnn.costs import (
    check_cost_matrix,
    check_sample_costs,
    decide,
    expected_costs,
    loss_cost_matrix,
    posterior,
)
from skcnn.costs._loss_formulas import LOSS_FORMULAS, LossFormula

P, COSTS, LABELS = [[0.7, 0.3]], [[0.0, 1.0], [5.0, 0.0]], ["ham", "spam"]
BY_NAME = {"spam": 5}

# Each function with its arguments, of which one has an old name.
OLD_ARGUMENTS: dict[str, tuple[Callable[..., Any], dict[str, Any], str, str]] = {
    "check_cost_matrix": (
        check_cost_matrix,
        {"cost_matrix": BY_NAME, "labels": LABELS},
        "classes",
        "labels",
    ),
    "check_cost_matrix of balanced costs": (
        check_cost_matrix,
        {"cost_matrix": "balanced", "labels": LABELS, "class_totals": [3, 1]},
        "class_weights",
        "class_totals",
    ),
    "check_sample_costs": (
        check_sample_costs,
        {"sample_costs": [[1, 2]], "n_samples": 1, "labels": LABELS},
        "classes",
        "labels",
    ),
    "decide": (
        decide,
        {"probabilities": P, "cost_matrix": BY_NAME, "labels": LABELS},
        "classes",
        "labels",
    ),
    "expected_costs": (
        expected_costs,
        {"probabilities": P, "cost_matrix": BY_NAME, "labels": LABELS},
        "classes",
        "labels",
    ),
    "loss_cost_matrix": (
        loss_cost_matrix,
        {"cost_matrix": COSTS, "class_totals": [3, 1]},
        "class_weights",
        "class_totals",
    ),
    "posterior": (
        posterior,
        {"softmax": P, "loss": "weighted", "cost_matrix": COSTS},
        "scores",
        "softmax",
    ),
}
every_old_argument = pytest.mark.parametrize(
    ("function", "arguments", "old", "new"), OLD_ARGUMENTS.values(), ids=OLD_ARGUMENTS
)
OLD_NAMES = {"LOSSES": LOSS_FORMULAS, "CostLoss": LossFormula}


def source_of(caught: list[warnings.WarningMessage]) -> list[str]:
    """Return the lines that the warnings point to, which must be in this file."""
    assert {warning.filename for warning in caught} == {__file__}
    return [linecache.getline(__file__, warning.lineno).strip() for warning in caught]


@every_old_argument
def test_an_old_argument_gives_the_same_result_with_a_warning(
    function: Callable[..., Any], arguments: dict[str, Any], old: str, new: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expected = function(**arguments)
    renamed = {old if name == new else name: value for name, value in arguments.items()}
    message = rf"^The argument {old} of {function.__name__} is deprecated .* Write {new}=\.$"
    with pytest.warns(FutureWarning, match=message) as caught:
        found = function(**renamed)
    assert source_of(caught.list) == ["found = function(**renamed)"]
    np.testing.assert_array_equal(found, expected)


@every_old_argument
def test_both_names_at_once_are_refused(
    function: Callable[..., Any], arguments: dict[str, Any], old: str, new: str
) -> None:
    with pytest.raises(TypeError, match=f"got {old} and {new}, two names of one argument"):
        function(**arguments, **{old: arguments[new]})


def test_the_old_method_gives_the_same_costs_with_a_warning() -> None:
    X, y = [[0], [1], [2], [3]], ["ham", "ham", "spam", "spam"]
    model = MinCostClassifier(LogisticRegression(), BY_NAME).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expected = model.expected_costs(X), model.expected_costs(X, sample_costs=[[1, 2]] * 4)
    message = r"^The method expected_cost is deprecated .* Write expected_costs\(X\)\.$"
    with pytest.warns(FutureWarning, match=message) as caught:
        found = model.expected_cost(X), model.expected_cost(X, sample_costs=[[1, 2]] * 4)
    assert len(source_of(caught.list)) == 2
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", OLD_NAMES)
def test_the_losses_in_numpy_are_found_by_their_old_names_with_a_warning(name: str) -> None:
    message = rf"^skcnn\.costs\.{name} is deprecated .* Write skcnn\.costs\.posterior, or a loss of"
    with pytest.warns(FutureWarning, match=message) as caught:
        found = getattr(skcnn.costs, name)
    assert found is OLD_NAMES[name]
    assert source_of(caught.list) == ["found = getattr(skcnn.costs, name)"]
    assert name not in skcnn.costs.__all__
    assert name not in dir(skcnn.costs)


def test_an_old_name_that_is_imported_has_a_warning_at_the_line_of_the_import() -> None:
    with pytest.warns(FutureWarning, match=r"^skcnn\.costs\.LOSSES is deprecated") as caught:
        from skcnn.costs import LOSSES
    assert LOSSES is LOSS_FORMULAS
    assert set(source_of(caught.list)) == {"from skcnn.costs import LOSSES"}


def test_every_public_name_of_costs_is_there_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in skcnn.costs.__all__:
            assert getattr(skcnn.costs, name) is not None
    assert dir(skcnn.costs) == sorted(skcnn.costs.__all__)
    message = re.escape("module 'skcnn.costs' has no attribute 'nonsense'")
    with pytest.raises(AttributeError, match=message):
        skcnn.costs.nonsense  # noqa: B018


@pytest.mark.parametrize("name", ["CostPath", "MinCostClassifier", "cost_path"])
def test_what_costs_took_home_is_the_same_at_both_doors(name: str) -> None:
    assert getattr(skcnn, name) is getattr(skcnn.costs, name)
