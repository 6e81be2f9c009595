from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skcnn.text import _long_text
from skcnn.text._long_text import LongText, blocks, blocks_of_tokens, token_blocks, windows
from skcnn.text._tokenizer import Tokenization

TEXTS = st.lists(st.text(st.sampled_from("aB é\u0301你好'-.1@# \U0001f600\u200d"), max_size=40))
MAX_LENGTHS = st.one_of(
    st.none(), st.integers(0, 9), st.tuples(st.integers(0, 5), st.integers(0, 5))
)
TOKENIZERS = st.sampled_from([None, str.split, list])


@given(n=st.integers(0, 50), size=st.integers(1, 12), overlap=st.integers(0, 5))
def test_windows_hold_each_token_once_and_the_tokens_that_follow(n, size, overlap):
    tokens = [str(i) for i in range(n)]
    found = list(windows(iter(tokens), size, overlap))
    assert [is_last for _, is_last in found] == [False] * (len(found) - 1) + [True]
    begin = 0
    for window, is_last in found:
        end = n if is_last else begin + size + overlap
        assert window == tokens[begin:end]
        assert is_last or end < n
        begin += size


@given(sizes=st.lists(st.integers(0, 20)), limit=st.integers(1, 30))
def test_blocks_are_as_large_as_the_limit_allows(sizes, limit):
    found = list(blocks(sizes, limit))
    assert [row for rows in found for row in range(rows.start, rows.stop)] == list(
        range(len(sizes))
    )
    for rows in found:
        assert sum(sizes[rows]) <= limit or rows.stop - rows.start == 1
    for rows, following in pairwise(found):
        assert sum(sizes[rows.start : following.start + 1]) > limit


@given(texts=TEXTS, max_length=MAX_LENGTHS, tokenizer=TOKENIZERS, lowercase=st.booleans())
def test_a_long_text_has_the_tokens_of_any_text(texts, max_length, tokenizer, lowercase):
    tokenize = Tokenization(tokenizer, lowercase, max_length)
    long = [LongText.of(text, tokenize, row) for row, text in enumerate(texts)]
    for _ in range(2):  # each member iterates over it
        assert [list(text) for text in long] == tokenize(texts)


@given(texts=TEXTS, tokenizer=TOKENIZERS, limit=st.integers(1, 60))
def test_blocks_of_texts_have_the_tokens_of_all_texts(texts, tokenizer, limit):
    tokenize = Tokenization(tokenizer, True, None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_long_text, "CHARACTERS_PER_BLOCK", limit)
        found = list(token_blocks(texts, tokenize))
    assert [list(text) for _, tokens in found for text in tokens] == tokenize(texts)
    for rows, tokens in found:
        assert rows.stop - rows.start == len(tokens)
        is_long = len(texts[rows.start]) > limit
        assert [isinstance(text, LongText) for text in tokens] == [is_long] * len(tokens)


def test_a_text_with_too_many_tokens_is_alone_in_its_block():
    tokens = [["a"], ["b"] * 3, LongText("c"), ["d"], ["e"]]
    assert list(blocks_of_tokens(tokens, 2)) == [
        (slice(0, 1), False),
        (slice(1, 2), True),
        (slice(2, 3), True),
        (slice(3, 5), False),
    ]


@pytest.mark.parametrize("limit", [1, 10**6])
def test_an_error_names_the_row_among_all_texts(limit, monkeypatch):
    monkeypatch.setattr(_long_text, "CHARACTERS_PER_BLOCK", limit)
    tokenize = Tokenization(lambda text: 5 if text == "bad" else [text], True, None)
    with pytest.raises(TypeError, match="row 3"):
        list(token_blocks(["a", "b", "c", "bad"], tokenize))
