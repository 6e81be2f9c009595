"""What learns from words before the network does: their start vectors, and the n-gram model."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from skcnn._arrays import Int64
from skcnn.fitting._job import Job
from skcnn.fitting._join import CrossFitted, cross_fit
from skcnn.fitting._ngram_model import NgramTable, NgramTexts, choose_texts
from skcnn.fitting._soft_targets import TaughtTexts
from skcnn.fitting._splits import (
    CROSS_FIT_BELOW,
    CROSS_FIT_BELOW_WITH_TEACHERS,
    Splits,
    choose_splits,
)
from skcnn.fitting._training_set import TrainingSet
from skcnn.text._ngrams import fit_ngrams
from skcnn.text._prepare import PreparedTexts, prepare_texts


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """What does not depend on the costs, if nothing learns from a teacher.

    Attributes
    ----------
    prepared : PreparedTexts
    network_seed, ngram_seed : seeds of the network and of the n-gram model
    splits : by which models are compared
    ngram_texts : what the n-gram model learns from; None without one, or after it was fitted
    random_state : RandomState after all this
    ngrams : the n-gram model, or nothing without one
    """

    prepared: PreparedTexts
    network_seed: int
    ngram_seed: int
    splits: Splits
    ngram_texts: NgramTexts | None
    random_state: np.random.RandomState
    ngrams: tuple[CrossFitted, ...] = ()


def fit_words(job: Job) -> Words:
    """Prepare the texts for the network, and cross-fit the n-gram model."""
    words = prepare_words(job)
    return replace(words, ngrams=cross_fit_ngrams(job, words), ngram_texts=None)


def prepare_words(job: Job) -> Words:
    """Prepare the texts for both models; the n-gram model is not fitted yet."""
    prepared, ngram_texts = prepare(job, job.data.texts, job.train_rows)
    network_seed = job.seed()
    splits = _split(job, ngram_texts)
    return Words(prepared, network_seed, job.seed(), splits, ngram_texts, job.random_state)


def cross_fit_ngrams(job: Job, words: Words) -> tuple[CrossFitted, ...]:
    """Cross-fit the n-gram model. There is none if the texts have no n-gram."""
    if words.ngram_texts is None:
        return ()
    table = make_table(words.ngram_texts, job.data, job.n_classes, words.ngram_seed)
    job.reporter.say(f"N-grams: {table.n_ngrams:,} different ones")
    if table.is_empty:
        return ()
    if words.splits.pairs:
        table.choose_inverse_penalty(*words.splits.pairs[0])
    on_fit = job.reporter.say_fits("N-gram model")
    return (cross_fit(table, words.splits, job.n_classes, on_fit),)


def prepare(
    job: Job, texts: list[str], train_rows: Int64
) -> tuple[PreparedTexts, NgramTexts | None]:
    """Tokenize texts, and prepare them for the network and for the n-gram model, in two threads.

    The labeled texts come first; `train_rows` may include others. The tokens of all texts are freed
    at the end of this function: for very many texts they take more memory than the whole training.
    """
    tokens = job.tokenize(texts)
    job.reporter.say(f"Tokens: {sum(map(len, tokens)):,} in {len(texts):,} texts")
    with ThreadPoolExecutor(1) as executor:
        ngrams = None
        if job.members.linear_model:
            # Before `prepare_texts` draws from the random state.
            rows = choose_texts(tokens, job.data.targets, job.train_rows, job.random_state)
            ngrams = executor.submit(_count_ngrams, tokens, rows)
        # Texts of a student include the unlabeled ones.
        learns = job.text.learns_from_unlabeled and len(texts) == len(job.data.texts)
        unlabeled = job.unlabeled if learns else None
        prepared = prepare_texts(
            tokens, train_rows, job.held_out_rows, job.text, unlabeled, job.random_state
        )
        n_words = len(prepared.vocabulary)
        job.reporter.say(f"Word vectors: {n_words:,} words of the training texts")
        return prepared, None if ngrams is None else ngrams.result()


def _count_ngrams(tokens: list[list[str]], rows: Int64) -> NgramTexts:
    return NgramTexts(rows, *fit_ngrams([tokens[row] for row in rows]))


def make_table(
    texts: NgramTexts, learned: TrainingSet | TaughtTexts, n_classes: int, seed: int
) -> NgramTable:
    """Return the texts as the n-gram model learns from them."""
    targets, weight = learned.targets_and_weight(texts.rows)
    return NgramTable(texts, targets, n_classes, weight, seed)


def _split(job: Job, texts: NgramTexts | None) -> Splits:
    """Choose the rows by which models are compared: among those that the n-gram model knows."""
    rows = np.arange(len(job.data.texts)) if texts is None else texts.rows
    below = CROSS_FIT_BELOW_WITH_TEACHERS if job.members.has_teachers else CROSS_FIT_BELOW
    return choose_splits(job.data, rows, job.held_out_rows, job.random_state, cross_fit_below=below)
