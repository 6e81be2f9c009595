from __future__ import annotations

import numpy as np
import pytest

from skcnn import CostSensitiveTextCNN
from skcnn._settings import TextSettings
from skcnn.fitting._text_cnn import word_dropout
from skcnn.text._prepare import PreparedTexts, prepare_texts
from skcnn.text._tokenizer import tokenize_all


def test_a_pretrained_vector_is_seldom_lost_where_its_word_is_frequent() -> None:
    cnn = CostSensitiveTextCNN(word_vectors={"win": [1.0, 2.0], "rare": [2.0, 1.0]})
    texts = ["win a prize", "win cash", "win win", "a rare prize", "wins"] * 3
    tokens = tokenize_all(texts)
    rows = np.arange(len(texts))

    def prepared(cnn: CostSensitiveTextCNN) -> PreparedTexts:
        settings = TextSettings.from_params(cnn.get_params())
        return prepare_texts(tokens, rows, rows[:0], settings, None, np.random.RandomState(0))

    words = prepared(cnn)
    chances = word_dropout(words)
    n_times = {"win": 12, "rare": 3}
    for word, times in n_times.items():
        assert chances[words.vocabulary[word]] == pytest.approx(1 / (1 + times))
    assert chances[words.vocabulary["prize"]] == chances[words.vocabulary["wins"]]
    assert 0 < chances[words.vocabulary["prize"]] < 1
    assert not word_dropout(prepared(cnn.set_params(subwords=False))).any()
