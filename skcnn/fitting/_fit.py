"""The order of a fit: hold out, tokenize, prepare, train, join the members."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress

import numpy as np

from skcnn._arrays import Int64
from skcnn._compat import own_random_state
from skcnn._settings import FitSettings, NetworkSettings, TextSettings
from skcnn.costs._matrix import loss_cost_matrix
from skcnn.fitting._held_out import make_held_out_score, split_rows
from skcnn.fitting._network import fit_network
from skcnn.fitting._ngram_model import NgramTable, NgramTexts, choose_texts
from skcnn.fitting._pool import fit_pool
from skcnn.fitting._text_cnn import make_posterior_rule
from skcnn.fitting._training_set import TrainingSet
from skcnn.predicting._members import Member, Network
from skcnn.predicting._model import FitRecord, FittedModel
from skcnn.predicting._pool import LogarithmicPool
from skcnn.text._prepare import PreparedTexts, prepare_texts
from skcnn.text._tokenizer import Tokenization


def fit_model(
    data: TrainingSet,
    unlabeled: Sequence[str] | None,
    text: TextSettings,
    network: NetworkSettings,
    settings: FitSettings,
) -> FittedModel:
    """Fit all members and join them.

    Parameters
    ----------
    data : TrainingSet
    unlabeled : more texts of the same kind, without labels, or None
    text, network, settings : the estimator's parameters

    Returns
    -------
    FittedModel
    """
    costs = data.mean_costs(settings.cost_matrix)
    loss_costs = loss_cost_matrix(costs, data.class_totals)
    posterior_rule = make_posterior_rule(network.loss, loss_costs)
    random_state = own_random_state(settings.random_state)
    train_rows, held_out_rows = split_rows(data, settings, random_state, network.epochs)
    prepared, ngram_texts = _prepare(
        data, unlabeled, train_rows, held_out_rows, text, settings, random_state
    )
    fitted = fit_network(
        prepared,
        data,
        train_rows,
        held_out_rows,
        loss_costs=loss_costs,
        posterior_rule=posterior_rule,
        settings=network,
        held_out_score=make_held_out_score(data, held_out_rows, settings, costs, posterior_rule),
        n_iter_no_change=settings.n_iter_no_change,
        seed=_seed(random_state),
    )
    members: list[Member] = [fitted.member]
    pool = None
    if ngram_texts is not None:
        seed = _seed(random_state)
        members, pool = _join(fitted.member, data, ngram_texts, held_out_rows, seed)
    return FittedModel(
        classes=data.classes,
        cost_matrix=costs,
        tokenize=Tokenization(text.tokenizer, text.lowercase, text.max_length),
        members=tuple(member.with_cached_words(fitted.member.seen_words) for member in members),
        pool=pool,
        record=FitRecord(fitted.history, fitted.best_epoch + 1, prepared.coverage),
    )


def _seed(random_state: np.random.RandomState) -> int:
    return int(random_state.randint(2**31 - 1))


def _prepare(
    data: TrainingSet,
    unlabeled: Sequence[str] | None,
    train_rows: Int64,
    held_out_rows: Int64,
    text: TextSettings,
    settings: FitSettings,
    random_state: np.random.RandomState,
) -> tuple[PreparedTexts, NgramTexts | None]:
    """Prepare the texts for the network and for the n-gram model.

    The tokens of all texts are freed at the end of this function: for very many texts they take
    more memory than the whole training.
    """
    tokens = Tokenization(text.tokenizer, text.lowercase, text.max_length)(data.texts)
    prepared = prepare_texts(tokens, train_rows, held_out_rows, text, unlabeled, random_state)
    if not settings.linear_model:
        return prepared, None
    return prepared, choose_texts(tokens, data.targets, train_rows, random_state)


def _join(
    network: Network,
    data: TrainingSet,
    texts: NgramTexts,
    held_out_rows: Int64,
    seed: int,
) -> tuple[list[Member], LogarithmicPool | None]:
    """Fit the n-gram model; return both models and their pool.

    The pool is fitted on the held-out rows: the network did not learn from them, and neither did
    the n-gram model that it is compared with. The n-gram model that is kept learns from all rows.
    Without held-out rows both models count the same. If no two texts share an n-gram, there is no
    n-gram model.
    """
    targets, weight = data.targets_and_weight(texts.rows)
    n_classes = len(data.classes)
    table = NgramTable(texts.tokens, targets, n_classes, weight, seed)
    if table.is_empty:
        return [network], None
    is_held_out = np.isin(texts.rows, held_out_rows)
    pool = LogarithmicPool.even(2, n_classes)
    if is_held_out.any():
        learned, held_out = np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)
        tokens = list(compress(texts.tokens, is_held_out))
        pool = fit_pool(
            [
                network.posterior_rule(network.softmax(tokens)),
                table.fit_predict_proba(learned, held_out),
            ],
            targets[is_held_out],
            None if weight is None else weight[is_held_out],
        )
    return [network, table.fit()], pool
