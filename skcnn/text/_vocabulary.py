"""From words to ids: the vocabulary, and texts as ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, compress, count, repeat
from typing import Final

import numpy as np

from skcnn.text._pretrained import WordVectors
from skcnn.text._sequences import UNKNOWN, TokenSequences

FIRST_WORD: Final = UNKNOWN + 1
"""The id of the first word of a vocabulary. The ids below it are padding and the unknown word."""


def build_vocabulary(
    tokens: Iterable[Sequence[str]], *, min_count: int = 1, max_vocabulary: int | None = None
) -> dict[str, int]:
    """Give an id to each word of tokenized texts.

    Parameters
    ----------
    tokens : iterable of sequences of str
        The tokens of each text.
    min_count : int, default=1
        Words that occur less often get no id.
    max_vocabulary : int or None, default=None
        Largest number of words that get an id. The most frequent ones do. None means no limit.

    Returns
    -------
    dict of str to int
        Words and their ids, from `FIRST_WORD` on without gaps. The most frequent word comes first,
        and words of equal frequency are in alphabetical order. So the order of the texts does not
        matter.

    Examples
    --------
    >>> build_vocabulary([["win", "cash"], ["win", "again"]])
    {'win': 2, 'again': 3, 'cash': 4}
    >>> build_vocabulary([["win", "cash"], ["win", "again"]], min_count=2)
    {'win': 2}
    """
    counts = Counter(chain.from_iterable(tokens))
    frequent = [word for word, n_times in counts.items() if n_times >= min_count]
    frequent.sort(key=lambda word: (-counts[word], word))
    return _extended({}, frequent[:max_vocabulary])


def encode(tokens: Sequence[Sequence[str]], vocabulary: Mapping[str, int]) -> TokenSequences:
    """Return tokenized texts as ids.

    Parameters
    ----------
    tokens : sequence of sequences of str
        The tokens of each text. A text may have none.
    vocabulary : mapping of str to int
        As `build_vocabulary` returns it. Every other word gets the id `UNKNOWN`.

    Returns
    -------
    TokenSequences
        One sequence per text, in the same order.

    Examples
    --------
    >>> encode([["win", "cash"], ["cash", "prize"]], {"win": 2, "cash": 3}).to_padded()
    array([[2, 3],
           [3, 1]], dtype=int32)
    """
    lengths = np.fromiter(map(len, tokens), dtype=np.int64, count=len(tokens))
    offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
    looked_up = map(vocabulary.get, chain.from_iterable(tokens), repeat(UNKNOWN))
    ids = np.fromiter(looked_up, dtype=np.int32, count=int(offsets[-1]))
    return TokenSequences(ids, offsets)


def encode_open(
    tokens: Sequence[Sequence[str]],
    vocabulary: Mapping[str, int],
    n_seen: int,
) -> tuple[TokenSequences, list[str]]:
    """Return tokenized texts as ids, with new ids for the words that training did not see.

    Parameters
    ----------
    tokens : sequence of sequences of str
        The tokens of each text.
    vocabulary : mapping of str to int
        As `build_vocabulary` returns it.
    n_seen : int
        Number of ids that training saw. Words with an id below it keep their id.

    Returns
    -------
    sequences : TokenSequences
        The texts. The id `n_seen + i` stands for `unseen[i]`.
    unseen : list of str
        All other words of the texts, each once, in the order of the texts.
    """
    sequences = encode(tokens, vocabulary)
    ids = sequences.ids
    is_unseen = (ids == UNKNOWN) | (ids >= n_seen)
    if not is_unseen.any():
        return sequences, []
    unseen: dict[str, int] = {}
    ids[is_unseen] = [
        unseen.setdefault(word, n_seen + len(unseen))
        for word in compress(chain.from_iterable(tokens), is_unseen)
    ]
    return sequences, list(unseen)


def add_text_words(
    vocabulary: Mapping[str, int], tokens: Iterable[Sequence[str]]
) -> dict[str, int]:
    """Return a larger vocabulary: with every word of some tokenized texts.

    Parameters
    ----------
    vocabulary : mapping of str to int
        Words and their ids, from `FIRST_WORD` on without gaps. It is not changed.
    tokens : iterable of sequences of str
        The tokens of each text.

    Returns
    -------
    dict of str to int
        The words of `vocabulary` with their ids, then the new words with the next ids.

    Examples
    --------
    >>> add_text_words({"win": 2}, [["win", "cash"], ["now"]])
    {'win': 2, 'cash': 3, 'now': 4}
    """
    return _extended(vocabulary, chain.from_iterable(tokens))


def add_text_words_with_vectors(
    vocabulary: Mapping[str, int], tokens: Iterable[Sequence[str]], word_vectors: WordVectors
) -> dict[str, int]:
    """Return a larger vocabulary: with those words of some tokenized texts that have a vector.

    Parameters
    ----------
    vocabulary, tokens
        As for `add_text_words`.
    word_vectors : WordVectors
        The vectors. A word that has none is left out.

    Returns
    -------
    dict of str to int
        As from `add_text_words`.

    Examples
    --------
    >>> vectors = WordVectors({"now": 0, "prize": 1}, np.ones((2, 3), np.float32))
    >>> add_text_words_with_vectors({"win": 2}, [["win", "cash"], ["now"]], vectors)
    {'win': 2, 'now': 3}
    """
    words = dict.fromkeys(chain.from_iterable(tokens))
    return _extended(vocabulary, (word for word in words if word_vectors.place(word) >= 0))


def add_all_words_with_vectors(
    vocabulary: Mapping[str, int], word_vectors: WordVectors
) -> dict[str, int]:
    """Return a larger vocabulary: with every word that has a vector, in a text or not.

    Parameters
    ----------
    vocabulary
        As for `add_text_words`.
    word_vectors : WordVectors
        The vectors.

    Returns
    -------
    dict of str to int
        As from `add_text_words`.

    Examples
    --------
    >>> vectors = WordVectors({"now": 0, "prize": 1}, np.ones((2, 3), np.float32))
    >>> add_all_words_with_vectors({"win": 2}, vectors)
    {'win': 2, 'now': 3, 'prize': 4}
    """
    return _extended(vocabulary, word_vectors.index)


def _extended(vocabulary: Mapping[str, int], words: Iterable[str]) -> dict[str, int]:
    """Return the vocabulary with the next ids for those words that have none."""
    new = dict.fromkeys(word for word in words if word not in vocabulary)
    ids = zip(new, count(len(vocabulary) + FIRST_WORD), strict=False)  # `count` never ends
    return {**vocabulary, **dict(ids)}
