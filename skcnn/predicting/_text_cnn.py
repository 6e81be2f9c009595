"""The trained network in NumPy: token ids in, softmax outputs and P(class | text) out.

Texts of equal length are computed together, so nothing needs padding, and the result for a text
does not depend on the other texts. A convolution is linear in the word vectors, so each distinct
word is multiplied by the filters once, however often it occurs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float32, Float64, Int64, softmax
from skcnn.costs._posterior import PosteriorRule
from skcnn.predicting._members import PartsError, check_numbers, check_shapes, part
from skcnn.predicting._network_parts import (
    network_arrays,
    network_header,
    read_posterior_rule,
    read_vocabulary,
)
from skcnn.text._sequences import UNKNOWN, TokenSequences
from skcnn.text._subwords import SubwordVectors
from skcnn.text._vocabulary import FIRST_WORD, encode_open

# Number of tokens whose distinct words are multiplied at once. With more tokens, fewer words are
# multiplied twice.
_TOKENS_PER_PROJECTION = 2**18
# The largest number of bytes for these products.
_BYTES_PER_PROJECTION = 2**27
# Number of tokens that are convolved at once: their windows fit into the processor's cache.
_TOKENS_PER_BLOCK = 1024

_VECTORS = ("filter_bias", "dense_bias", "subword_keys")
_ARRAYS = (
    *_VECTORS,
    "embedding",
    "taps_by_offset",
    "dense_kernel",
    "frozen",
    "subword_vectors",
)


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


@dataclass(frozen=True, slots=True, eq=False)
class FittedTextCNN:
    """A trained network as a member: tokens in, P(class | text) out.

    Attributes
    ----------
    vocabulary : ids of the words that training saw, then of pretrained words that it did not see
    weights : TextCNNWeights
    posterior_rule : from softmax outputs to P(class | text)
    """

    kind: ClassVar[str] = "text_cnn"
    vocabulary: dict[str, int]
    weights: TextCNNWeights
    posterior_rule: PosteriorRule

    def softmax(self, tokens: Sequence[Sequence[str]]) -> Float64:
        """Return the network's outputs for n texts, (n, K).

        A word that training did not see gets its pretrained vector, its subwords, or both.
        """
        return forward(self.weights, *self.encode(tokens))

    def encode(self, tokens: Sequence[Sequence[str]]) -> tuple[TokenSequences, Float32 | None]:
        """Return n texts as ids, and vectors of the words that training did not see.

        Their ids are those from `weights.n_seen` on.
        """
        sequences, unseen = encode_open(tokens, self.vocabulary, self.weights.n_seen)
        if not unseen:
            return sequences, None
        known = (self.vocabulary.get(w, self.vocabulary.get(w.casefold(), UNKNOWN)) for w in unseen)
        ids = np.fromiter(known, np.int64, len(unseen))
        return sequences, self.weights.unseen_vectors(unseen, ids)

    def predict_proba(self, texts: Sequence[str], tokens: Sequence[Sequence[str]]) -> Float64:
        """Estimate P(class | text) for n texts, (n, K)."""
        return self.posterior_rule(self.softmax(tokens))

    def with_cached_words(self, words: Sequence[str]) -> FittedTextCNN:
        """Return the same network: its vectors of seen words are complete already."""
        return self

    @property
    def seen_words(self) -> list[str]:
        """Words that training saw."""
        return list(self.vocabulary)[: self.weights.n_seen - FIRST_WORD]

    def without_unseen_words(self) -> FittedTextCNN:
        """Return the same network without the pretrained vectors of words it did not see."""
        weights = replace(self.weights, frozen=self.weights.frozen[:0])
        vocabulary = {word: self.vocabulary[word] for word in self.seen_words}
        return replace(self, vocabulary=vocabulary, weights=weights)

    def header(self) -> dict[str, Any]:
        """Return what a model file keeps as JSON."""
        own = {"filter_widths": list(self.weights.filter_widths)}
        return network_header(self.vocabulary, self.posterior_rule) | own

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what a model file keeps as arrays."""
        weights = {name: getattr(self.weights, name) for name in _ARRAYS}
        return weights | network_arrays(self.posterior_rule)

    @classmethod
    def from_parts(
        cls, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], n_classes: int
    ) -> FittedTextCNN:
        """Build the network from the parts of a model file, see `Member`."""
        vocabulary = read_vocabulary(header)
        widths = part(header, "filter_widths", list)
        if not _are_widths(widths):
            raise PartsError(f"filter_widths is {widths}, expected integers >= 1, decreasing")
        weights = TextCNNWeights(
            **{name: part(arrays, name) for name in _ARRAYS}, filter_widths=tuple(widths)
        )
        _check_weights(weights, n_classes, len(vocabulary))
        return cls(vocabulary, weights, read_posterior_rule(header, arrays, n_classes))


def _are_widths(widths: list[Any]) -> bool:
    are_integers = all(type(width) is int and width >= 1 for width in widths)
    return bool(widths) and are_integers and widths == sorted(widths, reverse=True)


def _check_weights(weights: TextCNNWeights, n_classes: int, n_vocabulary: int) -> None:
    """Raise an error if arrays do not fit together: now, and not when predicting."""
    arrays = {name: getattr(weights, name) for name in _ARRAYS}
    expected = {name: 1 if name in _VECTORS else 2 for name in _ARRAYS}
    check_shapes({f"ndim of {n}": (arrays[n].ndim, expected[n]) for n in _ARRAYS})
    check_numbers(arrays, {"subword_keys": "u"})
    d, n_features = weights.embedding.shape[1], len(weights.filter_bias)
    n_taps = sum(weights.filter_widths) * weights.n_filters
    shapes: dict[str, tuple[Any, Any]] = {
        "taps_by_offset": (weights.taps_by_offset.shape, (d, n_taps)),
        "dense_kernel": (weights.dense_kernel.shape, (n_features, n_classes)),
        "dense_bias": (weights.dense_bias.shape, (n_classes,)),
        "subword_vectors": (weights.subword_vectors.shape, (len(weights.subword_keys), d)),
        "dimension of frozen": (max(weights.frozen.shape[1], d), d),
        "number of words": (weights.n_ids, n_vocabulary + FIRST_WORD),
    }
    check_shapes(shapes)


def forward(
    weights: TextCNNWeights, sequences: TokenSequences, unseen: Float32 | None = None
) -> Float64:
    """Softmax outputs of the network.

    Parameters
    ----------
    weights : TextCNNWeights
    sequences : TokenSequences
        Token ids. Ids of words that training saw are below `weights.n_seen`.
    unseen : (n_unseen, d), optional
        Vectors of the ids from `weights.n_seen` on.

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
    return softmax(logits.astype(np.float64))


def _blocks(
    weights: TextCNNWeights, sequences: TokenSequences, unseen: Float32 | None
) -> Iterator[tuple[Int64, NDArray[Any], list[Float32]]]:
    """Yield rows of texts of one length L, their words as indices (n, L), and projections."""
    if len(sequences) == 1 and len(sequences.ids) <= _TOKENS_PER_BLOCK:
        # Sorting a single text would double the time it takes.
        projections = word_projections(weights, sequences.ids, unseen)
        if len(sequences.ids):
            yield np.zeros(1, np.int64), np.arange(len(sequences.ids))[np.newaxis], projections
        return
    by_length = np.argsort(sequences.lengths, kind="stable")
    by_length = by_length[np.searchsorted(sequences.lengths[by_length], 1) :]  # empty texts: zeros
    for rows in _cut(by_length, sequences.lengths, _tokens_per_projection(weights)):
        texts = sequences.take(rows)
        words, local = np.unique(texts.ids, return_inverse=True)
        projections = word_projections(weights, words, unseen)
        changes = np.flatnonzero(np.diff(texts.lengths)) + 1
        for equal in np.split(np.arange(len(rows)), changes):
            for block in _cut(equal, texts.lengths, _TOKENS_PER_BLOCK):
                begin, end = texts.offsets[block[0]], texts.offsets[block[-1] + 1]
                yield rows[block], local[begin:end].reshape(len(block), -1), projections


def _tokens_per_projection(weights: TextCNNWeights) -> int:
    """How many tokens to take at once, so that the products fit into memory."""
    words_that_fit = int(_BYTES_PER_PROJECTION // weights.taps_by_offset[0].nbytes)
    if weights.n_ids <= words_that_fit:
        return _TOKENS_PER_PROJECTION
    return min(_TOKENS_PER_PROJECTION, max(1, words_that_fit))


def word_projections(
    weights: TextCNNWeights, words: NDArray[Any], unseen: Float32 | None
) -> list[Float32]:
    """Multiply each word by the taps at each offset, (U,) -> (U, filters with such a tap)."""
    product = (
        _vectors(weights.embedding, words, unseen) @ weights.taps_by_offset
    )  # (U, d) @ (d, T F)
    return [product[:, columns] for columns in weights.offset_columns]


def _vectors(embedding: Float32, words: NDArray[Any], unseen: Float32 | None) -> Float32:
    """Vectors of words by their ids, (U,) -> (U, d)."""
    if unseen is None or len(unseen) == 0:
        known: Float32 = embedding[words]
        return known
    vectors = np.empty((len(words), embedding.shape[1]), np.float32)
    is_seen = words < len(embedding)
    vectors[is_seen] = embedding[words[is_seen]]
    vectors[~is_seen] = unseen[words[~is_seen] - len(embedding)]
    return vectors


def _cut(rows: Int64, lengths: Int64, n_tokens: int) -> list[Int64]:
    """Cut `rows` where their texts add up to another `n_tokens`."""
    if len(rows) == 0:
        return []
    number = np.cumsum(lengths[rows]) // n_tokens
    return np.split(rows, np.flatnonzero(np.diff(number)) + 1)


def _pool(
    texts: NDArray[Any], projections: list[Float32], widths: tuple[int, ...], n_filters: int
) -> Float32:
    """Take the largest window of every filter in texts of equal length, (n, L) -> (n, W F)."""
    n, length = texts.shape
    reach = widths[0] - 1
    # Window s begins at token s - reach: windows reach over both ends of a text.
    windows = np.zeros((n, length + reach, len(widths) * n_filters), np.float32)
    for j, projection in enumerate(projections):
        begin, columns = reach - j, projection.shape[1]
        windows[:, begin : begin + length, :columns] += projection[texts]  # (n, L, columns)
    pooled = np.empty((n, windows.shape[2]), np.float32)
    for i, width in enumerate(widths):
        columns = slice(i * n_filters, (i + 1) * n_filters)
        # Narrower filters begin later. A window that touches no word does not count.
        windows[:, reach - width + 1 :, columns].max(axis=1, out=pooled[:, columns])
    return pooled


def _decreasing(filter_widths: Sequence[int]) -> list[int]:
    return sorted(range(len(filter_widths)), key=lambda i: -filter_widths[i])


def _filter_order(order: Sequence[int], n_filters: int) -> Int64:
    """Numbers of the filters when their widths are in the given order."""
    return np.concatenate([np.arange(i * n_filters, (i + 1) * n_filters) for i in order])
