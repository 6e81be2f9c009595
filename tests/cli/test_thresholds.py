from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skcnn.cli._thresholds import Wanted, threshold_in_words
from tests.cli.tables import ROWS, succeeds, written


@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.25, 0.5, 0.75, 0.9]), st.booleans()), min_size=1),
    st.floats(0.01, 1),
)
def test_a_threshold_keeps_what_is_asked(rows: list[tuple[float, bool]], value: float) -> None:
    rows = [*rows, (0.5, True), (0.5, False)]
    p, y = np.array([row[0] for row in rows]), [row[1] for row in rows]
    precision, recall, rate = Wanted(value, value, value).found(p, y)
    assert recall["recall"] >= value - 1e-9
    higher = p > recall["threshold"]
    assert (higher & y).sum() / sum(y) < value  # it is the highest
    if rate["threshold"] is not None:
        assert rate["rate"] <= value + 1e-9
    if precision["threshold"] is not None:
        assert precision["precision"] >= value - 1e-9


def test_a_wish_that_nothing_fulfills_is_a_sentence() -> None:
    p, y = np.array([0.1, 0.9, 0.9]), [True, False, True]
    precision, rate = Wanted(0.9, None, 0.5).found(p, y)
    assert "which no threshold reaches" in threshold_in_words(precision, "spam")
    assert threshold_in_words(rate, "spam") == (
        "For a rate of 0.5: no row may be predicted positive."
    )


def test_evaluate_finds_thresholds_of_the_saved_model(model: Path, tmp_path: Path) -> None:
    data = written(tmp_path / "data.csv", ROWS, ("text", "label"))
    options = ["--min-recall", "0.9", "--confidence", "0.9"]
    (found,) = json.loads(succeeds("evaluate", model, data, *options, "--json"))["thresholds"]
    assert found["recall"] > 0.9
    printed = succeeds("evaluate", model, data, *options, "--max-rate", "0.5")
    assert "For a recall of 0.9, with 0.9 confidence: " in printed
    assert "For a rate of 0.5: " in printed
    again = ["--threshold", str(found["threshold"]), "--json"]
    figures = json.loads(succeeds("evaluate", model, data, *again))
    assert figures["classes"]["spam"]["recall"] == found["recall"]
    options = ["--min-recall", "0.9", "--max-rate", "0.1", "--positive", "ham"]
    printed = succeeds("evaluate", model, data, *options)
    assert "For a recall of 0.9: --threshold " in printed
    assert "of the rows predicted 'ham')." in printed


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--confidence", "0.9"], "--confidence is for --min-precision and --min-recall"),
        (["--min-recall", "0.9", "--positive", "offer"], "the model has no such label"),
    ],
)
def test_a_wrong_wish_is_named(
    fails: Callable[..., str], model: Path, tmp_path: Path, options: list[str], complaint: str
) -> None:
    data = written(tmp_path / "data.csv", ROWS, ("text", "label"))
    assert complaint in fails("evaluate", model, data, *options)
