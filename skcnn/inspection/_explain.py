"""The methods of the estimator that explain its predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from skcnn._arrays import Float64
from skcnn.costs._decision import decide, decision_costs
from skcnn.inspection._explanation import Explanation, Explanations
from skcnn.inspection._top_ngrams import top_ngrams
from skcnn.inspection._worst_errors import check_number_of_rows, worst_errors
from skcnn.predicting._model import FittedModel
from skcnn.predicting._pooled_evidence import PooledEvidence, expected_cost_terms, pooled_evidence
from skcnn.text._containers import as_texts
from skcnn.text._spans import Span, joined, tokens_with_spans

if TYPE_CHECKING:
    from pandas import DataFrame


class ExplainMixin:
    """`explain`, `top_ngrams` and `worst_errors` of an estimator with a fitted model."""

    _model: FittedModel
    decision: str

    if TYPE_CHECKING:

        def _unchanging_copy(self) -> Self: ...

    def explain(self, X: Any) -> Explanations:
        """Say for each text which n-grams decided, in log-odds and in money.

        Parameters
        ----------
        X : list, tuple, ndarray, Series or one-column DataFrame of str
            The texts.

        Returns
        -------
        Explanations
            A sequence with an `Explanation` for each text. It prints as text, a notebook shows the
            texts with highlighted words, and `to_frame` gives a table.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If this estimator is not fitted.
        TypeError, ValueError
            As `predict_proba`.

        Notes
        -----
        The contributions are exact: their sum is what `predict_proba` returns, as log-odds. Both
        the network up to its maximum and the n-gram model are linear. Where a step is not linear,
        all contributions of a model are multiplied by one factor. See docs/explaining.md.

        Examples
        --------
        >>> from skcnn import CostSensitiveTextCNN
        >>> texts = ["win cash now", "cash prize", "see you at lunch", "lunch today?"]
        >>> cnn = CostSensitiveTextCNN({"spam": 5}, early_stopping=False, random_state=0)
        >>> cnn = cnn.fit(texts, ["spam", "spam", "ham", "ham"])
        >>> explanation = cnn.explain(["cash for lunch"])[0]
        >>> frame = explanation.to_frame()
        >>> log_odds = frame[frame["class"] == "spam"]["log_odds"].sum()
        >>> P = cnn.predict_proba(["cash for lunch"])[0]
        >>> bool(abs(log_odds - np.log(P[1] / P[0])) < 1e-6)
        True
        """
        check_is_fitted(self)
        model = self._model  # another thread may fit meanwhile
        costs = decision_costs(self.decision, model.cost_matrix)
        return Explanations(explained(model, as_texts(X), costs))

    def top_ngrams(self, X: Any, n: int = 20) -> DataFrame:
        """List the n-grams that speak most for each class in some texts.

        Parameters
        ----------
        X : list, tuple, ndarray, Series or one-column DataFrame of str
            Texts to look at, as a rule those of the training set or new ones.
        n : int, default=20
            How many n-grams to list for each class.

        Returns
        -------
        DataFrame
            Columns "class", "ngram", "n_texts" (how many of the texts contain it), "log_odds" (its
            mean contribution there), "total" (the sum over the texts). For each class, the n-grams
            with the largest total come first.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If this estimator is not fitted.
        TypeError, ValueError
            As `predict_proba`, or if n is not a positive integer.
        """
        check_is_fitted(self)
        check_number_of_rows(n)
        return top_ngrams(self._model, as_texts(X), n)

    def worst_errors(
        self, X: Any, y: ArrayLike, n: int = 20, *, sample_costs: Any = None
    ) -> DataFrame:
        """List the most expensive errors first.

        Parameters
        ----------
        X : list, tuple, ndarray, Series or one-column DataFrame of str
            Texts that the estimator was not fitted on.
        y : array-like of shape (n_samples,)
            Their true labels.
        n : int, default=20
            How many errors to list at most.
        sample_costs : array-like of shape (n_samples, n_classes) or DataFrame, default=None
            As in `predict`.

        Returns
        -------
        DataFrame
            See `skcnn.inspection.worst_errors`.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If this estimator is not fitted.
        TypeError, ValueError
            As `skcnn.inspection.worst_errors`.
        """
        return worst_errors(self._unchanging_copy(), X, y, n, sample_costs=sample_costs)


def explained(model: FittedModel, texts: Sequence[str], costs: Float64) -> list[Explanation]:
    """Explain the predictions of a fitted model at a cost matrix (K, K)."""
    found = [tokens_with_spans(text, model.tokenize) for text in texts]
    P = model.predict_proba(texts)
    labels = decide(P, costs, model.classes)
    evidence = pooled_evidence(model, texts, [tokens for tokens, _ in found])
    return [
        _explanation(model.classes, costs, *row)
        for row in zip(texts, labels, P, evidence, found, strict=True)
    ]


def _explanation(
    classes: NDArray[Any],
    costs: Float64,
    text: str,
    label: Any,
    probabilities: Float64,
    evidence: PooledEvidence,
    tokens_and_spans: tuple[list[str], list[Span | None]],
) -> Explanation:
    # Not one dict: a token of a user's tokenizer may be spelled like a name in parentheses.
    names = [joined(ngram) for ngram in evidence.ngrams] + list(evidence.others)
    parts = [*evidence.ngrams.values(), *evidence.others.values()]
    contributions = np.array(parts).reshape(len(parts), len(classes))
    base_costs, terms = expected_cost_terms(evidence.base, contributions, costs)
    # From the distance to the mean of all classes to the distance to the mean of the others.
    scale = len(classes) / (len(classes) - 1)
    explanation = Explanation(
        text=text,
        classes=classes,
        prediction=label,
        probabilities=probabilities,
        expected_costs=probabilities @ costs,
        ngrams=names,
        log_odds=contributions * scale,
        costs=terms,
        base_log_odds=evidence.base * scale,
        base_costs=base_costs,
        tokens=tokens_and_spans[0],
        spans=tokens_and_spans[1],
        token_log_odds=evidence.tokens * scale,
    )
    return _sorted(explanation)


def _sorted(explanation: Explanation) -> Explanation:
    """Put the n-grams that matter most for the decision first."""
    order = np.argsort(-np.abs(explanation.log_odds[:, explanation.column]), kind="stable")
    return replace(
        explanation,
        ngrams=[explanation.ngrams[i] for i in order],
        log_odds=explanation.log_odds[order],
        costs=explanation.costs[order],
    )
