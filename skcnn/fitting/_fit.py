"""The order of a fit: hold out, prepare, train the network, fit the other models, join them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from skcnn._compat import own_random_state
from skcnn._settings import FitSettings, MemberSettings, NetworkSettings, TextSettings
from skcnn.fitting._held_out import split_rows
from skcnn.fitting._job import Job
from skcnn.fitting._join import CrossFitted, join, pool_cross_fitted
from skcnn.fitting._network import FittedNetwork, train
from skcnn.fitting._other_kind import warn_if_other_kind
from skcnn.fitting._pool import pool_students
from skcnn.fitting._soft_targets import TaughtTexts, calibrate_student, join_soft_targets
from skcnn.fitting._splits import Splits
from skcnn.fitting._teachers import fit_teachers
from skcnn.fitting._training_set import TrainingSet
from skcnn.fitting._words import fit_words, make_table, prepare
from skcnn.predicting._members import Member
from skcnn.predicting._model import FitRecord, FittedModel
from skcnn.predicting._pool import LogarithmicPool
from skcnn.text._coverage import EmbeddingCoverage


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
    random_state = own_random_state(settings.random_state)
    costs = data.mean_costs(settings.cost_matrix)
    rows = split_rows(data, settings, random_state, network.epochs)
    job = Job(data, unlabeled, text, network, members, settings, costs, *rows, random_state)
    words = job.remember([], fit_words, job)
    job.random_state = words.random_state
    trained = train(job, words.prepared, data, job.train_rows, words.network_seed)
    teachers = fit_teachers(job, words.splits)
    joined = join(
        trained.member,
        words.ngrams,
        teachers,
        data,
        words.splits,
        job.held_out_rows,
        job.tokenize,
    )
    model = _to_model(job, trained, *joined, words.prepared.coverage)
    if unlabeled is None or not teachers:
        return model
    warn_if_other_kind(data.texts, unlabeled, job.tokenize)
    taught = join_soft_targets(data, unlabeled, model.predict_proba(unlabeled))
    return _fit_students(job, taught, teachers, words.splits)


def _fit_students(
    job: Job, taught: TaughtTexts, teachers: Sequence[CrossFitted], splits: Splits
) -> FittedModel:
    """Fit the network and the n-gram model on a teacher's probabilities too; join all models."""
    rows = np.concatenate([job.train_rows, taught.unlabeled_rows])
    prepared, ngram_texts = prepare(job, taught.texts, rows)
    trained = train(job, prepared, taught, rows, job.seed())
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
