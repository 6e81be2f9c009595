"""Whatever the text: tokens that lose nothing, and probabilities that are ones."""

from __future__ import annotations

import random
import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from skcnn.text import _prepare
from skcnn.text._tokenizer import normalize, tokenize

ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyz ",
    "win cash lunch Home's",
    "\x00\x01\x1f\x7f\x85\t\n\r\x0b\x0c \u2028\u200b\ufeff\u2060\u00ad",
    "\ud800\udfff\udbff\udc00\ud83d\ude00a",
    "😀👍🏽👩\u200d👧🇩🇪🏴\U000e0067\U000e007f❤️1⃣",
    "日本語カナｶﾞ한국어ไทยहिन्दी\u0301\u0323\u0344ŉßİΣς",
    "<>#@:/.,'’-_&$%0123456789http www.",
    "\ufffe\uffff\U0010ffff\ue000\U000f0000\u0378",
)
HARD_TEXTS = {
    "empty": "",
    "blank": " \t\n\x00\u3000\u200b",
    "one word": "win",
    "one letter": "q",
    "one foreign letter": "ж",
    "only unknown words": "qqqq zzzz jjjj",
    "only emoji": "😀👍🏽👩\u200d👧🇩🇪",
    "one lone surrogate": "\ud800",
    "a pair of surrogates": "\ud83d\ude00",
    "100,000 letters": "x" * 100_000,
    "100,000 letters in words": "win zzz ж" * 11_111,
    "100,000 different words": " ".join(f"w{i}" for i in range(17_000)),
    "100,000 blanks": " " * 100_000,
    "100,000 emoji": "👍🏽" * 50_000,
    "100,000 marks": "a" + "\u0301\u0323" * 50_000,
    "100,000 surrogates": "\ud800" * 100_000,
    "100,000 of everything": "".join(map(chr, range(100_000))),
}

any_text = st.text(st.characters(exclude_categories=())) | st.one_of(
    [st.text(alphabet, max_size=30) for alphabet in ALPHABETS]
)


@pytest.fixture(scope="module", params=["plain", "everything"])
def cnn(request, small_cnn, two_classes):
    """Estimators whose subwords are those of every word."""
    parameters, unlabeled = {}, None
    if request.param == "everything":
        vectors = {"win": [1.0, 0.0], "zzz": [0.0, 1.0], "😀": [2.0, 2.0], "\ud800": [3.0, 0.0]}
        parameters = {
            "word_vectors": vectors,
            "lowercase": False,
            "max_length": (30, 20),
        }
        unlabeled = ["日 本 ж", "Home's \udfff"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_prepare, "_MIN_WORDS_OF_NGRAM", 1)
        cnn = small_cnn({"spam": 5}, **parameters)
        return cnn.fit(two_classes.texts, two_classes.labels, unlabeled=unlabeled)


def assert_probabilities(proba, n_texts):
    assert proba.shape == (n_texts, 2)
    assert np.isfinite(proba).all()
    assert (proba >= 0).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=0, atol=1e-9)


def assert_tokens(text, *, lowercase=True):
    tokens = tokenize(text, lowercase=lowercase)
    assert all(tokens)
    kept = "".join(normalize(text, lowercase=lowercase).split())
    kept = [c for c in kept if unicodedata.category(c) != "Cc" and c != "\u200b"]
    assert list("".join(tokens)) == kept


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=any_text)
@example(text="\ud800")
@example(text="ж")
def test_every_text_has_probabilities(cnn, text):
    assert_tokens(text)
    assert_tokens(text, lowercase=False)
    assert_probabilities(cnn.predict_proba([text]), 1)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts=st.lists(any_text, min_size=1, max_size=5))
def test_every_text_has_the_probabilities_that_it_has_alone(cnn, texts):
    together = cnn.predict_proba(texts)
    assert_probabilities(together, len(texts))
    for text, row in zip(texts, together, strict=True):
        np.testing.assert_allclose(cnn.predict_proba([text])[0], row, rtol=0, atol=1e-6)


@pytest.mark.parametrize("text", HARD_TEXTS.values(), ids=HARD_TEXTS)
def test_a_text_made_to_be_hard_has_probabilities(cnn, text):
    assert_probabilities(cnn.predict_proba([text]), 1)
    together = cnn.predict_proba([text, "win cash", text, ""])
    assert_probabilities(together, 4)
    np.testing.assert_allclose(together[0], together[2], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("cell", "error", "message"),
    [
        (b"win", TypeError, "type bytes in row 1.*decode"),
        (bytearray(b"win"), TypeError, "type bytearray in row 1"),
        (5, TypeError, "type int in row 1"),
        (["win"], TypeError, "type list in row 1"),
        (None, ValueError, r"1 of 2 rows: \[1\]"),
        (float("nan"), ValueError, r"1 of 2 rows: \[1\]"),
    ],
)
def test_anything_but_a_text_is_refused(cnn, cell, error, message):
    with pytest.raises(error, match=f"(?s){message}"):
        cnn.predict_proba(["win", cell])


def random_text(rng):
    kind = rng.random()
    if kind < 0.25:
        return "".join(chr(rng.randrange(sys.maxunicode + 1)) for _ in range(rng.randrange(30)))
    if kind < 0.35:
        return "".join(chr(rng.randrange(0x3000)) for _ in range(rng.randrange(60)))
    mixed = rng.choice(ALPHABETS) + rng.choice(ALPHABETS)
    return "".join(rng.choices(mixed, k=rng.randrange(60)))


@pytest.mark.slow
def test_100_000_texts_have_the_probabilities_that_they_have_alone(cnn):
    rng = random.Random(0)
    for _ in range(50):
        texts = [random_text(rng) for _ in range(2000)]
        for text in texts[::10]:
            assert_tokens(text)
        together = cnn.predict_proba(texts)
        assert_probabilities(together, len(texts))
        for i in rng.sample(range(len(texts)), 40):
            alone = cnn.predict_proba([texts[i]])[0]
            np.testing.assert_allclose(
                alone, together[i], rtol=0, atol=1e-6, err_msg=repr(texts[i])
            )
