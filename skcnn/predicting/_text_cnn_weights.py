"""The weights of a trained TextCNN, as arrays in the order that predicting needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float32, Int64
from skcnn.text._sequences import UNKNOWN
from skcnn.text._subwords import SubwordVectors
from skcnn.text._vocabulary import FIRST_WORD


@dataclass(frozen=True, slots=True, eq=False)
class TextCNNWeights:
    """The weights of a trained TextCNN, float32, in the order that the forward pass reads them.

    The filter widths are in decreasing order, so the filters that have a tap at offset j are
    always the first ones.

    Attributes
    ----------
    embedding : (n_seen, d), vectors of the ids that training saw; row 0 is padding and is never
        read, row 1 is for words of which nothing is known
    taps_by_offset : (d, sum of widths * n_filters); the taps at offset 0 of all widths, then those
        at offset 1, and so on
    filter_bias : (n_widths * n_filters,)
    dense_kernel : (n_widths * n_filters, n_classes)
    dense_bias : (n_classes,)
    filter_widths : decreasing
    frozen : (n_frozen, <= d), float16 or float32; pretrained vectors of the ids from n_seen on;
        the missing dimensions are zero
    subword_keys, subword_vectors : (m,) uint32 and (m, d); see `SubwordVectors`
    """

    embedding: Float32
    taps_by_offset: Float32
    filter_bias: Float32
    dense_kernel: Float32
    dense_bias: Float32
    filter_widths: tuple[int, ...]
    frozen: NDArray[np.floating[Any]]
    subword_keys: NDArray[np.uint32]
    subword_vectors: Float32

    @classmethod
    def from_layers(
        cls,
        embedding: Float32,
        kernels: Sequence[Float32],
        filter_bias: Float32,
        dense_kernel: Float32,
        dense_bias: Float32,
        frozen: NDArray[np.floating[Any]] | None = None,
        subwords: SubwordVectors | None = None,
    ) -> TextCNNWeights:
        """Arrange the weights of Keras' layers; a kernel is (width, d, n_filters)."""
        order = _decreasing([len(kernel) for kernel in kernels])
        kernels = [kernels[i] for i in order]
        columns = _filter_order(order, kernels[0].shape[2])
        by_offset = [k[j] for j in range(len(kernels[0])) for k in kernels if j < len(k)]
        return cls(
            embedding=embedding,
            taps_by_offset=np.concatenate(by_offset, axis=1),
            filter_bias=filter_bias[columns],
            dense_kernel=dense_kernel[columns],
            dense_bias=dense_bias,
            filter_widths=tuple(len(kernel) for kernel in kernels),
            frozen=np.empty((0, 0), np.float32) if frozen is None else frozen,
            subword_keys=np.empty(0, np.uint32) if subwords is None else subwords.keys,
            subword_vectors=(
                np.empty((0, embedding.shape[1]), np.float32)
                if subwords is None
                else subwords.vectors
            ),
        )

    def to_layers(self, words: Sequence[str], filter_widths: Sequence[int]) -> list[Float32]:
        """Return the weights in Keras' order: vectors of `words`, each convolution, dense layer.

        `words` are those of the ids from `FIRST_WORD` on. Pretrained words that training did not
        see come last.
        """
        order = _decreasing(filter_widths)
        columns = np.argsort(_filter_order(order, self.n_filters))
        filter_bias, dense_kernel = self.filter_bias[columns], self.dense_kernel[columns]
        kernels: dict[int, Float32] = {}
        for place, i in enumerate(order):
            blocks = [self._offset(j)[:, self._columns(place)] for j in range(filter_widths[i])]
            kernels[i] = np.stack(blocks)  # (width, d, F)
        n_seen = len(self.embedding)
        unseen_ids = np.arange(n_seen, len(words) + FIRST_WORD)
        unseen = self.unseen_vectors(words[n_seen - FIRST_WORD :], unseen_ids)
        layers = [np.concatenate([self.embedding, unseen])]
        for i in range(len(filter_widths)):
            layers += [kernels[i], filter_bias[self._columns(i)]]
        return [*layers, dense_kernel, self.dense_bias]

    def unseen_vectors(self, words: Sequence[str], ids: NDArray[np.integer[Any]]) -> Float32:
        """Return vectors of words that training did not see, (U,) and (U,) -> (U, d).

        An id says what is known of its word: an id of `frozen` means a pretrained vector,
        `UNKNOWN` means nothing, and the id of a seen word means the same word in another spelling.
        """
        place = ids - len(self.embedding)
        has_vector = place >= 0
        vectors = np.zeros((len(words), self.embedding.shape[1]), np.float32)
        vectors[~has_vector] = self.embedding[ids[~has_vector]]
        vectors[has_vector, : self.frozen.shape[1]] = self.frozen[place[has_vector]]
        if len(self.subword_keys):
            means = SubwordVectors(self.subword_keys, self.subword_vectors).means(words)
            is_other_spelling = (ids > UNKNOWN) & ~has_vector  # already includes its subwords
            vectors += np.where(is_other_spelling[:, np.newaxis], np.float32(0), means)
        return vectors

    @property
    def n_seen(self) -> int:
        """Number of ids that training saw, including padding and the unknown word."""
        return len(self.embedding)

    @property
    def n_ids(self) -> int:
        """Number of ids, including padding and the unknown word."""
        return len(self.embedding) + len(self.frozen)

    @property
    def n_filters(self) -> int:
        """Number of filters of each width."""
        return len(self.filter_bias) // len(self.filter_widths)

    @property
    def offset_columns(self) -> list[slice]:
        """Columns of `taps_by_offset`, and of products with it, that belong to each offset."""
        counts = [
            self.n_filters * sum(width > j for width in self.filter_widths)
            for j in range(self.filter_widths[0])
        ]
        ends = np.cumsum(counts).tolist()
        return [slice(end - count, end) for count, end in zip(counts, ends, strict=True)]

    def _offset(self, j: int) -> Float32:
        return self.taps_by_offset[:, self.offset_columns[j]]

    def _columns(self, i: int) -> slice:
        return slice(i * self.n_filters, (i + 1) * self.n_filters)


def _decreasing(filter_widths: Sequence[int]) -> list[int]:
    return sorted(range(len(filter_widths)), key=lambda i: -filter_widths[i])


def _filter_order(order: Sequence[int], n_filters: int) -> Int64:
    """Numbers of the filters when their widths are in the given order."""
    return np.concatenate([np.arange(i * n_filters, (i + 1) * n_filters) for i in order])
