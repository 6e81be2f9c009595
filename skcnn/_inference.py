"""The trained network's forward pass in NumPy: token ids in, class scores out, no TensorFlow.

Texts of equal length are taken together, so that nothing needs padding: what comes out for a text
does not depend on the texts beside it. A convolution is linear in the word vectors, so each
distinct word is multiplied with the filters once, whatever the number of its occurrences.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnn.text import UNKNOWN, SubwordVectors, TokenSequences

Floats = NDArray[np.float32]

# Tokens whose distinct words are multiplied at once (the more, the fewer words are multiplied
# twice), the memory that the products may take, and tokens that are convolved at once, so that a
# block's windows stay in the processor's cache.
_TOKENS_PER_PROJECTION = 2**18
_BYTES_PER_PROJECTION = 2**27
_TOKENS_PER_BLOCK = 1024


@dataclass(frozen=True, slots=True, eq=False)
class TextCNNWeights:
    """The numbers of a trained TextCNN, float32, in the order that the forward pass reads them.

    The filter widths stand in decreasing order, so that the filters which have a tap at offset j
    are always the first ones.

    Attributes
    ----------
    embedding : (n_words, d), the words that training met; row 0 is padding and never read, row 1
        stands for words of which nothing is known
    taps : (d, sum of widths * n_filters); the taps at offset 0 of all widths, then those at 1, ...
    filter_bias : (n_widths * n_filters,)
    dense_kernel : (n_widths * n_filters, n_classes)
    dense_bias : (n_classes,)
    filter_widths : decreasing
    frozen : (n_frozen, <= d), float16 or float32; pretrained vectors of the words that come next;
        the dimensions they lack are zero
    subword_keys, subword_vectors : (m,) uint32 and (m, d); see `skcnn.text.SubwordVectors`
    """

    embedding: Floats
    taps: Floats
    filter_bias: Floats
    dense_kernel: Floats
    dense_bias: Floats
    filter_widths: tuple[int, ...]
    frozen: NDArray[np.floating[Any]]
    subword_keys: NDArray[np.uint32]
    subword_vectors: Floats

    @classmethod
    def from_layers(
        cls,
        embedding: Floats,
        kernels: Sequence[Floats],
        filter_bias: Floats,
        dense_kernel: Floats,
        dense_bias: Floats,
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
            taps=np.concatenate(by_offset, axis=1),
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

    def to_layers(self, words: Sequence[str], filter_widths: Sequence[int]) -> list[Floats]:
        """Weights in Keras' order: vectors of `words`, each convolution, the dense layer.

        `words` are those of the ids from 2 on, pretrained ones that training did not meet last.
        """
        order = _decreasing(filter_widths)
        columns = np.argsort(_filter_order(order, self.n_filters))
        filter_bias, dense_kernel = self.filter_bias[columns], self.dense_kernel[columns]
        kernels: dict[int, Floats] = {}
        for place, i in enumerate(order):
            blocks = [self._offset(j)[:, self._columns(place)] for j in range(filter_widths[i])]
            kernels[i] = np.stack(blocks)  # (width, d, F)
        n_seen = len(self.embedding)
        unseen = self.unseen_vectors(words[n_seen - 2 :], np.arange(n_seen, len(words) + 2))
        layers = [np.concatenate([self.embedding, unseen])]
        for i in range(len(filter_widths)):
            layers += [kernels[i], filter_bias[self._columns(i)]]
        return [*layers, dense_kernel, self.dense_bias]

    def unseen_vectors(self, words: Sequence[str], ids: NDArray[np.integer[Any]]) -> Floats:
        """Vectors of words that training did not meet, (U,) and (U,) -> (U, d).

        `ids` say what is known of a word: a pretrained vector, one of `frozen`; nothing, `UNKNOWN`;
        or that of the same word in another spelling.
        """
        place = ids - len(self.embedding)
        has_vector = place >= 0
        vectors = np.zeros((len(words), self.embedding.shape[1]), np.float32)
        vectors[~has_vector] = self.embedding[ids[~has_vector]]
        vectors[has_vector, : self.frozen.shape[1]] = self.frozen[place[has_vector]]
        if len(self.subword_keys):
            means = SubwordVectors(self.subword_keys, self.subword_vectors).means(words)
            is_other_spelling = (ids > UNKNOWN) & ~has_vector  # has its subwords in it already
            vectors += np.where(is_other_spelling[:, np.newaxis], np.float32(0), means)
        return vectors

    @property
    def n_seen(self) -> int:
        """Number of ids that training met, padding and the unknown word among them."""
        return len(self.embedding)

    @property
    def n_words(self) -> int:
        """Number of ids, padding and the unknown word among them."""
        return len(self.embedding) + len(self.frozen)

    @property
    def n_filters(self) -> int:
        """Number of filters of each width."""
        return len(self.filter_bias) // len(self.filter_widths)

    @property
    def offset_columns(self) -> list[slice]:
        """Columns of `taps` (or of what is multiplied with it) that belong to each offset."""
        counts = [
            self.n_filters * sum(width > j for width in self.filter_widths)
            for j in range(self.filter_widths[0])
        ]
        ends = np.cumsum(counts).tolist()
        return [slice(end - count, end) for count, end in zip(counts, ends, strict=True)]

    def _offset(self, j: int) -> Floats:
        return self.taps[:, self.offset_columns[j]]

    def _columns(self, i: int) -> slice:
        return slice(i * self.n_filters, (i + 1) * self.n_filters)


def forward(
    weights: TextCNNWeights, sequences: TokenSequences, unseen: Floats | None = None
) -> NDArray[np.float64]:
    """Softmax outputs of the network.

    Parameters
    ----------
    weights : TextCNNWeights
    sequences : TokenSequences
        Token ids, those of words that training met below the length of `weights.embedding`.
    unseen : (n_unseen, d), optional
        Vectors of the ids from there on.

    Returns
    -------
    ndarray of float64, shape (n_texts, n_classes)
        Rows sum to 1.
    """
    features = np.zeros((len(sequences), len(weights.filter_bias)), np.float32)
    for rows, texts, projections in _blocks(weights, sequences, unseen):
        pooled = _pool(texts, projections, weights.filter_widths, weights.n_filters)
        features[rows] = np.maximum(pooled + weights.filter_bias, 0)  # (n, W F)
    logits = features @ weights.dense_kernel + weights.dense_bias  # (n, W F) -> (n, K)
    return _softmax(logits.astype(np.float64))


def _blocks(
    weights: TextCNNWeights, sequences: TokenSequences, unseen: Floats | None
) -> Iterator[tuple[NDArray[np.int64], NDArray[Any], list[Floats]]]:
    """Rows of texts of one length L, their words as indices (n, L), the words' projections."""
    if len(sequences) == 1 and len(sequences.ids) <= _TOKENS_PER_BLOCK:
        # Sorting a single text would take as long as all the rest.
        projections = _project(weights, sequences.ids, unseen)
        if len(sequences.ids):
            yield np.zeros(1, np.int64), np.arange(len(sequences.ids))[np.newaxis], projections
        return
    by_length = np.argsort(sequences.lengths, kind="stable")
    by_length = by_length[np.searchsorted(sequences.lengths[by_length], 1) :]  # empty texts: zeros
    for rows in _cut(by_length, sequences.lengths, _tokens_per_projection(weights)):
        texts = sequences.take(rows)
        words, local = np.unique(texts.ids, return_inverse=True)
        projections = _project(weights, words, unseen)
        changes = np.flatnonzero(np.diff(texts.lengths)) + 1
        for equal in np.split(np.arange(len(rows)), changes):
            for part in _cut(equal, texts.lengths, _TOKENS_PER_BLOCK):
                begin, end = texts.offsets[part[0]], texts.offsets[part[-1] + 1]
                yield rows[part], local[begin:end].reshape(len(part), -1), projections


def _tokens_per_projection(weights: TextCNNWeights) -> int:
    """As many as allowed where the whole vocabulary's products fit, or as surely fit."""
    words_that_fit = int(_BYTES_PER_PROJECTION // weights.taps[0].nbytes)
    if weights.n_words <= words_that_fit:
        return _TOKENS_PER_PROJECTION
    return min(_TOKENS_PER_PROJECTION, max(1, words_that_fit))


def _project(weights: TextCNNWeights, words: NDArray[Any], unseen: Floats | None) -> list[Floats]:
    """What the taps at each offset make of each word, (U,) -> (U, filters with such a tap)."""
    product = _vectors(weights.embedding, words, unseen) @ weights.taps  # (U, d) @ (d, T F)
    return [product[:, columns] for columns in weights.offset_columns]


def _vectors(embedding: Floats, words: NDArray[Any], unseen: Floats | None) -> Floats:
    """Vectors of words by their ids, (U,) -> (U, d)."""
    if unseen is None or len(unseen) == 0:
        known: Floats = embedding[words]
        return known
    vectors = np.empty((len(words), embedding.shape[1]), np.float32)
    is_seen = words < len(embedding)
    vectors[is_seen] = embedding[words[is_seen]]
    vectors[~is_seen] = unseen[words[~is_seen] - len(embedding)]
    return vectors


def _cut(
    rows: NDArray[np.int64], lengths: NDArray[np.int64], n_tokens: int
) -> list[NDArray[np.int64]]:
    """Cut `rows` where their texts add up to another `n_tokens`."""
    if len(rows) == 0:
        return []
    number = np.cumsum(lengths[rows]) // n_tokens
    return np.split(rows, np.flatnonzero(np.diff(number)) + 1)


def _pool(
    texts: NDArray[Any], projections: list[Floats], widths: tuple[int, ...], n_filters: int
) -> Floats:
    """Largest window of every filter in texts of equal length, (n, L) -> (n, W F)."""
    n, length = texts.shape
    reach = widths[0] - 1
    # Window s begins at token s - reach: windows hang over both ends.
    windows = np.zeros((n, length + reach, len(widths) * n_filters), np.float32)
    for j, projection in enumerate(projections):
        begin, columns = reach - j, projection.shape[1]
        windows[:, begin : begin + length, :columns] += projection[texts]  # (n, L, columns)
    pooled = np.empty((n, windows.shape[2]), np.float32)
    for i, width in enumerate(widths):
        columns = slice(i * n_filters, (i + 1) * n_filters)
        # Narrower filters begin later; a window that touches no word does not count.
        windows[:, reach - width + 1 :, columns].max(axis=1, out=pooled[:, columns])
    return pooled


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    softmax: NDArray[np.float64] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return softmax


def _decreasing(filter_widths: Sequence[int]) -> list[int]:
    return sorted(range(len(filter_widths)), key=lambda i: -filter_widths[i])


def _filter_order(order: Sequence[int], n_filters: int) -> NDArray[np.int64]:
    """Numbers of the filters when their widths stand in the given order."""
    return np.concatenate([np.arange(i * n_filters, (i + 1) * n_filters) for i in order])
