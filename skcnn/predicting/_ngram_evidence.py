"""Evidence of the n-gram model: what the n-grams of a text contribute to its log-odds."""

from __future__ import annotations

from collections.abc import Sequence

from skcnn.predicting._evidence import Evidence, at_both_classes, ngram_of
from skcnn.predicting._ngram_model import NgramModel
from skcnn.text._ngrams import TextsByWord


def ngram_evidence(model: NgramModel, tokens: Sequence[str]) -> Evidence:
    """Return what each n-gram of words contributes to the log-odds of one text.

    The n-grams of characters of a word are counted with the word itself. An n-gram that occurs
    several times contributes once, and each of its tokens gets an equal share of it.
    """
    evidence = Evidence.none(len(tokens), max(2, model.word_coef.shape[1]))
    texts = TextsByWord.from_tokens([tokens])
    sums = model.character_sums(texts.words)
    places, of_ngrams = model.features.contributions(texts, model.word_coef, sums)
    for n, (starts, log_odds) in enumerate(zip(places, of_ngrams, strict=True), 1):
        contributions = at_both_classes(log_odds)
        for start, contribution in zip(starts.tolist(), contributions, strict=True):
            if contribution.any():
                evidence.add(ngram_of(tokens, start, n), contribution)
        for j in range(n):  # an n-gram occurs at a start once
            evidence.tokens[starts + j] += contributions / n
    return evidence
