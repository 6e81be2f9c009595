"""The words of an estimator's texts: ids and starting vectors for training, and what stays."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skcnn._inference import TextCNNWeights
from skcnn.text import (
    UNKNOWN,
    EmbeddingCoverage,
    SubwordVectors,
    TokenSequences,
    WordVectors,
    add_other_words,
    add_unseen_words,
    add_words_with_vectors,
    as_texts,
    at_common_scale,
    build_vocabulary,
    cooccurrence_word_vectors,
    embedding_coverage,
    encode,
    encode_open,
    explain_by_subwords,
    frequent_ngrams,
    initial_embeddings,
    ngram_means,
    resolve_word_vectors,
    side_by_side,
    tokenize_all,
    word_ngrams,
    word_parts,
)

if TYPE_CHECKING:
    from skcnn._estimator import CostSensitiveTextCNN
    from skcnn.network import TrainedTextCNN

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
    texts: list[str],
    train_rows: NDArray[np.int64],
    validation_rows: NDArray[np.int64],
    random_state: np.random.RandomState,
) -> Words:
    """Tokenize, number the words, and give them the vectors that training starts from."""
    tokens = _tokenize(estimator, texts)
    train_tokens = [tokens[row] for row in train_rows]
    vocabulary = build_vocabulary(
        train_tokens, min_count=estimator.min_count, max_vocabulary=estimator.max_vocabulary
    )
    word_vectors, coverage = _pretrained(estimator, tokens)
    dimension = estimator.embedding_dim
    if estimator.unlabeled is not None:
        learnt = _from_all_texts(estimator, train_tokens, random_state)
        word_vectors = learnt if word_vectors is None else side_by_side([word_vectors, learnt])
        dimension = 0
    if word_vectors is not None:
        # Words too rare for the vocabulary, and those of the validation texts, are known by their
        # vectors: as they will be when predicting.
        add_words_with_vectors(vocabulary, tokens, word_vectors)
    ids = add_other_words(vocabulary, tokens) if estimator.subwords else vocabulary
    train = encode(train_tokens, ids)
    embeddings = initial_embeddings(
        _known_part(train, len(vocabulary) + 2),
        vocabulary,
        word_vectors,
        embedding_dim=dimension,
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
        is_pretrained=_is_pretrained(vocabulary, word_vectors),
        embeddings=embeddings,
        word_parts=parts,
        subword_keys=keys,
        word_vectors=word_vectors,
        coverage=coverage,
    )


def _is_pretrained(
    vocabulary: dict[str, int], word_vectors: WordVectors | None
) -> NDArray[np.bool_]:
    words = list(vocabulary)
    found = np.zeros(len(words), bool) if word_vectors is None else word_vectors.rows(words)[1]
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


def encode_for(
    estimator: CostSensitiveTextCNN, texts: list[str]
) -> tuple[TokenSequences, NDArray[np.float32] | None]:
    """Texts in ids, as a fitted estimator reads them, and the vectors of words it never met."""
    vocabulary, weights = estimator.vocabulary_, estimator._weights
    sequences, unseen = encode_open(_tokenize(estimator, texts), vocabulary, weights.n_seen)
    if not unseen:
        return sequences, None
    known = (vocabulary.get(w, vocabulary.get(w.casefold(), UNKNOWN)) for w in unseen)
    ids = np.fromiter(known, np.int64, len(unseen))
    return sequences, weights.unseen_vectors(unseen, ids)


def _tokenize(estimator: CostSensitiveTextCNN, texts: list[str]) -> list[list[str]]:
    return tokenize_all(
        texts,
        estimator.tokenizer,
        lowercase=estimator.lowercase,
        max_length=estimator.max_length,
    )


def _pretrained(
    estimator: CostSensitiveTextCNN, tokens: list[list[str]]
) -> tuple[WordVectors | None, EmbeddingCoverage | None]:
    given = estimator.word_vectors
    if given is None:
        return None, None
    some = [
        resolve_word_vectors(one, lowercase=estimator.lowercase, tokenizer=estimator.tokenizer)
        for one in (given if isinstance(given, (list, tuple)) else [given])
    ]
    scaled = [at_common_scale(one) for one in some if one is not None]
    word_vectors = scaled[0] if len(scaled) == 1 else side_by_side(scaled)
    coverage = embedding_coverage(tokens, word_vectors)
    if coverage.types == 0:
        warnings.warn(
            f"None of the words of the training texts is among the {len(word_vectors)} of "
            f"word_vectors; the most frequent are {', '.join(map(repr, coverage.missing[:5]))}. "
            "Are the vectors of another language, or spelt in another way than the tokens?",
            UserWarning,
            stacklevel=6,
        )
    return word_vectors, coverage


def _from_all_texts(
    estimator: CostSensitiveTextCNN,
    train_tokens: list[list[str]],
    random_state: np.random.RandomState,
) -> WordVectors:
    """Co-occurrence vectors of the training texts and the unlabelled ones together."""
    unlabeled = _tokenize(estimator, as_texts(estimator.unlabeled))
    return cooccurrence_word_vectors(
        [*train_tokens, *unlabeled],
        estimator.embedding_dim,
        min_count=estimator.min_count,
        max_vocabulary=estimator.max_vocabulary,
        random_state=random_state,
    )
