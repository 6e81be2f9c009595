"""The trained network in NumPy: token ids in, softmax outputs and P(class | text) out.

Texts of equal length are computed together, so nothing needs padding, and the result for a text
does not depend on the other texts. A convolution is linear in the word vectors, so each distinct
word is multiplied by the filters once, however often it occurs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float32, Float64, Int64, softmax
from skcnn._compat import one_blas_thread
from skcnn.costs._posterior import PosteriorRule
from skcnn.predicting._network_parts import (
    NETWORK_ARRAYS,
    NETWORK_HEADER,
    network_arrays,
    network_header,
    read_posterior_rule,
    read_vocabulary,
)
from skcnn.predicting._parts import (
    ExpectedArray,
    PartsError,
    check_arrays,
    check_names,
    part,
    shown,
)
from skcnn.predicting._text_cnn_weights import TextCNNWeights
from skcnn.text._long_text import Tokens, blocks_of_tokens, windows
from skcnn.text._sequences import UNKNOWN, TokenSequences
from skcnn.text._vocabulary import FIRST_WORD, encode_open

# Number of tokens whose distinct words are multiplied at once. With more tokens, fewer words are
# multiplied twice.
_TOKENS_PER_PROJECTION = 2**16
# The largest number of bytes for these products.
_BYTES_PER_PROJECTION = 2**26
# Number of tokens that are convolved at once: their windows fit into the processor's cache.
_TOKENS_PER_BLOCK = 1024

_ARRAYS = {
    "embedding": ExpectedArray(("n_seen", "d")),
    "taps_by_offset": ExpectedArray(("d", "n_taps")),
    "filter_bias": ExpectedArray(("n_features",)),
    "dense_kernel": ExpectedArray(("n_features", "n_classes")),
    "dense_bias": ExpectedArray(("n_classes",)),
    "frozen": ExpectedArray(("n_frozen", "d_frozen"), ("float16", "float32")),
    "subword_keys": ExpectedArray(("n_subwords",), ("uint32",), "ascending"),
    "subword_vectors": ExpectedArray(("n_subwords", "d")),
}
# Far above the outputs of any trained network, and far below the largest float32.
_LARGEST_OUTPUT = 1e30


Unseen: TypeAlias = Callable[[Int64], Float32]
"""From numbers of words that training did not see, (U,), to their vectors (U, d)."""


class Ends(NamedTuple):
    """Whether tokens begin and end where their text does."""

    first: bool = True
    last: bool = True


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
    reads_tokens: ClassVar[bool] = True
    vocabulary: dict[str, int]
    weights: TextCNNWeights
    posterior_rule: PosteriorRule

    def softmax(self, tokens: Sequence[Tokens]) -> Float64:
        """Return the network's outputs for n texts, (n, K).

        A word that training did not see gets its pretrained vector, its subwords, or both.
        """
        with one_blas_thread:
            return outputs(self.weights, self._pool(tokens))

    def _pool(self, tokens: Sequence[Tokens]) -> Float32:
        pooled = np.empty((len(tokens), len(self.weights.filter_bias)), np.float32)
        n_tokens = _most_tokens(self.weights)
        for rows, is_long in blocks_of_tokens(tokens, n_tokens):
            if is_long:
                pooled[rows] = self._pool_long(tokens[rows.start], n_tokens)
            else:
                sequences, unseen = self.encode(tokens[rows])  # type: ignore[arg-type]
                pooled[rows] = pool(self.weights, sequences, unseen)
        return pooled

    def encode(self, tokens: Sequence[Sequence[str]]) -> tuple[TokenSequences, Unseen]:
        """Return texts as ids, and the vectors of words that training did not see."""
        sequences, unseen = encode_open(tokens, self.vocabulary, self.weights.n_seen)
        known = (self.vocabulary.get(w, self.vocabulary.get(w.casefold(), UNKNOWN)) for w in unseen)
        ids = np.fromiter(known, np.int64, len(unseen))

        def vectors(numbers: Int64) -> Float32:
            return self.weights.unseen_vectors([unseen[i] for i in numbers.tolist()], ids[numbers])

        return sequences, vectors

    def _pool_long(self, tokens: Iterable[str], n_tokens: int) -> Float32:
        """Pool one text with `n_tokens` of its tokens at once, (W F,)."""
        pooled = np.full(len(self.weights.filter_bias), -np.inf, np.float32)
        is_first = True
        for window, is_last in windows(tokens, n_tokens, self.weights.filter_widths[0] - 1):
            sequences, unseen = self.encode([window])
            ends = Ends(is_first, is_last)
            np.maximum(pooled, pool(self.weights, sequences, unseen, ends)[0], out=pooled)
            is_first = False
        return pooled

    def predict_proba(self, texts: Sequence[str], tokens: Sequence[Tokens]) -> Float64:
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
        check_names(header, (*NETWORK_HEADER, "filter_widths"), cls.kind)
        sizes = check_arrays(arrays, _ARRAYS | NETWORK_ARRAYS, {"n_classes": n_classes}, cls.kind)
        vocabulary = read_vocabulary(header)
        widths = part(header, "filter_widths", list)
        _check_sizes(sizes, widths, len(vocabulary))
        weights = TextCNNWeights(
            **{name: arrays[name] for name in _ARRAYS}, filter_widths=tuple(widths)
        )
        _check_outputs(weights)
        return cls(vocabulary, weights, read_posterior_rule(header, arrays["loss_costs"]))


def _check_sizes(sizes: Mapping[str, int], widths: list[Any], n_vocabulary: int) -> None:
    """Raise an error if arrays do not fit together: now, and not when predicting."""
    are_integers = all(type(width) is int and width >= 1 for width in widths)
    if not widths or not are_integers or widths != sorted(widths, reverse=True):
        raise PartsError(f"filter_widths is {shown(widths)}, expected integers >= 1, decreasing")
    if sizes["d"] < max(1, sizes["d_frozen"]):
        raise PartsError(f"vectors of {sizes['d']} numbers, expected {max(1, sizes['d_frozen'])}")
    n_filters = sizes["n_features"] // len(widths)
    expected = {
        "number of features": (sizes["n_features"], max(1, n_filters) * len(widths)),
        "number of taps": (sizes["n_taps"], sum(widths) * n_filters),
        "number of words": (sizes["n_seen"] + sizes["n_frozen"], n_vocabulary + FIRST_WORD),
        "number of words that training saw": (sizes["n_seen"], max(FIRST_WORD, sizes["n_seen"])),
    }
    for name, (found, wanted) in expected.items():
        if found != wanted:
            raise PartsError(f"{name} is {found}, expected {wanted}")


def _check_outputs(weights: TextCNNWeights) -> None:
    """Raise an error if a text could make an output too large for float32, and so NaN."""

    def largest(array: NDArray[Any]) -> float:
        return float(max(array.max(initial=0), -array.min(initial=0)))

    vector = sum(map(largest, (weights.embedding, weights.frozen, weights.subword_vectors)))
    n_taps = weights.embedding.shape[1] * weights.filter_widths[0]
    feature = n_taps * vector * largest(weights.taps_by_offset) + largest(weights.filter_bias)
    output = len(weights.filter_bias) * feature * largest(weights.dense_kernel)
    if max(feature, output + largest(weights.dense_bias)) > _LARGEST_OUTPUT:
        raise PartsError("the weights of the network are too large, its outputs could overflow")


def forward(
    weights: TextCNNWeights, sequences: TokenSequences, unseen: Unseen | None = None
) -> Float64:
    """Softmax outputs of the network.

    Parameters
    ----------
    weights : TextCNNWeights
    sequences : TokenSequences
        Token ids. Ids of words that training saw are below `weights.n_seen`.
    unseen : function, optional
        The vectors of the ids from `weights.n_seen` on, which are its numbers 0, 1, ...

    Returns
    -------
    ndarray of float64, shape (n_texts, n_classes)
        Rows sum to 1.
    """
    return outputs(weights, pool(weights, sequences, unseen))


def outputs(weights: TextCNNWeights, pooled: Float32) -> Float64:
    """Softmax outputs from what `pool` returns, (n, W F) -> (n, K)."""
    features = np.maximum(pooled + weights.filter_bias, 0)
    logits = features @ weights.dense_kernel + weights.dense_bias  # (n, W F) -> (n, K)
    return softmax(logits.astype(np.float64))


def pool(
    weights: TextCNNWeights,
    sequences: TokenSequences,
    unseen: Unseen | None = None,
    ends: Ends = Ends(),  # noqa: B008
) -> Float32:
    """Take the largest window of every filter, (n, W F); minus infinity for a text without words.

    If the tokens do not end where their text does, no window begins in the last tokens, as many as
    the widest filter has beside its first one: these are the first tokens of what follows.
    """
    pooled = np.full((len(sequences), len(weights.filter_bias)), -np.inf, np.float32)
    for rows, texts, projections in _blocks(weights, sequences, unseen):
        pooled[rows] = _pool(texts, projections, weights.filter_widths, weights.n_filters, ends)
    return pooled


def _blocks(
    weights: TextCNNWeights, sequences: TokenSequences, unseen: Unseen | None
) -> Iterator[tuple[Int64, NDArray[Any], list[Float32]]]:
    """Yield rows of texts of one length L, their words as indices (n, L), and projections."""
    if len(sequences) == 1 and len(sequences.ids) <= _TOKENS_PER_BLOCK:
        # Sorting a single text would double the time it takes.
        projections = word_projections(weights, sequences.ids, unseen)
        if len(sequences.ids):
            yield np.zeros(1, np.int64), np.arange(len(sequences.ids))[np.newaxis], projections
        return
    by_length = np.argsort(sequences.lengths, kind="stable")
    by_length = by_length[np.searchsorted(sequences.lengths[by_length], 1) :]  # empty texts: none
    n_tokens = _TOKENS_PER_PROJECTION
    if len(np.unique(sequences.ids)) > _most_tokens(weights):
        n_tokens = _most_tokens(weights)
    for rows in _cut(by_length, sequences.lengths, n_tokens):
        texts = sequences.take(rows)
        words, local = np.unique(texts.ids, return_inverse=True)
        projections = word_projections(weights, words, unseen)
        changes = np.flatnonzero(np.diff(texts.lengths)) + 1
        for equal in np.split(np.arange(len(rows)), changes):
            for block in _cut(equal, texts.lengths, _TOKENS_PER_BLOCK):
                begin, end = texts.offsets[block[0]], texts.offsets[block[-1] + 1]
                yield rows[block], local[begin:end].reshape(len(block), -1), projections


def _most_tokens(weights: TextCNNWeights) -> int:
    """How many tokens to take at once, so that the products fit into memory for any words."""
    words_that_fit = int(_BYTES_PER_PROJECTION // weights.taps_by_offset[0].nbytes)
    return min(_TOKENS_PER_PROJECTION, max(1, words_that_fit))


def word_projections(
    weights: TextCNNWeights, words: NDArray[Any], unseen: Unseen | None
) -> list[Float32]:
    """Multiply each word by the taps at each offset, (U,) -> (U, filters with such a tap)."""
    product = (
        _vectors(weights.embedding, words, unseen) @ weights.taps_by_offset
    )  # (U, d) @ (d, T F)
    return [product[:, columns] for columns in weights.offset_columns]


def _vectors(embedding: Float32, words: NDArray[Any], unseen: Unseen | None) -> Float32:
    """Vectors of words by their ids, (U,) -> (U, d)."""
    is_seen = words < len(embedding)
    if unseen is None or is_seen.all():
        known: Float32 = embedding[words]
        return known
    vectors = np.empty((len(words), embedding.shape[1]), np.float32)
    vectors[is_seen] = embedding[words[is_seen]]
    vectors[~is_seen] = unseen(words[~is_seen] - len(embedding))
    return vectors


def _cut(rows: Int64, lengths: Int64, n_tokens: int) -> list[Int64]:
    """Cut `rows` where their texts add up to another `n_tokens`."""
    if len(rows) == 0:
        return []
    number = np.cumsum(lengths[rows]) // n_tokens
    return np.split(rows, np.flatnonzero(np.diff(number)) + 1)


def _pool(
    texts: NDArray[Any],
    projections: list[Float32],
    widths: tuple[int, ...],
    n_filters: int,
    ends: Ends,
) -> Float32:
    """Take the largest window of every filter in texts of equal length, (n, L) -> (n, W F)."""
    n, length = texts.shape
    reach = widths[0] - 1
    last_begin = length if ends.last else length - reach
    pooled = np.full((n, len(widths) * n_filters), -np.inf, np.float32)
    for begin in range(0, last_begin, _TOKENS_PER_BLOCK):
        end = min(begin + _TOKENS_PER_BLOCK, last_begin)  # windows begin at tokens before it
        windows = _windows(texts[:, begin : end + reach], projections, reach, pooled.shape[1])
        is_first = ends.first and begin == 0
        for i, width in enumerate(widths):
            columns = slice(i * n_filters, (i + 1) * n_filters)
            # Windows reach over both ends of a text. Narrower filters begin later there: a window
            # that touches no word does not count.
            first = reach - width + 1 if is_first else reach
            found = windows[:, first : end - begin + reach, columns].max(axis=1)
            np.maximum(pooled[:, columns], found, out=pooled[:, columns])
    return pooled


def _windows(
    texts: NDArray[Any], projections: list[Float32], reach: int, n_columns: int
) -> Float32:
    """Sum up all windows of texts of equal length; window s begins at token s - reach."""
    n, length = texts.shape
    windows = np.zeros((n, length + reach, n_columns), np.float32)
    for j, projection in enumerate(projections):
        begin, columns = reach - j, projection.shape[1]
        windows[:, begin : begin + length, :columns] += projection[texts]  # (n, L, columns)
    return windows
