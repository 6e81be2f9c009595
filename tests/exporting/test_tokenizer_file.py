"""The tokenizer as JSON, and the program of the page that reads it."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skcnn.exporting._tokenizer_file import tokenizer_json
from skcnn.text._tokenizer import Tokenization
from skcnn.text._vocabulary import FIRST_WORD, encode_open
from tests.exporting.reader import SOURCE, tokenizer

SPECIAL = [
    "Don't pay $1,000.50 at https://win.example/a?b=c, www.x.org! o'clock",
    "l'eau qu'il d'accord patient's WE'LL I'M 'tis rock'n'roll d't",
    "ＦＵＬＬ　ｗｉｄｔｈ Straße ŉ ½ 1½ Tylenol™ soft\u00adhyphen",
    "好吃 日本語のテキスト 한국어 텍스트 हिन्दी में नमस्ते मराठी ١٬٢٣٤٫٥",
    "👍🏽 👨\u200d👩\u200d👧 🇩🇪🇫🇷 1\ufe0f\u20e3 #tag #_x a#b @me a@b ©",
    "e\u0301 \u0301\u0302 a\u0345\u0316 \u200b\u200c\u200d x\x00y \x92 \ud800 \udfff",
    "",
]
WORDS = ["win", "cash", "don't", "好", "吃", "straße", "strasse", "#tag", "👍🏽", "frozen", "Cash"]


def make(folder: Path, words: list[str] = WORDS, n_seen: int = 9, **how: Any) -> Any:
    parameters = {"tokenizer": None, "lowercase": True, "max_length": None, **how}
    path = folder / "tokenizer.json"
    path.write_bytes(tokenizer_json(Tokenization(**parameters), words, n_seen))
    return tokenizer(path)


@pytest.fixture(scope="module", params=[True, False], ids=["lower case", "as written"])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The program, and skcnn's own tokens."""
    program = make(tmp_path_factory.mktemp("json"), lowercase=request.param)
    return program, Tokenization(None, request.param, None)


def test_the_program_has_at_most_60_lines() -> None:
    assert len(SOURCE.strip().splitlines()) <= 60


@pytest.mark.parametrize("text", SPECIAL)
def test_the_program_finds_the_same_tokens(text: str, both: Any) -> None:
    program, tokenize = both
    assert program.tokens(text) == tokenize([text])[0]


PIECES = st.sampled_from([*" \t'’.,@#_-&/:%\u0301\u200d\ufe0f", *SPECIAL, "1", "٣", "٬", "ſ", "İ"])


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES | st.characters() | st.text(max_size=5), max_size=12).map("".join))
def test_the_program_finds_the_same_tokens_in_any_text(both: Any, text: str) -> None:
    program, tokenize = both
    assert program.tokens(text) == tokenize([text])[0]


@pytest.mark.parametrize("max_length", [0, 3, 100, (2, 2), (0, 3), (2, 0)])
def test_long_texts_are_cut_in_the_same_way(max_length: Any, tmp_path: Path) -> None:
    program = make(tmp_path, max_length=max_length)
    for text in ("a b c d e f", "a b c d", "a b c", "a"):
        assert program.tokens(text) == Tokenization(None, True, max_length)([text])[0]


@settings(max_examples=200, deadline=None)
@given(texts=st.lists(st.lists(st.sampled_from(WORDS) | st.text(max_size=4)).map(" ".join)))
def test_the_ids_are_those_of_skcnn(both: Any, texts: list[str]) -> None:
    program, tokenize = both
    vocabulary = {word: number for number, word in enumerate(WORDS, FIRST_WORD)}
    sequences, new = encode_open(tokenize(texts), vocabulary, 9)
    inputs = program(texts)
    if texts:
        np.testing.assert_array_equal(inputs["token_ids"], sequences.to_padded())
    known = [vocabulary.get(word, vocabulary.get(word.casefold(), 1)) for word in new]
    assert inputs["new_ids"].tolist() == known
    characters = [[c for c in row if c >= 0] for row in inputs["new_characters"].tolist()]
    assert characters == [[ord(c) for c in f"<{word[:40]}>"] for word in new]


def test_the_file_needs_no_syntax_that_other_languages_lack() -> None:
    parts = json.loads(tokenizer_json(Tokenization(None, True, None), WORDS, 9))
    pattern = parts["token"]
    assert not re.search(r"[+*?]\+", pattern)  # possessive
    assert not re.search(r"\\[a-tv-zA-Z]", pattern)  # \w, \d, \s: each language has its own
    assert not re.search(r"\(\?[a-zA-Z(>]", pattern)  # flags, conditions, atomic groups
    named = set(re.findall(r"\{(\w*[a-z]\w*)\}", pattern))
    assert named == set(parts["sets"])


def test_the_sets_do_not_depend_on_the_reader() -> None:
    parts = json.loads(tokenizer_json(Tokenization(None, True, None), WORDS, 9))
    assert parts["unicode"] == unicodedata.unidata_version
    letter = re.compile(f"[{parts['sets']['letter']}]")
    assert letter.match("a")
    assert letter.match("ж")
    assert not letter.match("好")
    assert not letter.match("_")
