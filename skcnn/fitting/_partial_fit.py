"""The order of a call of `partial_fit`: predict the new texts, learn from them, join again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from skcnn._arrays import Float64
from skcnn._compat import own_random_state
from skcnn._settings import FitSettings, MemberSettings, NetworkSettings, TextSettings
from skcnn.costs._labels import matrix_by_number
from skcnn.costs._matrix import check_cost_matrix
from skcnn.fitting._held_out import split_rows
from skcnn.fitting._job import Job
from skcnn.fitting._network import train
from skcnn.fitting._network_progress import NetworkProgress
from skcnn.fitting._ngram_progress import NgramProgress
from skcnn.fitting._progress import Progress, progress_of
from skcnn.fitting._recent_predictions import RecentPredictions
from skcnn.fitting._reporter import Reporter
from skcnn.fitting._splits import Splits, choose_splits
from skcnn.fitting._text_cnn import make_loss, word_dropout
from skcnn.fitting._training_set import TrainingSet
from skcnn.predicting._members import Member
from skcnn.predicting._model import FitRecord, FittedModel
from skcnn.predicting._text_cnn import FittedTextCNN
from skcnn.text._prepare import prepare_texts

# Fewer than in `fit`: later calls bring words that consist of their n-grams alone.
_MIN_WORDS_OF_NGRAM = 1
# The weights of a call, compared with those of the first one: above this, the gradients of the
# network overflow in float32. It is exp(46) = 1e20.
_MAX_LOG_RATIO = 46.0
# With fewer recent predictions, the pool of the call before is kept.
_MIN_ROWS_OF_POOL = 100


def check_can_continue(
    network: NetworkSettings, members: MemberSettings, settings: FitSettings
) -> None:
    """Check that the parameters allow to learn from one part of the texts after the other.

    Raises
    ------
    ValueError
        If a member, the class weights or the optimizer do not.
    """
    refused = {
        "network": network.network,
        "sentence_vectors": members.sentence_vectors,
        "members": members.members or None,
    }
    given = [name for name, value in refused.items() if value is not None]
    if given:
        raise ValueError(
            f"{' and '.join(given)} cannot learn from one part of the texts after the other; "
            "partial_fit expects None. Leave out the parameter, or call fit on all texts."
        )
    if settings.class_weight == "balanced":
        raise ValueError(
            "class_weight is 'balanced'; partial_fit expects numbers, because it does not know the "
            "texts to come. Write class_weight={label: weight}, or cost_matrix='balanced'."
        )
    from skcnn.network._one_pass import make_adam

    make_adam(network)


def begin_model(
    data: TrainingSet,
    text: TextSettings,
    network: NetworkSettings,
    members: MemberSettings,
    settings: FitSettings,
    reporter: Reporter,
) -> FittedModel:
    """Fit a model that later calls can continue.

    Parameters
    ----------
    data : TrainingSet, which may lack some classes
    text, network, members, settings : the estimator's parameters
    reporter : what is told about the progress
    """
    random_state = own_random_state(settings.random_state)
    costs = data.mean_costs(settings.cost_matrix)
    rows = split_rows(data, settings, random_state, network.epochs)
    # Words are prepared in another way than in `fit`: `memory` must not mix up the two.
    members = replace(members, memory=None)
    job = Job(data, None, text, network, members, settings, costs, *rows, random_state, reporter)
    tokens = job.tokenize(data.texts)
    reporter.say(f"Tokens: {sum(map(len, tokens)):,} in {len(tokens):,} texts")
    trained, record = _begin_network(job, tokens)
    splits = choose_splits(data, np.arange(len(tokens)), job.held_out_rows, random_state)
    weight = np.ones(len(tokens)) if data.sample_weight is None else data.sample_weight
    ngrams = None
    if members.linear_model:
        start = NgramProgress.empty(len(data.classes))
        ngrams = start.learn(tokens, data.targets, weight)
        reporter.say("N-gram model: fitted")
    progress = Progress(
        seed=job.seed(),
        n_calls=1,
        class_totals=data.class_totals,
        log_unit=data.log_unit,
        network=trained,
        ngrams=ngrams,
        recent=_first_predictions(job, trained, tokens, weight, splits),
    )
    model = FittedModel(
        classes=data.classes,
        cost_matrix=costs,
        tokenize=job.tokenize,
        members=(),
        pool=None,
        record=record,
    )
    return _with_progress(model, progress)


def _begin_network(job: Job, tokens: list[list[str]]) -> tuple[NetworkProgress, FitRecord]:
    """Train the network on the texts of the first call, as `fit` does."""
    prepared = prepare_texts(
        tokens,
        job.train_rows,
        job.held_out_rows,
        job.text,
        None,
        job.random_state,
        min_words_of_ngram=_MIN_WORDS_OF_NGRAM,
    )
    trained = train(job, prepared, job.data, job.train_rows, job.seed())
    assert isinstance(trained.member, FittedTextCNN)
    chances = word_dropout(prepared)[: trained.member.weights.n_seen]
    progress = NetworkProgress.begin(trained.member, job.network.widths, chances, len(tokens))
    return progress, FitRecord(
        trained.history, trained.best_epoch + 1, prepared.coverage, n_texts=len(tokens)
    )


def _first_predictions(
    job: Job, network: NetworkProgress, tokens: list[list[str]], weight: Float64, splits: Splits
) -> RecentPredictions:
    """Let members predict texts of the first call that they did not learn from."""
    data, rows = job.data, splits.predicted_rows
    n_classes = len(data.classes)
    by_network = np.full((len(rows), n_classes), np.nan)
    held_out = np.isin(rows, job.held_out_rows)
    texts = [data.texts[row] for row in rows[held_out]]
    by_network[held_out] = network.network.predict_proba(texts, job.tokenize(texts))
    probabilities = [by_network]
    if job.members.linear_model:
        parts = [np.empty((0, n_classes))]
        for train, test in splits.pairs:
            start = NgramProgress.empty(n_classes)
            learned = start.learn(
                [tokens[row] for row in train], data.targets[train], weight[train]
            )
            parts.append(learned.model().predict_proba([], [tokens[row] for row in test]))
        probabilities.append(np.concatenate(parts))
    return RecentPredictions(np.array(probabilities, np.float32), data.targets[rows], weight[rows])


def continue_model(
    model: FittedModel,
    data: TrainingSet,
    network: NetworkSettings,
    settings: FitSettings,
    reporter: Reporter,
) -> FittedModel:
    """Return the model after some more texts.

    Parameters
    ----------
    model : FittedModel of `partial_fit` or `fit`
    data : TrainingSet with the classes of the model; it may lack some of them
    network, settings : the estimator's parameters
    reporter : what is told about the progress
    """
    progress = progress_of(model)
    tokens = model.tokenize(data.texts)
    reporter.say(f"Tokens: {sum(map(len, tokens)):,} in {len(tokens):,} texts")
    weight = _in_units_of_first_call(data, progress)
    # Before the members learn from the texts.
    predicted = [each.predict_proba(data.texts, tokens) for each in model.members]
    new_totals = np.bincount(data.targets, weight, len(model.classes))
    class_totals = progress.class_totals + new_totals
    given = matrix_by_number(settings.cost_matrix, model.classes)
    costs = check_cost_matrix(given, model.classes, class_totals=class_totals)
    loss = make_loss(network, costs, class_totals, model.classes)
    trained, mean_loss = progress.network.learn(
        tokens,
        data.targets,
        weight,
        loss_costs=loss.costs,
        posterior_rule=loss.posterior_rule,
        settings=loss.settings,
        seed=int(np.random.RandomState([progress.seed, progress.n_calls]).randint(2**31 - 1)),
    )
    reporter.say(f"Network: loss {mean_loss:.4f}")
    ngrams = progress.ngrams
    if ngrams is not None:
        ngrams = ngrams.learn(tokens, data.targets, weight)
        reporter.say("N-gram model: fitted")
    after = replace(
        progress,
        n_calls=progress.n_calls + 1,
        class_totals=class_totals,
        network=trained,
        ngrams=ngrams,
        recent=progress.recent.add(predicted, data.targets, weight),
    )
    record = _after_call(model.record, mean_loss, len(tokens))
    return _with_progress(replace(model, cost_matrix=costs, record=record), after)


def _in_units_of_first_call(data: TrainingSet, progress: Progress) -> Float64:
    """Return the weights of more texts, (n,): their mean was 1 in the first call."""
    log_ratio = data.log_unit - progress.log_unit
    if log_ratio > _MAX_LOG_RATIO:
        raise ValueError(
            f"the mean weight of these texts is exp({log_ratio:.0f}) times that of the first call; "
            "expected weights in one unit, because they are compared with those of other calls. "
            "Use the same unit for sample_weight and class_weight in each call."
        )
    weight = np.ones(len(data.texts)) if data.sample_weight is None else data.sample_weight
    return np.asarray(weight * np.exp(log_ratio))


def _with_progress(model: FittedModel, progress: Progress) -> FittedModel:
    """Return the model with the members and the pool that follow from the progress."""
    members: list[Member] = [progress.network.network]
    if progress.ngrams is not None:
        members.append(progress.ngrams.model())
    words = progress.network.network.seen_words
    pool = model.pool
    if pool is None or len(progress.recent.targets) >= _MIN_ROWS_OF_POOL:
        pool = progress.recent.pool(has_teachers=False)
    return replace(
        model,
        members=tuple(each.with_cached_words(words) for each in members),
        pool=pool,
        progress=progress,
    )


def _after_call(record: FitRecord, loss: float, n_new: int) -> FitRecord:
    """Add the pass of a call over some new texts to the record; the last weights are kept."""
    history = {**record.history, "loss": [*record.history["loss"], loss]}
    n_texts = None if record.n_texts is None else record.n_texts + n_new
    return replace(
        record, history=history, best_iter=len(history["loss"]), n_texts=n_texts, held_out=None
    )
