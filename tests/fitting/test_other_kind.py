"""The warning where unlabeled texts are of another kind than the labeled ones."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from skcnn.fitting._other_kind import warn_if_other_kind
from skcnn.text._tokenizer import Tokenization

TOKENIZE = Tokenization(None, True, None)


def texts(words: str, n: int, seed: int) -> list[str]:
    random = np.random.default_rng(seed)
    return [" ".join(random.choice(words.split(), 8)) for _ in range(n)]


SPAM = "win cash now prize offer lunch today home work meeting call later"
RECIPES = "boil salt water pasta minutes lunch today stir onions garlic pan serve"


def test_texts_of_another_kind_lead_to_a_warning_with_both_shares() -> None:
    with pytest.warns(UserWarning, match=r"another kind: 1\d% of .* compared with 100%"):
        warn_if_other_kind(texts(SPAM, 200, 0), texts(RECIPES, 300, 1), TOKENIZE)


def test_texts_of_the_same_kind_and_few_texts_do_not() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_if_other_kind(texts(SPAM, 200, 0), texts(SPAM, 5000, 1), TOKENIZE)
        warn_if_other_kind(texts(SPAM, 99, 0), texts(RECIPES, 300, 1), TOKENIZE)
        warn_if_other_kind(texts(SPAM, 200, 0), [""] * 50, TOKENIZE)


def test_upper_case_is_the_same_word_unless_the_estimator_says_otherwise() -> None:
    upper = [text.upper() for text in texts(SPAM, 300, 1)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_if_other_kind(texts(SPAM, 200, 0), upper, TOKENIZE)
    with pytest.warns(UserWarning, match="another kind"):
        warn_if_other_kind(texts(SPAM, 200, 0), upper, Tokenization(None, False, None))
