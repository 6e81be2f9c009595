"""The words of an estimator's texts: ids and starting vectors for training, and what stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skcnn._given_vectors import given_vectors
from skcnn._inference import TextCNNWeights, forward
from skcnn.text import (
    UNKNOWN,
    EmbeddingCoverage,
    SubwordVectors,
    TokenSequences,
    WordVectors,
    add_other_words,
    add_unseen_words,
    add_words_with_vectors,
    build_vocabulary,
    encode,
    encode_open,
    explain_by_subwords,
    frequent_ngrams,
    initial_embeddings,
    ngram_means,
    word_ngrams,
    word_parts,
)

if TYPE_CHECKING:
    from skcnn._estimator import CostSensitiveTextCNN
    from skcnn.network._fit import TrainedTextCNN

# Rarer n-grams say hardly more than the words they are in, and cost time and room.
_MIN_WORDS_OF_NGRAM = 5


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """Texts in ids, and where their words' vectors start.

    Attributes
    ----------
    vocabulary : words that get a row of their own in training, and their ids
    train, validation : the texts; ids beyond the vocabulary are of words made of subwords alone
    is_pretrained : (len(vocabulary) + 2,), which ids have a pretrained vector
    embeddings : (n_rows, d); rows of padding, the unknown word, the vocabulary, the subwords
    word_parts : rows that each id is made of; None: its own
    subword_keys : (n_subwords,), see `skcnn.text.SubwordVectors`
    word_vectors : vectors that unseen words may have
    coverage : of the texts by the pretrained vectors
    """

    vocabulary: dict[str, int]
    train: TokenSequences
    validation: TokenSequences | None
    is_pretrained: NDArray[np.bool_]
    embeddings: NDArray[np.float32]
    word_parts: TokenSequences | None
    subword_keys: NDArray[np.uint32]
    word_vectors: WordVectors | None
    coverage: EmbeddingCoverage | None

    def served(self, trained: TrainedTextCNN) -> tuple[dict[str, int], TextCNNWeights]:
        """What predicting needs: known words' vectors in one piece, and those of unseen ones."""
        embedding, vectors = np.split(trained.embedding, [len(self.vocabulary) + 2])
        subwords = SubwordVectors(self.subword_keys, vectors)
        if len(self.subword_keys):
            embedding[2:] += subwords.means(list(self.vocabulary))
        vocabulary, frozen = self.vocabulary, None
        if self.word_vectors is not None:
            vocabulary, frozen = add_unseen_words(vocabulary, self.word_vectors)
        weights = TextCNNWeights.from_layers(
            embedding,
            trained.kernels,
            trained.filter_bias,
            trained.dense_kernel,
            trained.dense_bias,
            frozen,
            subwords,
        )
        return vocabulary, weights


def prepare_words(
    estimator: CostSensitiveTextCNN,
    tokens: list[list[str]],
    train_rows: NDArray[np.int64],
    validation_rows: NDArray[np.int64],
    random_state: np.random.RandomState,
) -> Words:
    """Number the words of texts in tokens, and give them the vectors that training starts from."""
    train_tokens = [tokens[row] for row in train_rows]
    vocabulary = build_vocabulary(
        train_tokens, min_count=estimator.min_count, max_vocabulary=estimator.max_vocabulary
    )
    given = given_vectors(estimator, tokens, train_tokens, random_state)
    if given.all is not None:
        # Words too rare for the vocabulary, and those of the validation texts, are known by their
        # vectors: as they will be when predicting.
        add_words_with_vectors(vocabulary, tokens, given.all)
    ids = add_other_words(vocabulary, tokens) if estimator.subwords else vocabulary
    train = encode(train_tokens, ids)
    embeddings = initial_embeddings(
        _known_part(train, len(vocabulary) + 2),
        vocabulary,
        given.all,
        embedding_dim=given.dimensions_to_learn,
        embedding_init=estimator.embedding_init,
        random_state=random_state,
    )
    parts, keys = None, np.empty(0, np.uint32)
    if estimator.subwords:
        keys = frequent_ngrams(list(vocabulary), _MIN_WORDS_OF_NGRAM)
        parts = word_parts(list(ids), len(embeddings), keys)
        embeddings = _shared_out(embeddings, list(vocabulary), keys)
    validation = None
    if len(validation_rows):
        validation_tokens = [tokens[row] for row in validation_rows]
        validation = encode(validation_tokens, ids)
    return Words(
        vocabulary=vocabulary,
        train=train,
        validation=validation,
        is_pretrained=_is_pretrained(vocabulary, given.pretrained),
        embeddings=embeddings,
        word_parts=parts,
        subword_keys=keys,
        word_vectors=given.all,
        coverage=given.coverage,
    )


def _is_pretrained(vocabulary: dict[str, int], pretrained: WordVectors | None) -> NDArray[np.bool_]:
    words = list(vocabulary)
    found = np.zeros(len(words), bool) if pretrained is None else pretrained.rows(words)[1]
    return np.concatenate([[False, False], found])


def _known_part(sequences: TokenSequences, n_known: int) -> TokenSequences:
    """Texts in which all ids from `n_known` on are the unknown word."""
    ids = np.where(sequences.ids < n_known, sequences.ids, np.int32(UNKNOWN))
    return TokenSequences(ids, sequences.offsets)


def _shared_out(
    embeddings: NDArray[np.float32], words: list[str], keys: NDArray[np.uint32]
) -> NDArray[np.float32]:
    """Give the subwords what they explain of the words' vectors, and leave these the rest."""
    ngrams = word_ngrams(words, keys)
    vectors = explain_by_subwords(embeddings[2:], ngrams, len(keys))
    rest = embeddings.copy()
    rest[2:] -= ngram_means(vectors, ngrams)
    return np.concatenate([rest, vectors])


def outputs(
    tokens: list[list[str]], vocabulary: dict[str, int], weights: TextCNNWeights
) -> NDArray[np.float64]:
    """What a trained network says of texts in tokens, words that it never met among them."""
    sequences, unseen = encode_open(tokens, vocabulary, weights.n_seen)
    if not unseen:
        return forward(weights, sequences)
    known = (vocabulary.get(w, vocabulary.get(w.casefold(), UNKNOWN)) for w in unseen)
    ids = np.fromiter(known, np.int64, len(unseen))
    return forward(weights, sequences, weights.unseen_vectors(unseen, ids))
