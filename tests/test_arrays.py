"""Arithmetic and checks that several rooms share."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax as softmax_of_scipy

from skcnn._arrays import TINY, finite_log, is_missing, softmax


def test_a_softmax_gives_probabilities_however_large_the_logits_are() -> None:
    logits = np.random.default_rng(0).normal(size=(20, 4)) * np.logspace(0, 4, 20)[:, np.newaxis]
    np.testing.assert_allclose(softmax(logits), softmax_of_scipy(logits, axis=1), rtol=1e-12)


def test_the_logarithm_is_finite_at_zero_and_exact_elsewhere() -> None:
    numbers = np.array([0.0, 1e-320, TINY, 1e-9, 0.5, 1.0])
    found = finite_log(numbers)
    np.testing.assert_array_equal(found[2:], np.log(numbers[2:]))
    np.testing.assert_array_equal(found[:2], np.log(TINY))


@pytest.mark.parametrize(
    "value",
    [
        None,
        float("nan"),
        np.float32("nan"),
        np.float64("nan"),
        Decimal("nan"),
        np.datetime64("NaT"),
        pd.NA,
        pd.NaT,
    ],
    ids=repr,
)
def test_missing_values_are_known_whatever_their_type(value: Any) -> None:
    assert is_missing(value)


@pytest.mark.parametrize(
    "value",
    ["", "nan", 0, 0.0, False, float("inf"), b"", (), np.zeros(2), np.array([]), pd.Timestamp(0)],
    ids=repr,
)
def test_no_other_value_is_missing(value: Any) -> None:
    assert not is_missing(value)
