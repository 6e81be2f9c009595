"""The estimator's parameters in four groups, and what each group refuses."""

from __future__ import annotations

import inspect
from collections import Counter
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from skcnn import CostSensitiveTextCNN
from skcnn._settings import FitSettings, MemberSettings, NetworkSettings, TextSettings

GROUPS = (TextSettings, NetworkSettings, MemberSettings, FitSettings)
# What `fit` takes now.
DEPRECATED = {"unlabeled"}


def test_each_parameter_is_in_exactly_one_group() -> None:
    parameters = set(inspect.signature(CostSensitiveTextCNN).parameters) - DEPRECATED
    grouped = Counter(field.name for group in GROUPS for field in fields(group))
    assert set(grouped) == parameters
    assert {name: n for name, n in grouped.items() if n > 1} == {}


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_takes_its_parameters_and_cannot_be_changed(group: Any) -> None:
    params = CostSensitiveTextCNN().get_params()
    settings = group.from_params(params)
    for field in fields(group):
        assert getattr(settings, field.name) is params[field.name]
    with pytest.raises(FrozenInstanceError):
        setattr(settings, fields(group)[0].name, None)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, {"learning_rate": 0.002}),
        ({"learning_rate": 0.1}, {"learning_rate": 0.1}),
        ({"optimizer_params": {"beta_1": 0.8}}, {"beta_1": 0.8, "learning_rate": 0.002}),
        ({"optimizer_params": {"learning_rate": 0.3}}, {"learning_rate": 0.3}),
        ({"optimizer": "sgd"}, {}),
        ({"optimizer": "sgd", "learning_rate": 0.1}, {"learning_rate": 0.1}),
    ],
)
def test_adam_has_a_learning_rate_of_its_own(
    params: dict[str, Any], expected: dict[str, Any]
) -> None:
    settings = NetworkSettings.from_params(CostSensitiveTextCNN(**params).get_params())
    assert settings.all_optimizer_params == expected
