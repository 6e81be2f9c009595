from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from skcnn.costs import _equations, loss_cost_matrix, posterior
from skcnn.costs._loss_formulas import LOSS_FORMULAS

LOSSES = [
    ("misclassification", {}),
    ("expected_cost", {"cost_weight": 1.0}),
    ("expected_cost", {"cost_weight": 10.0}),
]


def one_pair(rng, n_classes):
    costs = 1 - np.eye(n_classes)
    costs[7, 1] = 5
    return costs


def few_rows(rng, n_classes):
    costs = rng.uniform(1, 5, (n_classes, 1)) * (1 - np.eye(n_classes))
    costs[[2, 5, 11]] = rng.lognormal(size=(3, n_classes))
    return costs


def one_column(rng, n_classes):
    costs = 1 - np.eye(n_classes)
    costs[:, 4] = 9
    return costs


def distances(rng, n_classes):
    return np.abs(np.subtract.outer(np.arange(n_classes), np.arange(n_classes))).astype(float)


def any_costs(rng, n_classes):
    return rng.lognormal(size=(n_classes, n_classes))


def zeros_and_ones(rng, n_classes):
    return rng.integers(0, 2, (n_classes, n_classes)).astype(float)


def of_very_different_size(rng, n_classes):
    return rng.lognormal(sigma=4, size=(n_classes, n_classes))


def with_free_classes(rng, n_classes):
    costs = any_costs(rng, n_classes)
    costs[[0, 3]] = 0
    return costs


STRUCTURED = [one_pair, few_rows, one_column, distances]
MATRICES = [*STRUCTURED, any_costs, zeros_and_ones, of_very_different_size, with_free_classes]


def costs_of(kind, rng, n_classes):
    costs = kind(rng, n_classes)
    np.fill_diagonal(costs, 0)
    return loss_cost_matrix(costs, np.ones(n_classes))


@pytest.mark.parametrize("kind", MATRICES)
@pytest.mark.parametrize(("name", "params"), LOSSES)
@settings(max_examples=10, deadline=None)
@given(
    n_classes=st.integers(24, 60), sharpness=st.sampled_from([0, 1, 6, 30]), seed=st.integers(0, 99)
)
def test_all_texts_at_once_and_one_by_one_give_the_same(
    name, params, kind, n_classes, sharpness, seed
):
    rng = np.random.default_rng(seed)
    costs = costs_of(kind, rng, n_classes)
    outputs = softmax(sharpness * rng.normal(size=(20, n_classes)), axis=1)
    loss = LOSS_FORMULAS[name](**params)
    at_once = loss.invert(outputs, costs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_equations, "_FEW_CLASSES", 10**6)
        one_by_one = np.concatenate([loss.invert(row[None], costs) for row in outputs])
    np.testing.assert_allclose(at_once, one_by_one, atol=1e-8)


@pytest.mark.parametrize("kind", STRUCTURED)
@pytest.mark.parametrize(("name", "params"), LOSSES)
def test_many_classes_with_costs_of_a_simple_form_need_no_system_for_each_text(
    name, params, kind, monkeypatch
):
    def fail(*args):
        raise AssertionError(f"{len(args[0])} texts are solved one by one")

    monkeypatch.setattr(_equations, "_one_by_one", fail)
    rng = np.random.default_rng(0)
    costs = costs_of(kind, rng, 200)
    found = posterior(rng.dirichlet(np.ones(200), 50), name, costs, **params)
    np.testing.assert_allclose(found.sum(axis=1), 1)


@pytest.mark.parametrize("n_classes", [5, 30])
def test_a_text_whose_equations_are_singular_does_not_change_the_others(n_classes):
    rng = np.random.default_rng(0)
    costs = costs_of(zeros_and_ones, rng, n_classes)
    loss = LOSS_FORMULAS["misclassification"]()
    outputs = softmax(80 * rng.normal(size=(400, n_classes)), axis=1)
    together = loss.invert(outputs, costs)
    alone = np.concatenate([loss.invert(row[None], costs) for row in outputs])
    # Nearly singular equations enlarge rounding errors; a wrong solution would be off by 1.
    np.testing.assert_allclose(together, alone, atol=1e-4)
