"""What every network keeps in a model file: what of it is refused."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from skcnn._arrays import Float64
from skcnn.costs._loss_formulas import LOSS_FORMULAS
from skcnn.predicting._network_parts import read_posterior_rule
from skcnn.predicting._parts import PartsError, check_names, part

# From softmax outputs to what a loss with an error would take for probabilities.
BROKEN: dict[str, Callable[[Float64], Float64]] = {
    "rows that do not sum to 1": lambda q: 2 * q,
    "negative numbers in rows that sum to 1": lambda q: 2 * q - 1 / q.shape[1],
    "NaN": lambda q: q * np.nan,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_loss_that_does_not_give_probabilities_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def formula() -> Any:
        return SimpleNamespace(invert=lambda q, costs, unit: change(q))

    monkeypatch.setitem(LOSS_FORMULAS, "weighted", formula)
    header = {"loss": {"name": "weighted", "parameters": {}}}
    change: Callable[[Float64], Float64] = np.copy
    assert read_posterior_rule(header, 1 - np.eye(3)).loss == "weighted"
    change = BROKEN[name]
    with pytest.raises(PartsError, match="does not give probabilities with its costs"):
        read_posterior_rule(header, 1 - np.eye(3))


@pytest.mark.parametrize("parts", [None, 3, "a name", ["name"]])
def test_parts_that_are_no_mapping_are_refused(parts: Any) -> None:
    message = "name cannot be in .*, expected a mapping"
    with pytest.raises(PartsError, match=message):
        part(parts, "name")
    with pytest.raises(PartsError, match=message):
        check_names(parts, ("name",), "the header")
