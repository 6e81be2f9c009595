"""One batch forwards and backwards: the whole arithmetic of training on one screen.

U distinct words of d dimensions, made of R rows of the embedding; B texts, T taps of all widths, F
filters per width, W widths, K classes.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skcnn.text import UNKNOWN, TokenSequences

from ._kernels import (
    backpropagate_parts,
    backpropagate_pool,
    convolve_and_pool,
    distinct_tokens,
    sum_parts,
)
from ._loss_gradient import LossGradient
from ._parameters import Floats, Parameters
from ._threads import equal_parts, in_parts, parts_by_tokens


@dataclass(slots=True)
class Batch:
    """Texts of one step, their distinct words numbered from 0, and the rows these are made of."""

    words: NDArray[np.int32]  # (U,) ids of the distinct words
    local: NDArray[np.int32]  # (tokens,) positions in `words`
    offsets: NDArray[np.int64]  # (B + 1,)
    rows: NDArray[np.int32]  # (R,) distinct rows of the embedding
    parts: TokenSequences | None  # of each word: its rows of the embedding; None: the one row
    places: NDArray[np.int32]  # of all the parts, end to end: positions in `rows`


class BatchMaker:
    """Numbers what is distinct in a batch."""

    def __init__(self, n_rows: int, word_parts: TokenSequences | None) -> None:
        self._word_parts = word_parts
        n_words = n_rows if word_parts is None else len(word_parts)
        self._word_slots = np.full(n_words, -1, np.int32)
        self._row_slots = np.full(n_rows, -1, np.int32)

    def __call__(
        self,
        texts: TokenSequences,
        word_dropout: float | Floats = 0.0,
        generator: np.random.Generator | None = None,
    ) -> Batch:
        """Number the distinct words, and the distinct rows of the embedding that they need.

        A word that is dropped (`word_dropout` is the chance, one for all or one for each token id)
        is what it would be had training never met it: its subwords, and the row of the unknown
        word.
        """
        words, local = _distinct(texts.ids, self._word_slots)
        if self._word_parts is None:
            return Batch(words, local, texts.offsets, words, None, local)
        parts = self._word_parts.take(words)
        if generator is not None and np.any(word_dropout):
            chances = word_dropout[words] if isinstance(word_dropout, np.ndarray) else word_dropout
            dropped = (generator.random(len(words)) < chances) & (parts.lengths > 1)
            parts.ids[parts.offsets[:-1][dropped]] = UNKNOWN
        rows, places = _distinct(parts.ids, self._row_slots)
        return Batch(words, local, texts.offsets, rows, parts, places)


def _distinct(
    ids: NDArray[np.int32], slots: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    distinct, local = np.empty_like(ids), np.empty_like(ids)
    n_distinct = distinct_tokens(ids, slots, distinct, local)
    return distinct[:n_distinct], local


def word_vectors(embedding: Floats, batch: Batch, executor: Executor) -> Floats:
    """Vectors of the batch's distinct words, (U, d)."""
    parts = batch.parts
    if parts is None:
        own: Floats = embedding[batch.words]
        return own
    vectors = np.empty((len(batch.words), embedding.shape[1]), np.float32)

    def add(part: slice) -> None:
        sum_parts(embedding, parts.ids, parts.offsets[part.start : part.stop + 1], vectors[part])

    in_parts(executor, add, parts_by_tokens(parts.offsets))
    return vectors


def _rows_slope(vectors_slope: Floats, batch: Batch, executor: Executor) -> Floats:
    """Gradients of the batch's rows of the embedding, (U, d) -> (R, d)."""
    parts = batch.parts
    if parts is None:
        return vectors_slope
    slope = np.zeros((len(batch.rows), vectors_slope.shape[1]), np.float32)

    def spread(columns: slice) -> None:  # words share rows: the threads share out the dimensions
        backpropagate_parts(
            vectors_slope[:, columns], batch.places, parts.offsets, slope[:, columns]
        )

    in_parts(executor, spread, equal_parts(vectors_slope.shape[1]))
    return slope


def pool(
    batch: Batch, vectors: Floats, taps: Floats, widths: NDArray[np.int64], executor: Executor
) -> tuple[Floats, NDArray[np.int32]]:
    """Largest window of every filter in every text, and where it begins, (B, W F) each."""
    projections = np.empty((len(vectors), len(taps)), np.float32)
    n_pooled = len(widths) * (len(taps) // int(widths.sum()))
    pooled = np.empty((len(batch.offsets) - 1, n_pooled), np.float32)
    winners = np.empty(pooled.shape, np.int32)

    def project(part: slice) -> None:
        np.matmul(vectors[part], taps.T, out=projections[part])  # (U, d) @ (d, T F) -> (U, T F)

    def convolve(part: slice) -> None:
        offsets = batch.offsets[part.start : part.stop + 1]
        convolve_and_pool(projections, batch.local, offsets, widths, pooled[part], winners[part])

    in_parts(executor, project, equal_parts(len(vectors)))
    in_parts(executor, convolve, parts_by_tokens(batch.offsets))
    return pooled, winners


def gradients(
    parameters: Parameters,
    batch: Batch,
    labels: NDArray[np.int32],
    weights: Floats,
    *,
    widths: NDArray[np.int64],
    loss_gradient: LossGradient,
    dropout: float,
    generator: np.random.Generator,
    executor: Executor,
) -> tuple[float, Parameters]:
    """Loss of the batch and the gradient of every parameter (of the embedding: rows (R, d))."""
    vectors = word_vectors(parameters.embedding, batch, executor)  # (U, d)
    pooled, winners = pool(batch, vectors, parameters.taps, widths, executor)  # (B, W F)
    pooled += parameters.filter_bias
    keep = pooled > 0  # ReLU
    if dropout > 0:
        keep &= generator.random(pooled.shape, dtype=np.float32) >= dropout
    scale: Floats = keep * np.float32(1 / (1 - dropout))
    features: Floats = pooled * scale  # (B, W F)
    logits: Floats = features @ parameters.dense_kernel + parameters.dense_bias  # (B, K)

    loss, slope = loss_gradient(logits, labels, weights)  # (B, K)

    features_slope = (slope @ parameters.dense_kernel.T) * scale  # (B, W F)
    vectors_slope, taps_slope = _backpropagate(
        features_slope, winners, batch, vectors, parameters.taps, widths, executor
    )
    return loss, Parameters(
        embedding=_rows_slope(vectors_slope, batch, executor),  # (R, d)
        taps=taps_slope,
        filter_bias=features_slope.sum(axis=0),
        dense_kernel=features.T @ slope,
        dense_bias=slope.sum(axis=0),
    )


def _backpropagate(
    features_slope: Floats,
    winners: NDArray[np.int32],
    batch: Batch,
    vectors: Floats,
    taps: Floats,
    widths: NDArray[np.int64],
    executor: Executor,
) -> tuple[Floats, Floats]:
    def backpropagate(part: slice) -> tuple[Floats, Floats]:
        slopes = np.zeros_like(vectors), np.zeros_like(taps)
        offsets = batch.offsets[part.start : part.stop + 1]
        backpropagate_pool(
            features_slope[part],
            winners[part],
            batch.local,
            offsets,
            widths,
            vectors,
            taps,
            *slopes,
        )
        return slopes

    (vectors_slope, taps_slope), *others = in_parts(
        executor, backpropagate, parts_by_tokens(batch.offsets)
    )
    for other_vectors, other_taps in others:
        vectors_slope += other_vectors
        taps_slope += other_taps
    return vectors_slope, taps_slope
