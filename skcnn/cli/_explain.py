"""``skcnn explain``: which n-grams decided about a text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from skcnn.cli._inputs import check_can_read, check_texts, open_texts
from skcnn.cli._model import decision_of, explained, labels_at, load_model
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
    from skcnn.cli._model import Model
    from skcnn.inspection._explanation import Explanation

_LEGEND = (
    "(base): a text without words. log-odds: what a line adds to the log-odds of the label; +0.7 "
    "doubles the odds. saves: how much a line lowers the expected cost of the label, compared with "
    "the cheapest other label."
)
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
                batch = texts[start : start + _N_TEXTS]
                for explanation, label, by_rule in _explained_as_predicted(estimator, batch):
                    if as_json:
                        say_json(_as_json(explanation, label))
                    else:
                        lines = _in_words(explanation, label, by_rule=by_rule)
                        say_lines(lines if is_first else f"\n{lines}")
                    is_first = False
        if not as_json:
            say_lines(f"\n{_LEGEND}")


def _explained_as_predicted(
    model: Model, texts: list[str]
) -> Iterator[tuple[Explanation, Any, bool]]:
    """Yield the explanation of each prediction, the prediction, and whether a rule changed it.

    The prediction is what ``skcnn predict`` writes. If it is an abstention, the explanation is that
    of the cheapest label. A rule is a threshold, abstentions, or class shares of the model.
    """
    decision = decision_of(model, None, None, None)
    positions = decision(model.predict_proba(texts))
    labels = labels_at(model, positions, decision)
    for each, place, label in zip(explained(model, texts), positions.tolist(), labels, strict=True):
        by_rule = place != each.column
        if by_rule and place >= 0:
            yield replace(each, prediction=model.classes_[place]), label, by_rule
        else:
            yield each, label, by_rule


def _in_words(explanation: Explanation, label: Any, *, by_rule: bool) -> str:
    lines = repr(explanation)
    if not by_rule:
        return lines
    if label == explanation.prediction:
        return f"{lines}\n    The threshold or the class shares of the model led to {label!r}."
    return f"{lines}\n    The model leaves this text to a person: {label!r}."


def _as_json(explanation: Explanation, label: Any) -> dict[str, Any]:
    names = list(map(str, explanation.classes.tolist()))
    return {
        "text": explanation.text,
        "predicted": str(label),
        "explained": str(explanation.prediction),
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
