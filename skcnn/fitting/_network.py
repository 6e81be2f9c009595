"""From prepared texts to a trained network that predicts: the TextCNN, or a user's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from skcnn._arrays import Float64, Int64
from skcnn._settings import NetworkSettings
from skcnn.costs._posterior import PosteriorRule
from skcnn.fitting._held_out import make_held_out_score
from skcnn.fitting._job import Job
from skcnn.fitting._network_start import start_from
from skcnn.fitting._soft_targets import TaughtTexts
from skcnn.fitting._text_cnn import make_loss, to_text_cnn, train_text_cnn
from skcnn.fitting._training_set import TrainingSet
from skcnn.predicting._keras_network import KerasNetwork, SavedModel
from skcnn.predicting._members import Network
from skcnn.predicting._text_cnn import FittedTextCNN
from skcnn.text._prepare import PreparedTexts, known_part

if TYPE_CHECKING:
    from skcnn.network._fit import HeldOut
    from skcnn.network._labeled_texts import LabeledTexts


@dataclass(frozen=True, slots=True, eq=False)
class FittedNetwork:
    """A trained network and the record of its training.

    Attributes
    ----------
    member : Network
    history : values of each epoch, as Keras recorded them
    best_epoch : the epoch whose weights were kept, from 0
    """

    member: Network
    history: dict[str, list[float]]
    best_epoch: int


def train(
    job: Job,
    prepared: PreparedTexts,
    learned: TrainingSet | TaughtTexts,
    train_rows: Int64,
    seed: int,
) -> FittedNetwork:
    """Train the network of a job, or read it from `memory` if it does not depend on the costs."""
    if job.start is not None:
        prepared = start_from(prepared, job.start)
    loss = make_loss(job.network, job.costs, job.data.class_totals, job.data.classes)
    network = loss.settings
    score = make_held_out_score(
        job.data, job.held_out_rows, job.settings, job.costs, loss.posterior_rule
    )
    n_iter_no_change = job.settings.n_iter_no_change
    call = partial(
        fit_network,
        prepared,
        learned,
        job.data,
        train_rows,
        job.held_out_rows,
        loss_costs=loss.costs,
        posterior_rule=loss.posterior_rule,
        settings=network,
        held_out_score=score,
        n_iter_no_change=n_iter_no_change,
        seed=seed,
        start=job.start,
    )
    is_taught = learned is not job.data
    depends_on_more = is_taught or score is not None or job.start is not None
    if depends_on_more or not network.ignores_costs or not network.is_plain:
        return call()
    return job.remember([network, n_iter_no_change], _call, call)


def _call(call: Callable[[], FittedNetwork]) -> FittedNetwork:
    return call()


def fit_network(
    prepared: PreparedTexts,
    learned: TrainingSet | TaughtTexts,
    data: TrainingSet,
    train_rows: Int64,
    held_out_rows: Int64,
    *,
    loss_costs: Float64,
    posterior_rule: PosteriorRule,
    settings: NetworkSettings,
    held_out_score: Callable[[Float64], float] | None,
    n_iter_no_change: int,
    seed: int,
    start: FittedTextCNN | None = None,
) -> FittedNetwork:
    """Train the network on the training rows; imports TensorFlow.

    Parameters
    ----------
    prepared : PreparedTexts
    learned : has the targets and weights of the texts to learn from
    data : has those of the held-out texts
    train_rows, held_out_rows : positions of the texts that `prepared` holds
    loss_costs : (K, K), the cost matrix of the loss
    posterior_rule : from softmax outputs to P(class | text)
    settings : NetworkSettings
    held_out_score : from softmax outputs for the held-out texts to a score; None: the loss
    n_iter_no_change : number of epochs without improvement after which training stops
    seed : int
    start : the network whose weights the filters and the dense layer start from, or None
    """
    from skcnn.network._fit import HeldOut
    from skcnn.network._labeled_texts import LabeledTexts

    held_out = None
    if prepared.held_out is not None:
        held_out_texts = LabeledTexts(prepared.held_out, *data.targets_and_weight(held_out_rows))
        held_out = HeldOut(held_out_texts, held_out_score, n_iter_no_change)
    texts = LabeledTexts(prepared.train, *learned.targets_and_weight(train_rows))
    if settings.network is not None:
        return _fit_own_network(
            prepared, texts, held_out, loss_costs, posterior_rule, settings, seed
        )
    trained = train_text_cnn(
        prepared,
        texts,
        held_out,
        loss_costs=loss_costs,
        settings=settings,
        seed=seed,
        start=start,
    )
    member = to_text_cnn(prepared, trained, posterior_rule)
    return FittedNetwork(member, trained.history, trained.best_epoch)


def _fit_own_network(
    prepared: PreparedTexts,
    texts: LabeledTexts,
    held_out: HeldOut | None,
    loss_costs: Float64,
    posterior_rule: PosteriorRule,
    settings: NetworkSettings,
    seed: int,
) -> FittedNetwork:
    """Train a user's network. It knows no subwords: it has one vector for each token id."""
    from skcnn.network._own_network import fit_own_network

    embeddings = prepared.known_vectors()
    if held_out is not None:
        known = known_part(held_out.texts.sequences, len(embeddings))
        held_out = replace(held_out, texts=replace(held_out.texts, sequences=known))
    trained = fit_own_network(
        replace(texts, sequences=known_part(texts.sequences, len(embeddings))),
        embeddings,
        loss_costs=loss_costs,
        settings=settings,
        held_out=held_out,
        seed=seed,
    )
    member = KerasNetwork(
        vocabulary=prepared.vocabulary,
        saved=SavedModel(trained.content, trained.model),
        length=trained.length,
        from_logits=trained.from_logits,
        posterior_rule=posterior_rule,
    )
    return FittedNetwork(member, trained.history, trained.best_epoch)
