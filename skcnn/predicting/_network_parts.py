"""What every network keeps in a model file: its vocabulary and the rule to the posterior."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnn.costs._posterior import PosteriorRule
from skcnn.predicting._members import PartsError, check_numbers, check_shapes, part
from skcnn.text._vocabulary import FIRST_WORD


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


def read_posterior_rule(
    header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], n_classes: int
) -> PosteriorRule:
    """Return the rule from softmax outputs to P(class | text).

    Raises
    ------
    PartsError
        If a part is missing, or there is no such loss.
    """
    loss, costs = part(header, "loss", dict), part(arrays, "loss_costs")
    check_numbers({"loss_costs": costs}, {})
    check_shapes({"loss_costs": (costs.shape, (n_classes, n_classes))})
    rule = PosteriorRule(part(loss, "name", str), costs, part(loss, "parameters", dict))
    try:
        rule(np.full((1, len(costs)), 1 / len(costs)))
    except (KeyError, TypeError, ValueError) as error:
        raise PartsError(f"loss is {dict(loss)}, which is not a loss of this version") from error
    return rule
