"""One pass over more texts, from given weights and moments of Adam, without a Keras model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from skcnn._arrays import Float32, Float64, Int64
from skcnn._settings import NetworkSettings
from skcnn.text._sequences import TokenSequences

from ._divergence import check_finite, check_finite_loss, warn_if_high
from ._fit import copy_of_optimizer
from ._labeled_texts import LabeledTexts
from ._loss_gradient import make_loss_gradient
from ._optimizers import RowwiseAdam, is_plain_adam
from ._step import BatchMaker, gradients
from ._threads import worker_threads
from ._weights import Weights
from .losses import make_loss

# Moments of so many steps no longer depend on the exact number.
_ENOUGH_STEPS = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """The moments of Adam: of each array of `Weights` the mean and variance of its gradient."""

    means: Sequence[Float32]
    variances: Sequence[Float32]
    n_steps: int


def make_adam(settings: NetworkSettings) -> keras.optimizers.Adam:
    """Return the optimizer of the settings, which must be plain Adam.

    Raises
    ------
    ValueError
        If it is another optimizer, or Adam with options that change its steps.
    """
    adam = copy_of_optimizer(settings.optimizer)
    if isinstance(adam, str):
        adam = keras.optimizers.get({"class_name": adam, "config": settings.all_optimizer_params})
    if not is_plain_adam(adam):
        raise ValueError(
            f"optimizer is {settings.optimizer!r}; partial_fit expects 'adam', without clipping, "
            "weight decay or other options that change its steps. Use optimizer='adam', or fit on "
            "all texts."
        )
    return adam


def train_one_pass(
    weights: Weights,
    moments: Moments,
    texts: LabeledTexts,
    *,
    word_parts: TokenSequences | None,
    word_dropout: Float32,
    widths: Int64,
    loss_costs: Float64,
    settings: NetworkSettings,
    report_every: int,
    report: Callable[[Weights, int], None],
    seed: int,
) -> tuple[Moments, float]:
    """Train on every text once, in random order; `weights` and `moments` are changed.

    Parameters
    ----------
    weights : Weights
    moments : Moments of the training so far
    texts : LabeledTexts
    word_parts, word_dropout, loss_costs, settings, seed : see `fit_text_cnn`
    widths : (n_widths,), the widths of the filters
    report_every : number of steps
    report : is called after so many steps with the weights and the number of texts since the last
        call; also at the end

    Returns
    -------
    the new moments, and the mean loss

    Raises
    ------
    ValueError
        If the loss or the weights become infinite or NaN.
    """
    n_classes = weights.dense_kernel.shape[1]
    loss = make_loss(settings.loss, loss_costs)
    loss_gradient = make_loss_gradient(loss, n_classes)
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(texts))
    make_batch = BatchMaker(len(weights.embedding), word_parts)
    sample_weight, total, n_waiting = texts.weights, 0.0, 0
    batch_size = settings.batch_size
    with worker_threads() as executor:
        optimizer = RowwiseAdam(make_adam(settings), weights, executor)
        n_steps = min(moments.n_steps, _ENOUGH_STEPS)
        optimizer.continue_from(moments.means, moments.variances, n_steps)
        for step, begin in enumerate(range(0, len(order), batch_size), start=1):
            rows = order[begin : begin + batch_size]
            batch = make_batch(texts.sequences.take(rows), word_dropout, generator)
            optimizer.prepare(weights, batch.rows)
            of_batch, gradient = gradients(
                weights,
                batch,
                texts.targets[rows],
                sample_weight[rows],
                widths=widths,
                loss_gradient=loss_gradient,
                dropout=settings.dropout,
                generator=generator,
                executor=executor,
            )
            optimizer.apply(weights, gradient, batch.rows)
            total += of_batch * len(rows)
            n_waiting += len(rows)
            if step % report_every == 0 or begin + batch_size >= len(order):
                optimizer.prepare(weights)
                report(weights, n_waiting)
                n_waiting = 0
    mean_loss = total / max(len(order), 1)
    check_finite_loss(mean_loss, "of these texts")
    check_finite(weights.arrays)
    warn_if_high([mean_loss], loss, texts, n_classes, batch_size)
    return Moments(*optimizer.moments), mean_loss
