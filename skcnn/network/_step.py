"""One batch forwards and backwards: all the arithmetic of a training step.

A batch has B texts with U distinct token ids, whose vectors of d dimensions are made of R rows of
the embedding. The network has W filter widths with T taps together, F filters per width, K classes.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from skcnn._arrays import Float32, Int32, Int64
from skcnn.text._sequences import UNKNOWN, TokenSequences

from ._kernels import (
    backpropagate_parts,
    backpropagate_pool,
    convolve_and_pool,
    distinct_tokens,
    sum_parts,
)
from ._loss_gradient import LossGradient
from ._threads import equal_parts, in_parts, parts_by_tokens
from ._weights import Weights


@dataclass(slots=True)
class Batch:
    """Texts of one step, their distinct ids numbered from 0, and the rows these are made of."""

    ids: Int32  # (U,) distinct token ids
    local: Int32  # (n_tokens,) each token's position in `ids`
    offsets: Int64  # (B + 1,) text b has the tokens offsets[b] to offsets[b + 1]
    rows: Int32  # (R,) distinct rows of the embedding
    parts: TokenSequences | None  # the rows of each of `ids`; None: id i is row i
    places: Int32  # (n_parts,) the position in `rows` of each part


class BatchMaker:
    """Numbers the distinct ids and the distinct rows of a batch."""

    def __init__(self, n_rows: int, word_parts: TokenSequences | None) -> None:
        self._word_parts = word_parts
        n_ids = n_rows if word_parts is None else len(word_parts)
        self._id_slots = np.full(n_ids, -1, np.int32)
        self._row_slots = np.full(n_rows, -1, np.int32)

    def __call__(
        self,
        texts: TokenSequences,
        word_dropout: float | Float32 = 0.0,
        generator: np.random.Generator | None = None,
    ) -> Batch:
        """Make a batch of texts.

        `word_dropout` is the chance that a word is dropped, for all ids or for each. A dropped word
        is treated like a word that training never saw: its vector is the row of the unknown word
        plus its subwords.
        """
        ids, local = _distinct(texts.ids, self._id_slots)
        if self._word_parts is None:
            return Batch(ids, local, texts.offsets, ids, None, local)
        parts = self._word_parts.take(ids)
        if generator is not None and np.any(word_dropout):
            chances = word_dropout[ids] if isinstance(word_dropout, np.ndarray) else word_dropout
            dropped = (generator.random(len(ids)) < chances) & (parts.lengths > 1)
            parts.ids[parts.offsets[:-1][dropped]] = UNKNOWN
        rows, places = _distinct(parts.ids, self._row_slots)
        return Batch(ids, local, texts.offsets, rows, parts, places)


def _distinct(ids: Int32, slots: Int32) -> tuple[Int32, Int32]:
    distinct, local = np.empty_like(ids), np.empty_like(ids)
    n_distinct = distinct_tokens(ids, slots, distinct, local)
    return distinct[:n_distinct], local


def word_vectors(embedding: Float32, batch: Batch, executor: Executor) -> Float32:
    """Vectors of the batch's distinct ids, (U, d)."""
    parts = batch.parts
    if parts is None:
        own: Float32 = embedding[batch.ids]
        return own
    vectors = np.empty((len(batch.ids), embedding.shape[1]), np.float32)

    def add(part: slice) -> None:
        sum_parts(embedding, parts.ids, parts.offsets[part.start : part.stop + 1], vectors[part])

    in_parts(executor, add, parts_by_tokens(parts.offsets))
    return vectors


def _rows_gradient(vectors_gradient: Float32, batch: Batch, executor: Executor) -> Float32:
    """Gradient of the batch's rows of the embedding, (U, d) -> (R, d)."""
    parts = batch.parts
    if parts is None:
        return vectors_gradient
    gradient = np.zeros((len(batch.rows), vectors_gradient.shape[1]), np.float32)

    # Words share rows, so the threads must not split the words. They split the dimensions.
    def add(columns: slice) -> None:
        backpropagate_parts(
            vectors_gradient[:, columns], batch.places, parts.offsets, gradient[:, columns]
        )

    in_parts(executor, add, equal_parts(vectors_gradient.shape[1]))
    return gradient


def pool(
    batch: Batch, vectors: Float32, taps_by_width: Float32, widths: Int64, executor: Executor
) -> tuple[Float32, Int32]:
    """Largest window of every filter in every text, and where it begins, (B, W F) each."""
    projections = np.empty((len(vectors), len(taps_by_width)), np.float32)
    n_pooled = len(widths) * (len(taps_by_width) // int(widths.sum()))
    pooled = np.empty((len(batch.offsets) - 1, n_pooled), np.float32)
    winners = np.empty(pooled.shape, np.int32)

    def project(part: slice) -> None:
        # (U, d) @ (d, T F) -> (U, T F)
        np.matmul(vectors[part], taps_by_width.T, out=projections[part])

    def convolve(part: slice) -> None:
        offsets = batch.offsets[part.start : part.stop + 1]
        convolve_and_pool(projections, batch.local, offsets, widths, pooled[part], winners[part])

    in_parts(executor, project, equal_parts(len(vectors)))
    in_parts(executor, convolve, parts_by_tokens(batch.offsets))
    return pooled, winners


def gradients(
    weights: Weights,
    batch: Batch,
    targets: Int32 | Float32,
    sample_weight: Float32,
    *,
    widths: Int64,
    loss_gradient: LossGradient,
    dropout: float,
    generator: np.random.Generator,
    executor: Executor,
) -> tuple[float, Weights]:
    """Loss of the batch, and its gradient for all weights (for the embedding: `batch.rows`)."""
    vectors = word_vectors(weights.embedding, batch, executor)  # (U, d)
    pooled, winners = pool(batch, vectors, weights.taps_by_width, widths, executor)  # (B, W F)
    pooled += weights.filter_bias
    keep = pooled > 0  # ReLU
    if dropout > 0:
        keep &= generator.random(pooled.shape, dtype=np.float32) >= dropout
    scale: Float32 = keep * np.float32(1 / (1 - dropout))
    features: Float32 = pooled * scale  # (B, W F)
    logits: Float32 = features @ weights.dense_kernel + weights.dense_bias  # (B, K)

    loss, logits_gradient = loss_gradient(logits, targets, sample_weight)  # (B, K)

    features_gradient = (logits_gradient @ weights.dense_kernel.T) * scale  # (B, W F)
    vectors_gradient, taps_gradient = _backpropagate(
        features_gradient, winners, batch, vectors, weights.taps_by_width, widths, executor
    )
    return loss, Weights(
        embedding=_rows_gradient(vectors_gradient, batch, executor),  # (R, d)
        taps_by_width=taps_gradient,
        filter_bias=features_gradient.sum(axis=0),
        dense_kernel=features.T @ logits_gradient,
        dense_bias=logits_gradient.sum(axis=0),
    )


def _backpropagate(
    features_gradient: Float32,
    winners: Int32,
    batch: Batch,
    vectors: Float32,
    taps_by_width: Float32,
    widths: Int64,
    executor: Executor,
) -> tuple[Float32, Float32]:
    """Gradients of the vectors, (U, d), and of the taps, (T F, d)."""

    def backpropagate(part: slice) -> tuple[Float32, Float32]:
        part_gradients = np.zeros_like(vectors), np.zeros_like(taps_by_width)
        offsets = batch.offsets[part.start : part.stop + 1]
        backpropagate_pool(
            features_gradient[part],
            winners[part],
            batch.local,
            offsets,
            widths,
            vectors,
            taps_by_width,
            *part_gradients,
        )
        return part_gradients

    (vectors_gradient, taps_gradient), *others = in_parts(
        executor, backpropagate, parts_by_tokens(batch.offsets)
    )
    for other_vectors, other_taps in others:
        vectors_gradient += other_vectors
        taps_gradient += other_taps
    return vectors_gradient, taps_gradient
