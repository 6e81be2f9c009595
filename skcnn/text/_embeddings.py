"""Where the network's word vectors start from."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnn.text._cooccurrence import cooccurrence_vectors
from skcnn.text._sequences import TokenSequences
from skcnn.text._vocabulary import FIRST_WORD, build_vocabulary, encode
from skcnn.text._word_vectors import WordVectors

_UNIFORM_LIMIT = 0.25  # Kim (2014): about the standard deviation of trained word vectors


def initial_embeddings(
    sequences: TokenSequences,
    vocabulary: Mapping[str, int],
    word_vectors: WordVectors | None,
    *,
    embedding_dim: int,
    embedding_init: str,
    random_state: np.random.RandomState,
) -> NDArray[np.float32]:
    """Return the vectors that training starts from, pretrained ones first.

    Parameters
    ----------
    sequences : TokenSequences
        The training texts.
    vocabulary : mapping of str to int
        Their words, ids without gaps from 2 on.
    word_vectors : WordVectors or None
        Pretrained vectors; they stand beside those from the texts, as channels do.
    embedding_dim : int
        Dimensions from the texts; 0 leaves the pretrained vectors alone.
    embedding_init : {"cooccurrence", "uniform"}
        How these begin.
    random_state : RandomState

    Returns
    -------
    ndarray of float32, shape (n_words, pretrained dimension + embedding_dim)
        Rows of padding and of the unknown word are zero.
    """
    n_words = len(vocabulary) + FIRST_WORD
    parts = []
    if word_vectors is not None:
        pretrained = np.zeros((n_words, word_vectors.dimension), np.float32)
        pretrained[FIRST_WORD:] = word_vectors.rows(list(vocabulary))[0]
        parts.append(pretrained)
    if embedding_init == "cooccurrence" and embedding_dim > 0:
        parts.append(
            cooccurrence_vectors(sequences, n_words, embedding_dim, random_state=random_state)
        )
    elif embedding_dim > 0:
        uniform = random_state.uniform(-_UNIFORM_LIMIT, _UNIFORM_LIMIT, (n_words, embedding_dim))
        uniform[:FIRST_WORD] = 0
        parts.append(uniform.astype(np.float32))
    return np.concatenate(parts, axis=1)  # (V, d_pretrained), (V, d_texts) -> (V, d)


def add_words_with_vectors(
    vocabulary: dict[str, int], tokens: Iterable[Sequence[str]], word_vectors: WordVectors
) -> None:
    """Add, in place, the words of some texts that are not known yet and have a pretrained vector.

    Parameters
    ----------
    vocabulary : dict of str to int
        Ids without gaps from 2 on; the new ones count on from there.
    tokens : iterable of sequences of str
        The tokens of each text.
    word_vectors : WordVectors
        The pretrained vectors.
    """
    for word in itertools.chain.from_iterable(tokens):
        if word not in vocabulary and word_vectors.place(word) >= 0:
            vocabulary[word] = len(vocabulary) + FIRST_WORD


def add_unseen_words(
    vocabulary: Mapping[str, int], word_vectors: WordVectors
) -> tuple[dict[str, int], NDArray[np.floating[Any]]]:
    """Make the words known that have a pretrained vector and were not in the training texts.

    Parameters
    ----------
    vocabulary : mapping of str to int
        The words of the training texts, ids without gaps from 2 on.
    word_vectors : WordVectors
        The pretrained vectors.

    Returns
    -------
    vocabulary : dict of str to int
        The words of the training texts with their ids; the others count on from there.
    vectors : ndarray of float32, shape (n_unseen, pretrained dimension)
    """
    unseen = [word for word in word_vectors.index if word not in vocabulary]
    ids = dict(zip(unseen, itertools.count(len(vocabulary) + FIRST_WORD), strict=False))
    return {**vocabulary, **ids}, word_vectors.rows(unseen)[0]


def cooccurrence_word_vectors(
    tokens: Sequence[Sequence[str]],
    n_components: int,
    *,
    window: int = 4,
    power: float = 0.75,
    min_count: int = 1,
    max_vocabulary: int | None = None,
    random_state: np.random.RandomState,
) -> WordVectors:
    """Return the vectors of the words of tokenized texts, see `cooccurrence_vectors`."""
    vocabulary = build_vocabulary(tokens, min_count=min_count, max_vocabulary=max_vocabulary)
    vectors = cooccurrence_vectors(
        encode(tokens, vocabulary),
        len(vocabulary) + FIRST_WORD,
        n_components,
        window=window,
        power=power,
        random_state=random_state,
    )
    return WordVectors({word: row for row, word in enumerate(vocabulary)}, vectors[FIRST_WORD:])
