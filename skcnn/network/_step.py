"""One batch forwards and backwards: the whole arithmetic of training on one screen.

U distinct words of d dimensions, B texts, T taps of all widths, F filters per width, W widths, K
classes.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._kernels import backpropagate_pool, convolve_and_pool, distinct_tokens
from ._loss_gradient import LossGradient
from ._parameters import Floats, Parameters
from ._threads import equal_parts, in_parts, parts_by_tokens


@dataclass(slots=True)
class Batch:
    """Texts of one step, their distinct words numbered from 0."""

    words: NDArray[np.int32]  # (U,) ids of the distinct words
    local: NDArray[np.int32]  # (tokens,) positions in `words`
    offsets: NDArray[np.int64]  # (B + 1,)

    @classmethod
    def from_ids(
        cls, ids: NDArray[np.int32], offsets: NDArray[np.int64], slots: NDArray[np.int32]
    ) -> Batch:
        """Number the distinct words; `slots` is -1 for every word of the vocabulary."""
        words, local = np.empty_like(ids), np.empty_like(ids)
        n_distinct = distinct_tokens(ids, slots, words, local)
        return cls(words[:n_distinct], local, offsets)


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
    """Loss of the batch and the gradient of every parameter (of the embedding: rows (U, d))."""
    vectors = parameters.embedding[batch.words]  # (U, d)
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
        embedding=vectors_slope,  # (U, d)
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
