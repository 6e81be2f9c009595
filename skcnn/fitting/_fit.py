"""The order of a fit: hold out, prepare, train the network, fit the other models, join them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from numbers import Integral
from typing import Any, TypeVar

import numpy as np

from skcnn._arrays import Float64, Int32, Int64
from skcnn._compat import own_random_state
from skcnn._settings import FitSettings, MemberSettings, NetworkSettings, TextSettings
from skcnn.costs._matrix import loss_cost_matrix
from skcnn.fitting._classifier import ClassifierTrainer
from skcnn.fitting._held_out import make_held_out_score, split_rows
from skcnn.fitting._join import CrossFitted, cross_fit, join, pool_cross_fitted
from skcnn.fitting._memory import remember
from skcnn.fitting._network import FittedNetwork, fit_network
from skcnn.fitting._ngram_model import NgramTable, NgramTexts, choose_texts
from skcnn.fitting._other_kind import warn_if_other_kind
from skcnn.fitting._pool import pool_students
from skcnn.fitting._sentence_model import SentenceTrainer
from skcnn.fitting._soft_targets import (
    TaughtTexts,
    calibrate_student,
    join_soft_targets,
    without_labeled,
)
from skcnn.fitting._splits import (
    CROSS_FIT_BELOW,
    CROSS_FIT_BELOW_WITH_TEACHERS,
    Splits,
    choose_splits,
)
from skcnn.fitting._text_cnn import make_posterior_rule
from skcnn.fitting._training_set import TrainingSet
from skcnn.predicting._members import Member
from skcnn.predicting._model import FitRecord, FittedModel
from skcnn.predicting._pool import LogarithmicPool
from skcnn.predicting._sentence_model import PROBE
from skcnn.text._coverage import EmbeddingCoverage
from skcnn.text._prepare import PreparedTexts, prepare_texts
from skcnn.text._sentence_vectors import check_encoder, fit_encoder
from skcnn.text._tokenizer import Tokenization

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Job:
    """What a fit is asked for: the texts, the estimator's parameters, and what follows from them.

    Attributes
    ----------
    data : TrainingSet
    text, network, members, settings : the estimator's parameters
    costs : (K, K)
    train_rows, held_out_rows : which texts the network learns from, and which not
    random_state : RandomState
    """

    data: TrainingSet
    text: TextSettings
    network: NetworkSettings
    members: MemberSettings
    settings: FitSettings
    costs: Float64
    train_rows: Int64
    held_out_rows: Int64
    random_state: np.random.RandomState

    @property
    def tokenize(self) -> Tokenization:
        """The function from texts to tokens."""
        return Tokenization(self.text.tokenizer, self.text.lowercase, self.text.max_length)

    @property
    def n_classes(self) -> int:
        """K."""
        return len(self.data.classes)

    def seed(self) -> int:
        """Draw a seed."""
        return int(self.random_state.randint(2**31 - 1))

    def remember(self, function: Callable[..., T], *args: Any) -> T:
        """Call a function, or read its result from `memory` if the arguments are the same.

        What depends on costs is not called this way. So a grid search over costs computes all else
        once for each fold. A random state of None would never give the same arguments.
        """
        if not isinstance(self.settings.random_state, Integral):
            return function(*args)
        return remember(self.members.memory, function, *args)


def fit_model(
    data: TrainingSet,
    unlabeled: Sequence[str] | None,
    text: TextSettings,
    network: NetworkSettings,
    members: MemberSettings,
    settings: FitSettings,
) -> FittedModel:
    """Fit all members and join them; if there are unlabeled texts and a teacher, do it twice.

    The second time, the network and the n-gram model are the teacher's students: they also learn
    from the probabilities that the first model gives to the unlabeled texts.

    Parameters
    ----------
    data : TrainingSet
    unlabeled : more texts of the same kind, without labels, or None
    text, network, members, settings : the estimator's parameters

    Returns
    -------
    FittedModel
    """
    costs = data.mean_costs(settings.cost_matrix)
    new_texts = _check_teaching(data, unlabeled, text, members)
    random_state = own_random_state(settings.random_state)
    rows = split_rows(data, settings, random_state, network.epochs)
    job = Job(data, text, network, members, settings, costs, *rows, random_state)
    model, teachers, splits = _fit_on_labels(job, unlabeled)
    if not new_texts:
        return model
    taught = join_soft_targets(data, new_texts, model.predict_proba(new_texts))
    return _fit_students(job, taught, teachers, splits)


def _fit_on_labels(
    job: Job, unlabeled: Sequence[str] | None
) -> tuple[FittedModel, list[CrossFitted], Splits]:
    """Fit all members on the labeled texts and join them; return what the students need too.

    Tokens and start vectors are freed at the end, before any student is fitted.
    """
    data = job.data
    more_texts = unlabeled if job.text.learns_from_unlabeled else None
    prepared, ngram_texts = _prepare(job, data.texts, job.train_rows, more_texts)
    trained = _train(job, prepared, data, job.train_rows)
    splits = _split(job, ngram_texts)
    ngrams = _fit_ngrams(job, ngram_texts, splits)
    teachers = _fit_teachers(job, splits)
    joined = join(trained.member, ngrams, teachers, data, splits, job.held_out_rows, job.tokenize)
    return _to_model(job, trained, *joined, prepared.coverage), teachers, splits


def _check_teaching(
    data: TrainingSet, unlabeled: Sequence[str] | None, text: TextSettings, members: MemberSettings
) -> list[str]:
    """Check what can be checked before the first training; return the texts for the students.

    Returns
    -------
    unlabeled texts that teachers label: none without teachers
    """
    if members.sentence_vectors is not None:
        check_encoder(members.sentence_vectors, members.memory, PROBE)
    if unlabeled is None or not members.has_teachers:
        return []
    new_texts = without_labeled(unlabeled, data.texts)
    if members.distill and not new_texts:
        raise ValueError(
            "distill is True, but all unlabeled texts are also in X, with labels; expected other "
            "texts for the teachers to label. Give other texts, or set distill=False."
        )
    tokenize = Tokenization(text.tokenizer, text.lowercase, text.max_length)
    warn_if_other_kind(data.texts, new_texts, tokenize)
    return new_texts


def _fit_students(
    job: Job, taught: TaughtTexts, teachers: Sequence[CrossFitted], splits: Splits
) -> FittedModel:
    """Fit the network and the n-gram model on a teacher's probabilities too; join all models."""
    rows = np.concatenate([job.train_rows, taught.unlabeled_rows])
    prepared, ngram_texts = _prepare(job, taught.texts, rows, None)
    trained = _train(job, prepared, taught, rows)
    members: list[Member] = [trained.member]
    pool_of_ngrams = None
    if ngram_texts is not None:
        table = make_table(ngram_texts, taught, job.n_classes, job.seed())
        if not table.is_empty:
            pool_of_ngrams = calibrate_student(table, taught, ngram_texts.rows, job.random_state)
            members.append(table.fit())
    pool_of_teachers = None
    if not job.members.distill:
        pool_of_teachers = pool_cross_fitted(teachers, job.data, splits)
        members += [teacher.member for teacher in teachers]
    pool = pool_students(pool_of_ngrams, pool_of_teachers, job.n_classes)
    joined = members, (pool if len(members) > 1 else None)
    return _to_model(job, trained, *joined, prepared.coverage)


def _prepare(
    job: Job, texts: list[str], train_rows: Int64, unlabeled: Sequence[str] | None
) -> tuple[PreparedTexts, NgramTexts | None]:
    """Prepare texts for the network and for the n-gram model.

    The labeled texts come first; `train_rows` may include others.
    """
    labeled = job.data.targets, job.train_rows
    chosen_of = labeled if job.members.linear_model else None
    prepared, chosen, job.random_state = job.remember(
        prepare_members,
        texts,
        train_rows,
        job.held_out_rows,
        job.text,
        unlabeled,
        chosen_of,
        job.random_state,
    )
    return prepared, chosen


def prepare_members(
    texts: list[str],
    train_rows: Int64,
    held_out_rows: Int64,
    text: TextSettings,
    unlabeled: Sequence[str] | None,
    labeled: tuple[Int32, Int64] | None,
    random_state: np.random.RandomState,
) -> tuple[PreparedTexts, NgramTexts | None, np.random.RandomState]:
    """Tokenize texts and prepare them; `labeled` is None without an n-gram model.

    The tokens of all texts are freed at the end of this function: for very many texts they take
    more memory than the whole training.
    """
    tokens = Tokenization(text.tokenizer, text.lowercase, text.max_length)(texts)
    prepared = prepare_texts(tokens, train_rows, held_out_rows, text, unlabeled, random_state)
    chosen = None if labeled is None else choose_texts(tokens, *labeled, random_state)
    return prepared, chosen, random_state


def _train(
    job: Job, prepared: PreparedTexts, learned: TrainingSet | TaughtTexts, train_rows: Int64
) -> FittedNetwork:
    """Train the network."""
    network, costs = job.network, job.costs
    # The same arguments for all costs, so that `memory` finds the network again.
    costs_in_loss = 1 - np.eye(job.n_classes) if network.ignores_costs else costs
    loss_costs = loss_cost_matrix(costs_in_loss, job.data.class_totals)
    posterior_rule = make_posterior_rule(network.loss, loss_costs)
    score = make_held_out_score(job.data, job.held_out_rows, job.settings, costs, posterior_rule)
    call = partial(
        fit_network,
        prepared,
        learned,
        job.data,
        train_rows,
        job.held_out_rows,
        loss_costs=loss_costs,
        posterior_rule=posterior_rule,
        settings=network,
        held_out_score=score,
        n_iter_no_change=job.settings.n_iter_no_change,
        seed=job.seed(),
    )
    if score is None and network.ignores_costs and network.is_plain:
        fitted: FittedNetwork = job.remember(call)
        return fitted
    return call()


def _split(job: Job, texts: NgramTexts | None) -> Splits:
    """Choose the rows by which models are compared: among those that the n-gram model knows."""
    rows = np.arange(len(job.data.texts)) if texts is None else texts.rows
    below = CROSS_FIT_BELOW_WITH_TEACHERS if job.members.has_teachers else CROSS_FIT_BELOW
    return choose_splits(job.data, rows, job.held_out_rows, job.random_state, cross_fit_below=below)


def _fit_ngrams(job: Job, texts: NgramTexts | None, splits: Splits) -> list[CrossFitted]:
    """Fit the n-gram model. There is none if the texts have no n-gram."""
    if texts is None:
        return []
    return job.remember(cross_fit_ngrams, texts, job.data, splits, job.n_classes, job.seed())


def cross_fit_ngrams(
    texts: NgramTexts, data: TrainingSet, splits: Splits, n_classes: int, seed: int
) -> list[CrossFitted]:
    """Make the table of n-grams and cross-fit the model; an empty list for an empty table."""
    table = make_table(texts, data, n_classes, seed)
    return [] if table.is_empty else [cross_fit(table, splits, n_classes)]


def make_table(
    texts: NgramTexts, learned: TrainingSet | TaughtTexts, n_classes: int, seed: int
) -> NgramTable:
    """Return the texts as the n-gram model learns from them."""
    targets, weight = learned.targets_and_weight(texts.rows)
    return NgramTable(texts.tokens, targets, n_classes, weight, seed, texts.rows)


def _fit_teachers(job: Job, splits: Splits) -> list[CrossFitted]:
    """Fit the model on sentence vectors, and the user's classifiers."""
    data, members, n_classes = job.data, job.members, job.n_classes
    fitted = []
    if members.sentence_vectors is not None:
        encoder = fit_encoder(members.sentence_vectors, members.memory, data.texts)
        trainer = SentenceTrainer(
            data.texts, encoder, data.targets, n_classes, data.sample_weight, splits.folds
        )
        fitted.append(cross_fit(trainer, splits, n_classes))
    for name, classifier in members.members or ():
        of_user = ClassifierTrainer(
            name, classifier, data.texts, data.targets, data.classes, data.sample_weight
        )
        fitted.append(job.remember(cross_fit, of_user, splits, n_classes))
    return fitted


def _to_model(
    job: Job,
    trained: FittedNetwork,
    members: Sequence[Member],
    pool: LogarithmicPool | None,
    coverage: EmbeddingCoverage | None,
) -> FittedModel:
    return FittedModel(
        classes=job.data.classes,
        cost_matrix=job.costs,
        tokenize=job.tokenize,
        members=tuple(each.with_cached_words(trained.member.seen_words) for each in members),
        pool=pool,
        record=FitRecord(trained.history, trained.best_epoch + 1, coverage),
    )
