"""Where the tokens of a text are in the text as it was given."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from skcnn.text._tokenizer import BETWEEN_CJK, Tokenization, head_and_tail, normalize

Span = tuple[int, int]
# The vowels and final consonants of Korean syllables, which join the consonant before them.
_JAMO = range(0x1160, 0x1200)


def tokens_with_spans(text: str, tokenize: Tokenization) -> tuple[list[str], list[Span | None]]:
    """Split a text into tokens, and find them in the text.

    Parameters
    ----------
    text : as given
    tokenize : as of the fitted model

    Returns
    -------
    tokens : list of str, length L
        As `tokenize` returns them.
    spans : list of (int, int) or None, length L
        Token i is ``text[start:end]``, but for its spelling. None for a token that a user's
        tokenizer made up.
    """
    tokens = replace(tokenize, max_length=None)([text])[0]
    spans = find_tokens(text, tokens, lowercase=tokenize.lowercase)
    if tokenize.max_length is None:
        return tokens, spans
    head, tail = head_and_tail(tokenize.max_length)
    if len(tokens) <= head + tail:
        return tokens, spans
    end = len(tokens) - tail
    return tokens[:head] + tokens[end:], spans[:head] + spans[end:]


def find_tokens(text: str, tokens: Sequence[str], *, lowercase: bool) -> list[Span | None]:
    """Find tokens in a text, each after the one before it."""
    normalized = normalize(text, lowercase=lowercase)
    origin = _origins(text, normalized, lowercase=lowercase)
    spans: list[Span | None] = []
    position = 0
    for token in tokens:
        start = normalized.find(token, position)
        if start < 0 or not token:
            spans.append(None)
            continue
        position = start + len(token)
        spans.append((origin[start][0], origin[position - 1][1]))
    return spans


def joined(tokens: Sequence[str]) -> str:
    """Write tokens as one string: with blanks, but for those between Chinese characters."""
    return BETWEEN_CJK.sub("", " ".join(tokens))


def _origins(text: str, normalized: str, *, lowercase: bool) -> list[Span]:
    """Return for each character of the normalized text where it comes from in the text."""
    if text.isascii():
        return [(i, i + 1) for i in range(len(text))]
    origins: list[Span] = []
    pieces = []
    for begin, end in _clusters(text):
        piece = normalize(text[begin:end], lowercase=lowercase)
        pieces.append(piece)
        origins += [(begin, end)] * len(piece)
    if "".join(pieces) == normalized:
        return origins
    return _stretched(len(text), len(normalized))


def _clusters(text: str) -> Iterator[Span]:
    """Cut a text before each character that does not change together with the one before it."""
    begin = 0
    for i in range(1, len(text)):
        if not (unicodedata.category(text[i])[0] == "M" or ord(text[i]) in _JAMO):
            yield begin, i
            begin = i
    if text:
        yield begin, len(text)


def _stretched(n: int, n_normalized: int) -> list[Span]:
    """Return origins of characters whose normal form depends on their neighbors: nearly right."""
    ends = [round(i * n / n_normalized) for i in range(n_normalized + 1)]
    return [(begin, max(end, begin + 1)) for begin, end in pairwise(ends)]
