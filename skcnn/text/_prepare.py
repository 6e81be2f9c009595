"""Training texts as token ids, and the vectors that their words start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float32, Int64
from skcnn._settings import TextSettings
from skcnn.text._coverage import EmbeddingCoverage
from skcnn.text._pretrained import WordVectors
from skcnn.text._sequences import UNKNOWN, TokenSequences
from skcnn.text._start_vectors import given_vectors, initial_embeddings
from skcnn.text._subwords import (
    SubwordVectors,
    explain_by_subwords,
    frequent_ngrams,
    ngram_means,
    word_ngrams,
    word_parts,
)
from skcnn.text._vocabulary import (
    FIRST_WORD,
    add_text_words,
    add_text_words_with_vectors,
    build_vocabulary,
    encode,
)

# Rarer n-grams add little to the words that contain them, and take time and memory.
_MIN_WORDS_OF_NGRAM = 5


@dataclass(frozen=True, slots=True, eq=False)
class PreparedTexts:
    """Texts as token ids, and the vectors that training starts from.

    Attributes
    ----------
    vocabulary : words that get a row of their own in training, and their ids
    train, held_out : the texts; ids beyond the vocabulary belong to words that consist of subwords
        alone; `held_out` is None where no text is held out
    is_pretrained : (len(vocabulary) + FIRST_WORD,), which ids have a pretrained vector
    embeddings : (n_rows, d); rows of padding, the unknown word, the vocabulary, the subwords
    word_parts : rows that make up each id; None: its own row alone
    subword_keys : (n_subwords,), see `SubwordVectors`
    word_vectors : pretrained vectors and vectors learned from unlabeled texts, also of words that
        training does not see; None without such vectors
    coverage : of the texts by the pretrained vectors, or None
    """

    vocabulary: dict[str, int]
    train: TokenSequences
    held_out: TokenSequences | None
    is_pretrained: NDArray[np.bool_]
    embeddings: Float32
    word_parts: TokenSequences | None
    subword_keys: NDArray[np.uint32]
    word_vectors: WordVectors | None
    coverage: EmbeddingCoverage | None

    def known_vectors(self) -> Float32:
        """Return one vector for each known id: its row plus the mean of its subwords' rows.

        An array of shape (len(vocabulary) + FIRST_WORD, d).
        """
        return join_subwords(self.embeddings, self.vocabulary, self.subword_keys)[0]


def prepare_texts(
    tokens: list[list[str]],
    train_rows: Int64,
    held_out_rows: Int64,
    settings: TextSettings,
    unlabeled: Sequence[str] | None,
    random_state: np.random.RandomState,
    min_words_of_ngram: int | None = None,
) -> PreparedTexts:
    """Give each word of tokenized texts an id and the vector that training starts from.

    Parameters
    ----------
    tokens : the tokens of n texts
    train_rows, held_out_rows : positions of the texts to train on, and of those held out
    settings : TextSettings
    unlabeled : more texts of the same kind, to learn vectors from, or None
    random_state : RandomState
    min_words_of_ngram : an n-gram of characters that fewer words have gets no row; None: 5
    """
    train_tokens = [tokens[row] for row in train_rows]
    vocabulary = build_vocabulary(
        train_tokens, min_count=settings.min_count, max_vocabulary=settings.max_vocabulary
    )
    given = given_vectors(settings, tokens, train_tokens, unlabeled, random_state)
    if given.all is not None:
        # Words too rare for the vocabulary, and words of the held-out texts, are known by their
        # vectors, as new words are when predicting.
        vocabulary = add_text_words_with_vectors(vocabulary, tokens, given.all)
    ids = add_text_words(vocabulary, tokens) if settings.subwords else vocabulary
    train = encode(train_tokens, ids)
    embeddings = initial_embeddings(
        known_part(train, len(vocabulary) + FIRST_WORD),
        vocabulary,
        given.all,
        embedding_dim=given.dimensions_to_learn,
        embedding_init=settings.embedding_init,
        random_state=random_state,
    )
    parts, keys = None, np.empty(0, np.uint32)
    if settings.subwords:
        keys = frequent_ngrams(list(vocabulary), min_words_of_ngram or _MIN_WORDS_OF_NGRAM)
        parts = word_parts(list(ids), len(embeddings), keys)
        embeddings = split_into_subwords(embeddings, list(vocabulary), keys)
    held_out = None
    if len(held_out_rows):
        held_out = encode([tokens[row] for row in held_out_rows], ids)
    return PreparedTexts(
        vocabulary=vocabulary,
        train=train,
        held_out=held_out,
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
    return np.concatenate([np.zeros(FIRST_WORD, bool), found])


def known_part(sequences: TokenSequences, n_known: int) -> TokenSequences:
    """Return texts in which all ids from `n_known` on are the unknown word."""
    ids = np.where(sequences.ids < n_known, sequences.ids, np.int32(UNKNOWN))
    return TokenSequences(ids, sequences.offsets)


def join_subwords(
    rows: Float32, vocabulary: dict[str, int], keys: NDArray[np.uint32]
) -> tuple[Float32, SubwordVectors]:
    """Add the mean of its subwords' rows to the row of each word; the opposite of splitting.

    Parameters
    ----------
    rows : (n_vocabulary + FIRST_WORD + n_subwords, d)
    vocabulary : n_vocabulary words and their ids
    keys : (n_subwords,) hashes of the subwords

    Returns
    -------
    vectors (n_vocabulary + FIRST_WORD, d), and the vectors of the subwords
    """
    vectors, of_subwords = np.split(rows, [len(vocabulary) + FIRST_WORD])
    subwords = SubwordVectors(keys, of_subwords)
    vectors = vectors.copy()
    if len(keys):
        vectors[FIRST_WORD:] += subwords.means(list(vocabulary))
    return vectors, subwords


def split_into_subwords(embeddings: Float32, words: list[str], keys: NDArray[np.uint32]) -> Float32:
    """Give the subwords the part of the word vectors that they explain, the words the rest.

    Parameters
    ----------
    embeddings : (n_vocabulary + FIRST_WORD, d)
    words : (n_vocabulary,)
    keys : (n_subwords,) hashes of the subwords

    Returns
    -------
    ndarray of float32, shape (n_vocabulary + FIRST_WORD + n_subwords, d)
    """
    ngrams = word_ngrams(words, keys)
    vectors = explain_by_subwords(embeddings[FIRST_WORD:], ngrams, len(keys))
    rest = embeddings.copy()
    rest[FIRST_WORD:] -= ngram_means(vectors, ngrams)
    return np.concatenate([rest, vectors])
