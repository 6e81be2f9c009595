"""What learns from words before the network does: their start vectors, and the n-gram model."""

from __future__ import annotations

from dataclasses import dataclass

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
from skcnn.text._prepare import PreparedTexts, prepare_texts


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """What does not depend on the costs, if nothing learns from a teacher.

    Attributes
    ----------
    prepared : PreparedTexts
    network_seed : seed of the network
    splits : by which models are compared
    ngrams : the n-gram model, or nothing without one
    random_state : RandomState after all this
    """

    prepared: PreparedTexts
    network_seed: int
    splits: Splits
    ngrams: list[CrossFitted]
    random_state: np.random.RandomState


def fit_words(job: Job) -> Words:
    """Prepare the texts for the network, and cross-fit the n-gram model."""
    prepared, ngram_texts = prepare(job, job.data.texts, job.train_rows)
    network_seed = job.seed()
    splits = _split(job, ngram_texts)
    ngrams = []
    if ngram_texts is not None:
        table = make_table(ngram_texts, job.data, job.n_classes, job.seed())
        ngrams = [] if table.is_empty else [cross_fit(table, splits, job.n_classes)]
    return Words(prepared, network_seed, splits, ngrams, job.random_state)


def prepare(
    job: Job, texts: list[str], train_rows: Int64
) -> tuple[PreparedTexts, NgramTexts | None]:
    """Tokenize texts, and prepare them for the network and for the n-gram model.

    The labeled texts come first; `train_rows` may include others. The tokens of all texts are freed
    at the end of this function: for very many texts they take more memory than the whole training.
    """
    tokens = job.tokenize(texts)
    # Texts of a student include the unlabeled ones.
    learns = job.text.learns_from_unlabeled and len(texts) == len(job.data.texts)
    unlabeled = job.unlabeled if learns else None
    prepared = prepare_texts(
        tokens, train_rows, job.held_out_rows, job.text, unlabeled, job.random_state
    )
    if not job.members.linear_model:
        return prepared, None
    return prepared, choose_texts(tokens, job.data.targets, job.train_rows, job.random_state)


def make_table(
    texts: NgramTexts, learned: TrainingSet | TaughtTexts, n_classes: int, seed: int
) -> NgramTable:
    """Return the texts as the n-gram model learns from them."""
    targets, weight = learned.targets_and_weight(texts.rows)
    return NgramTable(texts.tokens, targets, n_classes, weight, seed, texts.rows)


def _split(job: Job, texts: NgramTexts | None) -> Splits:
    """Choose the rows by which models are compared: among those that the n-gram model knows."""
    rows = np.arange(len(job.data.texts)) if texts is None else texts.rows
    below = CROSS_FIT_BELOW_WITH_TEACHERS if job.members.has_teachers else CROSS_FIT_BELOW
    return choose_splits(job.data, rows, job.held_out_rows, job.random_state, cross_fit_below=below)
