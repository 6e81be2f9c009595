"""What every network keeps in a model file: its vocabulary and the rule to the posterior."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnn.costs._posterior import PosteriorRule
from skcnn.predicting._parts import ExpectedArray, PartsError, check_names, part, shown
from skcnn.text._vocabulary import FIRST_WORD

NETWORK_HEADER = ("kind", "vocabulary", "loss")
NETWORK_ARRAYS = {"loss_costs": ExpectedArray(("n_classes", "n_classes"), ("float64",))}

# Of a loss. Far above every parameter that is of use.
_LARGEST_PARAMETER = 1e9


def network_header(vocabulary: Mapping[str, int], rule: PosteriorRule) -> dict[str, Any]:
    """Return what a model file keeps as JSON."""
    loss = {"name": rule.loss, "parameters": rule.parameters}
    return {"vocabulary": list(vocabulary), "loss": loss}


def network_arrays(rule: PosteriorRule) -> dict[str, NDArray[Any]]:
    """Return what a model file keeps as arrays."""
    return {"loss_costs": rule.costs}


def read_vocabulary(header: Mapping[str, Any]) -> dict[str, int]:
    """Return words and their ids.

    Raises
    ------
    PartsError
        If the words are missing, not strings or not different.
    """
    words = part(header, "vocabulary", list)
    if set(map(type, words)) - {str} or len(set(words)) < len(words):
        raise PartsError("vocabulary is not a list of different words")
    return {word: i for i, word in enumerate(words, FIRST_WORD)}


def read_posterior_rule(header: Mapping[str, Any], costs: NDArray[Any]) -> PosteriorRule:
    """Return the rule from softmax outputs to P(class | text), with checked costs (K, K).

    Raises
    ------
    PartsError
        If a part is missing, there is no such loss, or it does not lead to probabilities.
    """
    loss = part(header, "loss", dict)
    check_names(loss, ("name", "parameters"), "loss")
    parameters = part(loss, "parameters", dict)
    for name, value in parameters.items():
        if type(value) not in (int, float) or abs(value) > _LARGEST_PARAMETER:
            raise PartsError(f"{shown(name)} of the loss is {shown(value)}, expected a number")
    rule = PosteriorRule(part(loss, "name", str), costs, parameters)
    n_classes = len(costs)
    ramp = np.arange(1.0, n_classes + 1)
    outputs = np.vstack([np.ones(n_classes), ramp, ramp**-9, np.eye(n_classes)[:2]])
    outputs /= outputs.sum(axis=1, keepdims=True)
    try:
        with np.errstate(all="ignore"):
            found = rule(outputs)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise PartsError(f"loss is {shown(loss)}, which is not a loss of this version") from error
    if not (found >= 0).all() or not np.allclose(found.sum(axis=1), 1):
        raise PartsError(f"loss is {shown(loss)}, which does not give probabilities with its costs")
    return rule
