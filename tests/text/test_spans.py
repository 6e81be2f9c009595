"""Where tokens are in the text as it was given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skcnn.text._spans import find_tokens, joined, tokens_with_spans
from skcnn.text._tokenizer import Tokenization, tokenize

DEFAULT = Tokenization(None, lowercase=True, max_length=None)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Don’t PAY £5 at", ["Don’t", "PAY", "£", "5", "at"]),
        ("Straße ﬁnd ＦＲＥＥ", ["Straße", "ﬁnd", "ＦＲＥＥ"]),
        ("prize™ 1½", ["prize", "™", "1", "½", "½", "½"]),
        ("免费 win", ["免", "费", "win"]),
        ("e\u0301cole E\u0301COLE", ["e\u0301cole", "E\u0301COLE"]),
        ("\u1100\u1161\u11a8 한국어", ["\u1100\u1161\u11a8", "한국어"]),
        ("👩‍💻 👍🏽 hi", ["👩‍💻", "👍🏽", "hi"]),
        ("win\u00adning now", ["win\u00adning", "now"]),
        ("", []),
    ],
)
def test_tokens_are_found_in_their_own_spelling(text: str, pieces: list[str]) -> None:
    _, spans = tokens_with_spans(text, DEFAULT)
    assert [text[span[0] : span[1]] for span in spans if span] == pieces


@given(st.text(max_size=60))
def test_every_token_is_found_in_the_order_of_the_text(text: str) -> None:
    tokens, spans = tokens_with_spans(text, DEFAULT)
    assert tokens == tokenize(text)
    found = [span for span in spans if span is not None]
    assert len(found) == len(tokens)
    assert all(0 <= begin < end <= len(text) for begin, end in found)
    assert [begin for begin, _ in found] == sorted(begin for begin, _ in found)


@given(st.text(st.characters(max_codepoint=0x24F), max_size=60), st.integers(0, 5))
def test_only_the_kept_tokens_have_spans(text: str, tail: int) -> None:
    limits = Tokenization(None, lowercase=True, max_length=(3, tail))
    tokens, spans = tokens_with_spans(text, limits)
    every, all_spans = tokens_with_spans(text, DEFAULT)
    assert tokens == limits([text])[0]
    if len(every) > 3 + tail:
        assert spans == all_spans[:3] + all_spans[len(every) - tail :]


def test_a_token_that_is_not_in_the_text_has_no_span() -> None:
    assert find_tokens("a b", ["a", "made-up", "b", ""], lowercase=True) == [
        (0, 1),
        None,
        (2, 3),
        None,
    ]


def test_tokens_are_joined_with_blanks_but_not_between_chinese_characters() -> None:
    assert joined(["win", "免", "费", "now"]) == "win 免费 now"
