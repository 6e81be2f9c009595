"""The tokenizer as JSON, in a form that programs in any language can read.

The pattern of a token has the names of character sets in braces, as in ``[{letter}]+``. The sets
are written out, because other languages count other characters as letters, or other versions of
Unicode do. Possessive repetitions become greedy ones, which not all languages have: in this pattern
both find the same tokens.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

from skcnn.text._subwords import MAX_CHARACTERS
from skcnn.text._tokenizer import (
    APOSTROPHES,
    GLUED,
    INVISIBLE,
    LETTER,
    SEPARATORS,
    Characters,
    Tokenization,
    combining_marks,
    head_and_tail,
    unicode_pattern,
)

FORMAT = 1
"""Version of the file."""

_NAMED = Characters("[{letter}]", "[{mark}]+", "[{digit}]", "[{word}]", "{separator}")
_REWRITES = (
    (f"[{APOSTROPHES}]", "'"),
    ("\u0149", "'n"),
    (f"(?=[{GLUED}])", " "),
    (f"[{INVISIBLE}]", ""),
)


def tokenizer_json(
    tokenize: Tokenization, vocabulary: Sequence[str], n_seen: int, **more: Any
) -> bytes:
    """Return the file.

    Parameters
    ----------
    tokenize : with the tokenizer of skcnn
    vocabulary : words of the ids from `FIRST_WORD` on
    n_seen : number of ids that training saw
    **more : further parts, values of JSON
    """
    max_length = tokenize.max_length
    parts = {
        "format": FORMAT,
        **more,
        "unicode": unicodedata.unidata_version,
        "rewrites": _REWRITES,
        "lowercase": tokenize.lowercase,
        "token": _greedy(unicode_pattern(_NAMED)),
        "sets": _sets(),
        "max_length": None if max_length is None else head_and_tail(max_length),
        "longest_word": MAX_CHARACTERS,
        "n_seen": n_seen,
        "vocabulary": list(vocabulary),
    }
    return json.dumps(parts, indent=0).encode()


def _greedy(pattern: str) -> str:
    return re.sub(r"([+*?])\+", r"\1", pattern)


@cache
def _sets() -> dict[str, str]:
    """Return the characters of each set, as they are written inside a character set."""
    patterns = {
        "letter": LETTER,
        "digit": r"\d",
        "word": r"\w",
        "mark": f"[{combining_marks()}]",
        "separator": f"[{SEPARATORS}]",
    }
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    return {
        name: "".join(f"{run[0][0]}-{run[0][-1]}" for run in re.finditer(f"{one}+", everything))
        for name, one in patterns.items()
    }
