"""Words and their ids: which words are known, and texts written in ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, compress, repeat

import numpy as np

from skcnn.text._sequences import UNKNOWN, TokenSequences

FIRST_WORD = UNKNOWN + 1


def build_vocabulary(
    tokens: Iterable[Sequence[str]], *, min_count: int = 1, max_vocabulary: int | None = None
) -> dict[str, int]:
    """Return the words of tokenized texts with their ids.

    Parameters
    ----------
    tokens : iterable of sequences of str
        The tokens of each text.
    min_count : int, default=1
        Words that are seen less often get no id.
    max_vocabulary : int or None, default=None
        At most that many words, the most frequent ones; None means no limit.

    Returns
    -------
    dict of str to int
        Ids count from 2 on (0 is padding, 1 is the unknown word), by decreasing frequency, equally
        frequent words in alphabetical order: the order of the texts does not matter.

    Examples
    --------
    >>> build_vocabulary([["win", "cash"], ["win", "again"]])
    {'win': 2, 'again': 3, 'cash': 4}
    >>> build_vocabulary([["win", "cash"], ["win", "again"]], min_count=2)
    {'win': 2}
    """
    counts = Counter(chain.from_iterable(tokens))
    frequent = [word for word, count in counts.items() if count >= min_count]
    frequent.sort(key=lambda word: (-counts[word], word))
    return {word: number for number, word in enumerate(frequent[:max_vocabulary], FIRST_WORD)}


def encode(tokens: Sequence[Sequence[str]], vocabulary: Mapping[str, int]) -> TokenSequences:
    """Return tokenized texts as ids.

    Parameters
    ----------
    tokens : sequence of sequences of str
        The tokens of each text; a text may have none.
    vocabulary : mapping of str to int
        As `build_vocabulary` returns it; every other word gets the id of the unknown word, 1.

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


def add_other_words(
    vocabulary: Mapping[str, int], tokens: Iterable[Sequence[str]]
) -> dict[str, int]:
    """Return the vocabulary with ids, counting on, for all other words of some texts as well."""
    ids = dict(vocabulary)
    for word in chain.from_iterable(tokens):
        if word not in ids:
            ids[word] = len(ids) + FIRST_WORD
    return ids


def encode_open(
    tokens: Sequence[Sequence[str]],
    vocabulary: Mapping[str, int],
    n_seen: int,
) -> tuple[TokenSequences, list[str]]:
    """Return tokenized texts as ids, where words that training did not meet get ids too.

    Parameters
    ----------
    tokens : sequence of sequences of str
        The tokens of each text.
    vocabulary : mapping of str to int
        As `build_vocabulary` returns it.
    n_seen : int
        Only ids below it are kept.

    Returns
    -------
    sequences : TokenSequences
        Ids from `n_seen` on are those of `unseen`.
    unseen : list of str
        The other words, each once.
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
