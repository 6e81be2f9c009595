"""Texts too long to have all their tokens in memory: their tokens come in windows.

A token takes about 80 bytes as a string, and a word that training did not see takes some kilobytes
when it is multiplied by the filters. So a member cuts its texts into blocks of a limited number of
tokens, and a longer text into windows. What follows from the windows is exactly what follows from
the whole text, apart from rounding.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from skcnn.text._tokenizer import (
    Tokenization,
    checked_tokens,
    head_and_tail,
    iterate_tokens,
    normalize,
)

# A text with more characters is a long text; shorter texts are tokenized together in blocks of so
# many characters. At 80 bytes a token, the tokens of a block take 20 MB if each is one character.
CHARACTERS_PER_BLOCK = 2**18


@dataclass(frozen=True, slots=True, eq=False)
class LongText:
    """The tokens of one long text, found again each time they are iterated over.

    Attributes
    ----------
    source : the normalized text, or the tokens that a user's tokenizer gave for it
    head, tail : how many tokens to keep from its start and from its end; None: all
    """

    source: str | list[str]
    head: int | None = None
    tail: int = 0

    @classmethod
    def of(cls, text: str, tokenization: Tokenization, row: int) -> LongText:
        """Return the tokens of a text in a row (counted from 0)."""
        normalized = normalize(text, lowercase=tokenization.lowercase)
        head, tail = None, 0
        if tokenization.max_length is not None:
            head, tail = head_and_tail(tokenization.max_length)
        if tokenization.tokenizer is None:
            return cls(normalized, head, tail)
        return cls(checked_tokens(tokenization.tokenizer(normalized), row), head, tail)

    def __iter__(self) -> Iterator[str]:
        """Yield the tokens."""
        tokens = iterate_tokens(self.source) if isinstance(self.source, str) else iter(self.source)
        yield from islice(tokens, self.head)
        if self.head is not None and self.tail:
            yield from deque(tokens, maxlen=self.tail)


Tokens: TypeAlias = Sequence[str] | LongText
"""The tokens of one text."""


def token_blocks(
    texts: Sequence[str], tokenize: Tokenization
) -> Iterator[tuple[slice, list[Tokens]]]:
    """Yield rows of texts and their tokens, so that the tokens of a block fit into memory."""
    lengths = [len(text) for text in texts]
    for rows in blocks(lengths, CHARACTERS_PER_BLOCK):
        if lengths[rows.start] > CHARACTERS_PER_BLOCK:
            yield rows, [LongText.of(texts[rows.start], tokenize, rows.start)]
        else:
            yield rows, list(tokenize(texts[rows], rows.start))


def blocks_of_tokens(tokens: Sequence[Tokens], n_tokens: int) -> Iterator[tuple[slice, bool]]:
    """Yield rows of texts that have at most so many tokens together, or one text with more.

    Also yield whether it is one text with more.
    """
    lengths = [n_tokens + 1 if isinstance(text, LongText) else len(text) for text in tokens]
    for rows in blocks(lengths, n_tokens):
        yield rows, lengths[rows.start] > n_tokens


def blocks(sizes: Sequence[int], limit: int) -> Iterator[slice]:
    """Cut range(len(sizes)) where the sizes add up to more than `limit`."""
    begin, total = 0, 0
    for row, size in enumerate(sizes):
        if row > begin and total + size > limit:
            yield slice(begin, row)
            begin, total = row, 0
        total += size
    if len(sizes):
        yield slice(begin, len(sizes))


def windows(tokens: Iterable[str], size: int, overlap: int) -> Iterator[tuple[list[str], bool]]:
    """Cut tokens into windows; also yield whether a window is the last one.

    Each window but the last has `size` tokens, and the `overlap` tokens that follow them. The next
    window begins with these.
    """
    rest = iter(tokens)
    window = list(islice(rest, size + overlap))
    while len(window) == size + overlap:
        following = list(islice(rest, size))
        if not following:
            break
        yield window, False
        window = window[size:] + following
    yield window, True
