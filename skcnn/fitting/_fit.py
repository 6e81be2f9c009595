"""The order of a fit: hold out, prepare, train the network, fit the other models, join them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skcnn._arrays import Float64, Int64
from skcnn._compat import own_random_state
from skcnn._settings import FitSettings, MemberSettings, NetworkSettings, TextSettings
from skcnn.costs._matrix import loss_cost_matrix
from skcnn.fitting._classifier import ClassifierTrainer
from skcnn.fitting._held_out import make_held_out_score, split_rows
from skcnn.fitting._join import CrossFitted, cross_fit, join, pool_cross_fitted
from skcnn.fitting._network import FittedNetwork, fit_network
from skcnn.fitting._network_start import start_from
from skcnn.fitting._ngram_model import NgramTable, NgramTexts, choose_texts
from skcnn.fitting._pool import pool_students
from skcnn.fitting._sentence_model import SentenceTrainer
from skcnn.fitting._soft_targets import TaughtTexts, calibrate_student, join_soft_targets
from skcnn.fitting._splits import Splits, choose_splits
from skcnn.fitting._text_cnn import make_posterior_rule
from skcnn.fitting._training_set import TrainingSet
from skcnn.predicting._members import Member
from skcnn.predicting._model import FitRecord, FittedModel
from skcnn.predicting._pool import LogarithmicPool
from skcnn.predicting._text_cnn import FittedTextCNN
from skcnn.text._coverage import EmbeddingCoverage
from skcnn.text._prepare import PreparedTexts, prepare_texts
from skcnn.text._sentence_vectors import fit_encoder
from skcnn.text._tokenizer import Tokenization


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """What a fit is asked for: the texts, the estimator's parameters, and what follows from them.

    Attributes
    ----------
    data : TrainingSet
    text, network, members, settings : the estimator's parameters
    costs : (K, K)
    train_rows, held_out_rows : which texts the network learns from, and which not
    random_state : RandomState
    start : the network whose weights training starts from, or None
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
    start: FittedTextCNN | None = None

    @property
    def tokenize(self) -> Tokenization:
        """The function from texts to tokens."""
        return Tokenization(self.text.tokenizer, self.text.lowercase, self.text.max_length)

    def seed(self) -> int:
        """Draw a seed."""
        return int(self.random_state.randint(2**31 - 1))


def fit_model(
    data: TrainingSet,
    unlabeled: Sequence[str] | None,
    text: TextSettings,
    network: NetworkSettings,
    members: MemberSettings,
    settings: FitSettings,
    start: FittedTextCNN | None = None,
) -> FittedModel:
    """Fit all members and join them; if there are unlabeled texts and a teacher, do it twice.

    The second time, the network and the n-gram model are the teacher's students: they also learn
    from the probabilities that the first model gives to the unlabeled texts.

    Parameters
    ----------
    data : TrainingSet
    unlabeled : more texts of the same kind, without labels, or None
    text, network, members, settings : the estimator's parameters
    start : the network whose weights training starts from, or None

    Returns
    -------
    FittedModel
    """
    random_state = own_random_state(settings.random_state)
    costs = data.mean_costs(settings.cost_matrix)
    rows = split_rows(data, settings, random_state, network.epochs)
    job = Job(data, text, network, members, settings, costs, *rows, random_state, start)
    prepared, ngram_texts = _prepare(job, unlabeled)
    trained = train_network(job, prepared, data, job.train_rows)
    kept_rows = np.arange(len(data.texts)) if ngram_texts is None else ngram_texts.rows
    splits = choose_splits(data, kept_rows, job.held_out_rows, random_state)
    table = _ngram_table(job, ngram_texts, data)
    n_classes = len(data.classes)
    ngrams = [] if table is None else [cross_fit(table, splits, n_classes)]
    teachers = _fit_teachers(job, splits)
    joined = join(trained.member, ngrams, teachers, data, splits, job.held_out_rows, job.tokenize)
    model = _to_model(job, trained, *joined, prepared.coverage)
    if unlabeled is None or not teachers:
        return model
    taught = join_soft_targets(data, unlabeled, model.predict_proba(unlabeled))
    return _fit_students(job, taught, teachers, splits)


def _fit_students(
    job: Job, taught: TaughtTexts, teachers: Sequence[CrossFitted], splits: Splits
) -> FittedModel:
    """Fit the network and the n-gram model on a teacher's probabilities too; join all models."""
    prepared, ngram_texts = _prepare(job, None, taught)
    rows = np.concatenate([job.train_rows, taught.unlabeled_rows])
    trained = train_network(job, prepared, taught, rows)
    members: list[Member] = [trained.member]
    table = _ngram_table(job, ngram_texts, taught)
    pool_of_ngrams = None
    if table is not None and ngram_texts is not None:
        pool_of_ngrams = calibrate_student(table, taught, ngram_texts.rows, job.random_state)
        members.append(table.fit())
    pool_of_teachers = None
    if not job.members.distill:
        pool_of_teachers = pool_cross_fitted(teachers, job.data, splits)
        members += [teacher.member for teacher in teachers]
    pool = pool_students(pool_of_ngrams, pool_of_teachers, len(job.data.classes))
    joined = members, (pool if len(members) > 1 else None)
    return _to_model(job, trained, *joined, prepared.coverage)


def _prepare(
    job: Job, unlabeled: Sequence[str] | None, taught: TaughtTexts | None = None
) -> tuple[PreparedTexts, NgramTexts | None]:
    """Prepare the texts for the network and for the n-gram model.

    The tokens of all texts are freed at the end of this function: for very many texts they take
    more memory than the whole training.
    """
    tokens = job.tokenize(job.data.texts if taught is None else taught.texts)
    train_rows = job.train_rows
    if taught is not None:
        train_rows = np.concatenate([train_rows, taught.unlabeled_rows])
    prepared = prepare_texts(
        tokens, train_rows, job.held_out_rows, job.text, unlabeled, job.random_state
    )
    if job.start is not None:
        prepared = start_from(prepared, job.start)
    if not job.members.linear_model:
        return prepared, None
    return prepared, choose_texts(tokens, job.data.targets, job.train_rows, job.random_state)


def train_network(
    job: Job, prepared: PreparedTexts, learned: TrainingSet | TaughtTexts, train_rows: Int64
) -> FittedNetwork:
    """Train the network."""
    loss_costs = loss_cost_matrix(job.costs, job.data.class_totals)
    posterior_rule = make_posterior_rule(job.network.loss, loss_costs)
    score = make_held_out_score(
        job.data, job.held_out_rows, job.settings, job.costs, posterior_rule
    )
    return fit_network(
        prepared,
        learned,
        job.data,
        train_rows,
        job.held_out_rows,
        loss_costs=loss_costs,
        posterior_rule=posterior_rule,
        settings=job.network,
        held_out_score=score,
        n_iter_no_change=job.settings.n_iter_no_change,
        seed=job.seed(),
        start=job.start,
    )


def _ngram_table(
    job: Job, texts: NgramTexts | None, learned: TrainingSet | TaughtTexts
) -> NgramTable | None:
    """Return the texts as the n-gram model learns from them. None: there is nothing to learn."""
    if texts is None:
        return None
    targets, weight = learned.targets_and_weight(texts.rows)
    n_classes = len(job.data.classes)
    table = NgramTable(texts.tokens, targets, n_classes, weight, job.seed(), texts.rows)
    return None if table.is_empty else table


def _fit_teachers(job: Job, splits: Splits) -> list[CrossFitted]:
    """Fit the model on sentence vectors, and the user's classifiers."""
    data, members = job.data, job.members
    fitted, n_classes = [], len(data.classes)
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
        fitted.append(cross_fit(of_user, splits, n_classes))
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
