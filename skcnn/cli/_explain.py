"""``skcnn explain``: which n-grams decided about a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skcnn.cli._inputs import check_can_read, check_texts, open_texts
from skcnn.cli._model import explained, load_model
from skcnn.cli._options import (
    AsJson,
    Encoding,
    FormatOption,
    ModelFile,
    OptionalData,
    QuotingOption,
    Separator,
    TextOrColumn,
)
from skcnn.cli._output import progress, say_json, say_lines
from skcnn.cli.tables._formats import Quoting, Reading

if TYPE_CHECKING:
    from skcnn.inspection._explanation import Explanation

# Explaining needs memory for each n-gram of a text, so that blocks are short.
_N_TEXTS = 64


def explain(
    model: ModelFile,
    data: OptionalData = None,
    text: TextOrColumn = None,
    as_json: AsJson = False,
    format: FormatOption = None,
    encoding: Encoding = None,
    separator: Separator = None,
    quoting: QuotingOption = Quoting.STANDARD,
) -> None:
    """Say which n-grams decided about each text, in log-odds and in the unit of the costs.

    With --json, each line is one text.
    """
    check_texts(data, text, "explain")
    check_can_read(model, data)
    reading = Reading(format, encoding, separator, quoting)
    with open_texts(data, reading, text) as (table, column):
        with progress(f"Loading {model}"):
            estimator = load_model(model)
        is_first = True
        for block in table.blocks:
            texts = table.texts(block, column)
            for start in range(0, len(texts), _N_TEXTS):
                for explanation in explained(estimator, texts[start : start + _N_TEXTS]):
                    if as_json:
                        say_json(_as_json(explanation))
                    else:
                        say_lines(repr(explanation) if is_first else f"\n{explanation!r}")
                    is_first = False


def _as_json(explanation: Explanation) -> dict[str, Any]:
    names = list(map(str, explanation.classes.tolist()))
    return {
        "text": explanation.text,
        "predicted": str(explanation.prediction),
        "probabilities": dict(zip(names, explanation.probabilities.tolist(), strict=True)),
        "expected_costs": dict(zip(names, explanation.expected_costs.tolist(), strict=True)),
        "base_log_odds": float(explanation.base_log_odds[explanation.column]),
        "ngrams": [
            {"ngram": ngram, "log_odds": log_odds, "saves": saves}
            for ngram, log_odds, saves in zip(
                explanation.ngrams,
                explanation.log_odds[:, explanation.column].tolist(),
                explanation.savings.tolist(),
                strict=True,
            )
        ],
    }
