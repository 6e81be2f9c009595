"""The order of a fit: hold out, prepare, train the network, fit the other models, join them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace

import numpy as np

from skcnn._arrays import Int64
from skcnn._compat import check_keras, own_random_state, warn_user
from skcnn._settings import FitSettings, MemberSettings, NetworkSettings, TextSettings
from skcnn.fitting._held_out import held_out_cost, split_rows
from skcnn.fitting._job import Job
from skcnn.fitting._join import CrossFitted, join, pool_cross_fitted, teach_little
from skcnn.fitting._network import FittedNetwork, network_alone, train
from skcnn.fitting._ngram_model import NgramTable
from skcnn.fitting._other_kind import warn_if_other_kind
from skcnn.fitting._pool import (
    Predictions,
    TeacherOpinion,
    pool_students,
    pool_without_ngrams,
)
from skcnn.fitting._reporter import Reporter
from skcnn.fitting._soft_targets import (
    TaughtTexts,
    join_soft_targets,
    predict_left_out,
    without_labeled,
)
from skcnn.fitting._splits import Splits
from skcnn.fitting._teachers import fit_teachers
from skcnn.fitting._training_set import TrainingSet
from skcnn.fitting._words import (
    Words,
    cross_fit_ngrams,
    fit_words,
    make_table,
    prepare,
    prepare_words,
)
from skcnn.predicting._members import Member
from skcnn.predicting._model import FitSummary, FittedModel
from skcnn.predicting._pool import LogarithmicPool
from skcnn.predicting._sentence_model import PROBE
from skcnn.predicting._text_cnn import FittedTextCNN
from skcnn.text._coverage import EmbeddingCoverage
from skcnn.text._sentence_vectors import check_encoder
from skcnn.text._tokenizer import Tokenization

_TEACHES_LITTLE = (
    "The network and the n-gram model have not learned from the unlabeled texts what all models "
    "predict for them: sentence_vectors and members are so much better than words that this would "
    "probably make the predictions worse. Leave unlabeled out, or set distill=True for a model "
    "without sentence_vectors and members."
)


def check_can_fit() -> None:
    """Raise an error where `fit` cannot be called: a package is missing, or TensorFlow would wait.

    Raises
    ------
    ImportError, RuntimeError
        As `check_keras`.
    """
    check_keras("fit")


def fit_model(
    data: TrainingSet,
    unlabeled: Sequence[str] | None,
    text: TextSettings,
    network: NetworkSettings,
    members: MemberSettings,
    settings: FitSettings,
    reporter: Reporter,
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
    reporter : what is told about the progress
    start : the network whose weights training starts from, or None

    Returns
    -------
    FittedModel
    """
    new_texts = _check_teaching(data, unlabeled, text, members)
    random_state = own_random_state(settings.random_state)
    costs = data.mean_costs(settings.cost_matrix)
    rows = split_rows(data, settings, random_state, network.epochs)
    parameters = (text, network, members, settings)
    job = Job(data, unlabeled, *parameters, costs, *rows, random_state, reporter, start)
    n, n_held_out = len(data.texts), len(job.held_out_rows)
    reporter.say(f"Texts: {n:,} in {job.n_classes} classes, {n_held_out:,} held out")
    model, ngrams, teachers, splits = _fit_on_labels(job)
    if new_texts and not members.distill and teach_little(teachers, ngrams, data, splits):
        warn_user(_TEACHES_LITTLE)
    elif new_texts:
        model = _fit_students(job, model, new_texts, teachers, splits)
    reporter.say("The model is fitted")
    return model


def _fit_on_labels(
    job: Job,
) -> tuple[FittedModel, Sequence[CrossFitted], Sequence[CrossFitted], Splits]:
    """Fit all members on the labeled texts and join them; return what the students need too.

    Tokens and start vectors are freed at the end, before any student is fitted.
    """
    words, trained = _fit_words_and_network(job)
    job.random_state = words.random_state
    teachers = fit_teachers(job, words.splits)
    joined = join(
        trained.member,
        words.ngrams,
        teachers,
        job.data,
        words.splits,
        job.held_out_rows,
        job.tokenize,
    )
    model = _to_model(job, trained, joined.members, joined.pool, words.prepared.coverage)
    # A network that goes on from an earlier fit may have learned from these texts there.
    if joined.held_out is not None and job.start is None:
        cost = held_out_cost(job.data, job.settings, job.costs, *joined.held_out)
        model = replace(model, record=replace(model.record, held_out=cost))
    return model, words.ngrams, teachers, words.splits


def _fit_words_and_network(job: Job) -> tuple[Words, FittedNetwork]:
    """Fit the n-gram model and the network.

    They learn at the same time, in two threads: most of the time, neither needs the interpreter.
    With `memory`, one comes after the other, because all that does not depend on costs is kept.
    """
    if job.can_remember:
        words = job.remember("Word vectors and n-gram model", [], fit_words, job)
        return words, train(job, words.prepared, job.data, job.train_rows, words.network_seed)
    words = prepare_words(job)
    with ThreadPoolExecutor(1) as executor:
        ngrams = executor.submit(cross_fit_ngrams, job, words)
        trained = train(job, words.prepared, job.data, job.train_rows, words.network_seed)
        return replace(words, ngrams=ngrams.result(), ngram_texts=None), trained


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
    job: Job,
    teacher: FittedModel,
    unlabeled: Sequence[str],
    teachers: Sequence[CrossFitted],
    splits: Splits,
) -> FittedModel:
    """Fit the network and the n-gram model on a teacher's probabilities too; join all models.

    Parameters
    ----------
    teacher : all models together, fitted on the labeled texts
    unlabeled : the texts that it labels
    teachers : those of its models that know more than the labeled texts
    splits : by which these were cross-fitted
    """
    job.reporter.say(f"Unlabeled texts: all models label {len(unlabeled):,}")
    taught = join_soft_targets(job.data, unlabeled, teacher.predict_proba(unlabeled))
    job.reporter.say("Unlabeled texts: the network and the n-gram model learn from them too")
    rows = np.concatenate([job.train_rows, taught.unlabeled_rows])
    prepared, ngram_texts = prepare(job, taught.texts, rows)
    trained = train(job, prepared, taught, rows, job.seed())
    kept = [] if job.members.distill else teachers
    members: list[Member] = [trained.member]
    pool = table = None
    if ngram_texts is not None:
        table = make_table(ngram_texts, taught, job.n_classes, job.seed())
    if ngram_texts is not None and table is not None and not table.is_empty:
        members.append(table.fit())
        job.reporter.say("N-gram model: fitted")
        pool = _pool_students(job, table, taught, ngram_texts.rows, teacher, kept)
    elif kept:
        pool = pool_without_ngrams(pool_cross_fitted(kept, job.data, splits))
    members += [each.member for each in kept]
    return _to_model(job, trained, members, pool, prepared.coverage)


def _pool_students(
    job: Job,
    table: NgramTable,
    taught: TaughtTexts,
    rows: Int64,
    teacher: FittedModel,
    kept: Sequence[CrossFitted],
) -> LogarithmicPool:
    """Compare the n-gram model with its teacher on unlabeled texts that it has not seen."""
    left_out, predicted = predict_left_out(table, taught, rows, job.random_state)
    if len(left_out) == 0:
        return LogarithmicPool.even(2 + len(kept), job.n_classes)
    texts = [taught.texts[row] for row in left_out]
    tokens = job.tokenize(texts)
    # The kept teachers are the last members of the first model.
    first = len(teacher.members) - len(kept)
    assert teacher.pool is not None
    opinions = [
        TeacherOpinion(each.member.predict_proba(texts, tokens), float(exponent))
        for each, exponent in zip(kept, teacher.pool.exponents[first:], strict=True)
    ]
    return pool_students(Predictions([predicted], taught.targets[left_out]), opinions)


def _to_model(
    job: Job,
    trained: FittedNetwork,
    members: Sequence[Member],
    pool: LogarithmicPool | None,
    coverage: EmbeddingCoverage | None,
) -> FittedModel:
    if pool is not None:
        job.reporter.say(f"Pool: {len(members)} models are joined")
    return replace(
        network_alone(job, trained, coverage),
        members=tuple(each.with_cached_words(trained.member.seen_words) for each in members),
        pool=pool,
        progress=FitSummary(
            n_texts=len(job.data.texts),
            class_totals=job.data.class_totals,
            log_unit=job.data.log_unit,
            filter_widths=job.network.widths,
            seed=deepcopy(job.random_state).randint(2**31 - 1),
        ),
    )
