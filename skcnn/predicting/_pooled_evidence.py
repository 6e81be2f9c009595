"""Evidence of all members together: the terms that add up to the pooled log-odds of a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skcnn._arrays import TINY, Float64, finite_log, softmax
from skcnn.predicting._classifier import FittedClassifier
from skcnn.predicting._evidence import Evidence, centered
from skcnn.predicting._members import Member
from skcnn.predicting._model import FittedModel
from skcnn.predicting._network_evidence import network_evidence
from skcnn.predicting._ngram_evidence import ngram_evidence
from skcnn.predicting._ngram_model import NgramModel, to_probabilities
from skcnn.predicting._pool import LogarithmicPool, log_probabilities
from skcnn.predicting._text_cnn import FittedTextCNN

# The largest remainder that is left to rounding: log-odds of this size change nothing.
_ROUNDING = 1e-9
# Points of the Gauss-Legendre rule. For log-odds from -20 to 20, the sum is right to 1e-9.
_NODES = 96


@dataclass(frozen=True, slots=True, eq=False)
class PooledEvidence:
    """What leads to the probabilities of one text.

    The logarithms of the probabilities are, up to a number that is the same for all classes, the
    base plus all contributions of n-grams and of others. Each of these rows sums to 0.

    Attributes
    ----------
    base : (K,), for a text without tokens
    ngrams : contributions (K,) of the n-grams
    tokens : (L, K), the same contributions, shared out over the tokens
    others : contributions (K,) that do not come from single n-grams, by name
    """

    base: Float64
    ngrams: dict[tuple[str, ...], Float64]
    tokens: Float64
    others: dict[str, Float64]


def pooled_evidence(
    model: FittedModel, texts: Sequence[str], tokens: Sequence[Sequence[str]]
) -> list[PooledEvidence]:
    """Explain the probabilities of n texts.

    The network up to its softmax outputs, the n-gram model up to its probabilities, and the pool
    over logarithms of probabilities are sums. Between them are functions that are not: these
    logarithms themselves, the rule from softmax outputs to P(class | text), the smallest
    probability of the pool. There, all contributions of a member are multiplied by one factor, so
    that they add up to the change that the member's logarithms have from a text without tokens
    (the rescale rule [1]_). For two classes nothing remains. For more, one factor cannot fit all
    classes: what remains is listed as "(correction)".

    References
    ----------
    .. [1] A. Shrikumar, P. Greenside and A. Kundaje (2017). Learning important features through
       propagating activation differences. ICML.
    """
    n_classes = len(model.classes)
    pool, numbers = (model.pool or LogarithmicPool.even(1, n_classes)).without_ignored()
    members = [model.members[m] for m in numbers]
    logs = [centered(log_probabilities(m.predict_proba(texts, tokens))) for m in members]
    bases = [_base(member, n_classes) for member in members]
    found = []
    for row, words in enumerate(tokens):
        ngrams = Evidence.none(len(words), n_classes)
        base, others = centered(pool.log_factors), dict[str, Float64]()
        for member, a, log, start in zip(members, pool.exponents, logs, bases, strict=True):
            if start is None:
                others[_name(member)] = others.get(_name(member), 0) + a * log[row]
                continue
            base = base + a * start
            evidence, rest = _rescaled(_evidence(member, words), log[row] - start)
            ngrams.add_all(evidence.times(a))
            if np.abs(rest).max() > _ROUNDING:
                others["(correction)"] = others.get("(correction)", 0) + a * rest
        found.append(PooledEvidence(base, ngrams.ngrams, ngrams.tokens, others))
    return found


def _base(member: Member, n_classes: int) -> Float64 | None:
    """Return the logarithms of a member's probabilities of a text without tokens, (K,), centered.

    None if the member's contributions cannot be shared out over n-grams.
    """
    if isinstance(member, FittedTextCNN | NgramModel):
        base: Float64 = centered(log_probabilities(member.predict_proba([""], [[]])))[0]
        return base
    return None


def _evidence(member: Member, tokens: Sequence[str]) -> Evidence:
    """Return a member's evidence, in units that are nearly its logarithms of probabilities."""
    if isinstance(member, FittedTextCNN):
        evidence = network_evidence(member, tokens)
    else:
        assert isinstance(member, NgramModel)
        evidence = ngram_evidence(member, tokens)
        if len(member.intercept) > 1:
            evidence = evidence.times(
                _slopes(evidence.total(), member.intercept.astype(np.float64))
            )
    return Evidence(
        centered(evidence.tokens), {n: centered(each) for n, each in evidence.ngrams.items()}
    )


def _slopes(change: Float64, intercept: Float64) -> Float64:
    """Return the mean slope of log(sigmoid) from the intercepts on, (K,) and (K,) -> (K,)."""
    before, after = (
        finite_log(to_probabilities(each[:, np.newaxis])[:, 1])
        for each in (intercept, intercept + change)
    )
    flat = np.abs(change) < np.sqrt(TINY)
    slopes: Float64 = (after - before) / np.where(flat, 1, change)
    return np.where(flat, 1 - np.exp(before), slopes)


def _rescaled(evidence: Evidence, change: Float64) -> tuple[Evidence, Float64]:
    """Multiply contributions by the factor that brings their sum nearest to `change`, (K,).

    Returns the evidence and what remains of the change, (K,).
    """
    total = evidence.total()
    square = float(total @ total)
    factor = float(total @ change) / square if square > TINY else 0.0
    return evidence.times(factor), change - factor * total


def _name(member: Member) -> str:
    if isinstance(member, FittedClassifier):
        return f"({member.name})"
    return {"sentence_vectors": "(sentence vectors)"}.get(member.kind, "(network)")


def expected_cost_terms(
    base: Float64, contributions: Float64, costs: Float64
) -> tuple[Float64, Float64]:
    """Split the expected cost of each prediction into terms, one for each contribution.

    Parameters
    ----------
    base : (K,), logarithms of probabilities up to a number
    contributions : (m, K), what is added to them
    costs : (K, K), cost matrix

    Returns
    -------
    start : (K,), expected cost of each prediction at `base`
    terms : (m, K), what each contribution adds; `start` and the terms add up to the expected
        costs at `base` plus all contributions

    Notes
    -----
    The terms are integrated gradients [1]_ from `base` along a straight line.

    References
    ----------
    .. [1] M. Sundararajan, A. Taly and Q. Yan (2017). Axiomatic attribution for deep networks.
       ICML.
    """
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    path = base + (nodes[:, np.newaxis] + 1) / 2 * contributions.sum(axis=0)  # (nodes, K)
    P = softmax(path)
    expected = P @ costs  # (nodes, K)
    # d E_j / d z_k = P_k (C[k, j] - E_j)
    slopes = np.einsum("n,nk,kj->kj", weights / 2, P, costs)
    slopes -= np.einsum("n,nk,nj->kj", weights / 2, P, expected)
    start = softmax(base[np.newaxis])[0] @ costs
    return start, contributions @ slopes
