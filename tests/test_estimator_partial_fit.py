"""More labels as they come: `partial_fit` and `warm_start`."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from skcnn import CostSensitiveTextCNN
from skcnn.fitting._ngram_progress import NgramProgress
from skcnn.fitting._progress import progress_of
from skcnn.predicting._text_cnn import FittedTextCNN
from tests.conftest import Corpus, Make, make_corpus, spam

CLASSES = ["ham", "spam"]


@pytest.fixture(scope="module")
def begun(small_cnn: Make, two_classes: Corpus) -> Callable[..., CostSensitiveTextCNN]:
    """Make an estimator that has seen the first half of `two_classes`."""
    first = two_classes.texts[:80], two_classes.labels[:80]
    content = pickle.dumps(small_cnn({"spam": 5}).partial_fit(*first, classes=CLASSES))

    def make() -> CostSensitiveTextCNN:
        cnn: CostSensitiveTextCNN = pickle.loads(content)
        return cnn

    return make


@pytest.fixture(scope="module")
def rest(two_classes: Corpus) -> tuple[list[str], NDArray[np.str_]]:
    return two_classes.texts[80:], two_classes.labels[80:]


def frozen(cnn: CostSensitiveTextCNN) -> NDArray[np.floating[Any]]:
    """Pretrained vectors of words that training did not see."""
    network = cnn._model.network
    assert isinstance(network, FittedTextCNN)
    return network.weights.frozen.copy()


def average_loss(cnn: CostSensitiveTextCNN, corpus: Corpus) -> float:
    P = cnn.predict_proba(corpus.texts)
    rows = np.arange(len(P))
    return float(-np.log(P[rows, np.searchsorted(cnn.classes_, corpus.labels)]).mean())


def test_ten_calls_are_nearly_as_good_as_one_fit(small_cnn: Make) -> None:
    train = make_corpus({"ham": 0.7, "spam": 0.3}, 1000, seed=5, noise=0.2)
    test = make_corpus({"ham": 0.7, "spam": 0.3}, 500, seed=6, noise=0.2)
    cnn = small_cnn()
    for begin in range(0, 1000, 100):
        part = slice(begin, begin + 100)
        cnn.partial_fit(train.texts[part], train.labels[part], classes=CLASSES)
    whole = small_cnn().fit(train.texts, train.labels)
    assert average_loss(cnn, test) < 1.05 * average_loss(whole, test)


def test_a_call_learns_new_words_and_keeps_the_vocabulary(
    begun: Callable[..., CostSensitiveTextCNN], rest: Any
) -> None:
    cnn = begun()
    vocabulary, before = cnn.vocabulary_, spam(cnn, "jackpot jackpot")[0]
    texts, labels = rest
    cnn.partial_fit([*texts, *["jackpot now"] * 10], [*labels, *["spam"] * 10])
    assert cnn.vocabulary_ == vocabulary
    assert spam(cnn, "jackpot jackpot")[0] > before + 0.1


def test_what_earlier_calls_taught_is_not_forgotten(
    begun: Callable[..., CostSensitiveTextCNN],
) -> None:
    cnn = begun()
    before = spam(cnn, "win cash prize", "lunch home sister")
    for _ in range(5):
        cnn.partial_fit(["a discount", "the webinar"] * 10, ["spam", "ham"] * 10)
    after = spam(cnn, "win cash prize", "lunch home sister")
    assert before[0] > 0.7
    assert before[1] < 0.3
    assert after[0] > 0.7
    assert after[1] < 0.3


def test_the_size_of_the_parts_matters_little(
    begun: Callable[..., CostSensitiveTextCNN], rest: Any, noisy: Corpus
) -> None:
    texts, labels = rest
    at_once, in_parts = begun().partial_fit(texts, labels), begun()
    for begin in range(0, len(texts), 8):
        in_parts.partial_fit(texts[begin : begin + 8], labels[begin : begin + 8])
    apart = np.abs(at_once.predict_proba(noisy.texts) - in_parts.predict_proba(noisy.texts))
    assert apart.mean() < 0.05


def test_the_same_calls_give_the_same_model(
    begun: Callable[..., CostSensitiveTextCNN], rest: Any, new_texts: list[str]
) -> None:
    one, other = begun().partial_fit(*rest), begun().partial_fit(*rest)
    np.testing.assert_array_equal(one.predict_proba(new_texts), other.predict_proba(new_texts))


def test_no_text_is_kept_and_known_ngrams_take_no_more_memory(
    begun: Callable[..., CostSensitiveTextCNN], rest: Any
) -> None:
    cnn = begun()
    texts, labels = rest
    marked = [f"{text} unforgettably" for text in texts]
    sizes = []
    for _ in range(30):  # until there are 2,000 recent predictions
        cnn.partial_fit(marked, labels)
        sizes.append(len(pickle.dumps(cnn)))
    assert b"unforgettably" not in pickle.dumps(cnn)
    assert b"lottery" in pickle.dumps(cnn)  # a word of the vocabulary
    assert sizes[-1] - sizes[-2] < 200  # the record of the losses grows by a number


def test_a_call_that_fails_leaves_the_old_model(
    begun: Callable[..., CostSensitiveTextCNN],
    rest: Any,
    new_texts: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cnn = begun()
    before = pickle.dumps(cnn)

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(NgramProgress, "learn", interrupt)
        with pytest.raises(KeyboardInterrupt):
            cnn.partial_fit(*rest)
    assert pickle.dumps(cnn) == before
    cnn.partial_fit(*rest)
    expected = begun().partial_fit(*rest).predict_proba(new_texts)
    np.testing.assert_array_equal(cnn.predict_proba(new_texts), expected)


def test_the_first_call_may_lack_a_class(
    small_cnn: Make, three_classes: Corpus, new_texts: list[str]
) -> None:
    has_offer = three_classes.labels == "offer"
    cnn = small_cnn()
    texts = np.array(three_classes.texts)
    cnn.partial_fit(texts[~has_offer], three_classes.labels[~has_offer], ["ham", "offer", "spam"])
    assert list(cnn.classes_) == ["ham", "offer", "spam"]
    before = cnn.predict_proba(texts[has_offer])[:, 1].mean()
    cnn.partial_fit(texts[has_offer], three_classes.labels[has_offer])
    P = cnn.predict_proba(new_texts)
    np.testing.assert_allclose(P.sum(axis=1), 1)
    assert cnn.predict_proba(texts[has_offer])[:, 1].mean() > before + 0.2


def test_a_single_text_is_enough(small_cnn: Make) -> None:
    cnn = small_cnn().partial_fit(["win"], ["spam"], CLASSES)
    cnn.partial_fit([""], ["ham"])
    cnn.partial_fit(["see you"], ["ham"])
    assert np.isfinite(cnn.predict_proba(["win", "you", ""])).all()


def test_balanced_costs_count_all_texts_so_far(small_cnn: Make) -> None:
    cnn = small_cnn("balanced").partial_fit(["win", "see", "home"], ["spam", "ham", "ham"], CLASSES)
    cnn.partial_fit(["cash", "lunch", "later"], ["spam", "ham", "ham"])
    whole = small_cnn("balanced").fit(["win", "see", "home"] * 2, ["spam", "ham", "ham"] * 2)
    np.testing.assert_allclose(cnn.cost_matrix_, whole.cost_matrix_)


def test_a_text_of_weight_zero_counts_for_nothing(
    begun: Callable[..., CostSensitiveTextCNN], rest: Any, new_texts: list[str]
) -> None:
    texts, labels = rest
    expected = begun().partial_fit(texts, labels, sample_weight=np.ones(len(texts)))
    weight = np.append(np.ones(len(texts)), 0)
    cnn = begun().partial_fit([*texts, "jackpot"], [*labels, "ham"], sample_weight=weight)
    np.testing.assert_array_equal(cnn.predict_proba(new_texts), expected.predict_proba(new_texts))


def test_heavier_texts_count_more(begun: Callable[..., CostSensitiveTextCNN]) -> None:
    texts, labels = ["jackpot", "jackpot"], ["spam", "ham"]
    light = begun().partial_fit(texts, labels, sample_weight=[1, 5])
    heavy = begun().partial_fit(texts, labels, sample_weight=[5, 1])
    assert spam(heavy, "jackpot")[0] > spam(light, "jackpot")[0] + 0.1


def test_pretrained_vectors_of_words_that_come_later_are_used(
    small_cnn: Make, mapping: dict[str, NDArray[np.float32]], two_classes: Corpus
) -> None:
    cnn = small_cnn(word_vectors=mapping, linear_model=False, subwords=False)
    cnn.partial_fit(two_classes.texts, two_classes.labels, CLASSES)
    before = frozen(cnn)
    cnn.partial_fit(["jackpot now", "dinner now"] * 20, ["spam", "ham"] * 20)
    np.testing.assert_array_equal(frozen(cnn), before)
    of_jackpot, of_dinner = spam(cnn, "jackpot", "dinner")
    assert of_jackpot > 0.5 > of_dinner


@pytest.mark.parametrize("classes", [None, ["spam"]])
def test_the_first_call_needs_two_classes(small_cnn: Make, classes: Any) -> None:
    with pytest.raises(ValueError, match="classes"):
        small_cnn().partial_fit(["win", "see"], ["spam", "ham"], classes)


def test_later_calls_accept_the_same_classes_only(
    begun: Callable[..., CostSensitiveTextCNN],
) -> None:
    cnn = begun().partial_fit(["win"], ["spam"], classes=["spam", "ham"])
    with pytest.raises(ValueError, match="not the same as on the last call"):
        cnn.partial_fit(["win"], ["spam"], classes=["ham", "offer"])
    with pytest.raises(ValueError, match=r"y has the labels \['offer'\]"):
        cnn.partial_fit(["win"], ["offer"])


def test_a_call_after_fit_goes_on_from_its_models(
    small_cnn: Make, two_classes: Corpus, rest: Any, new_texts: list[str]
) -> None:
    cnn = small_cnn().fit(two_classes.texts[:80], two_classes.labels[:80])
    ngrams = cnn._model.members[1]
    state = progress_of(cnn._model).ngrams
    assert state is not None
    tokens = cnn._model.tokenize(new_texts)
    expected = ngrams.predict_proba(new_texts, tokens)
    found = state.model().predict_proba(new_texts, tokens)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    vocabulary, before = cnn.vocabulary_, cnn.predict_proba(new_texts)
    cnn.partial_fit(["a discount"], ["spam"])
    assert np.median(np.abs(cnn.predict_proba(new_texts) - before)) < 0.02
    loss = average_loss(cnn, two_classes)
    cnn.partial_fit(*rest)
    assert cnn.vocabulary_ == vocabulary
    assert average_loss(cnn, two_classes) < loss


def test_members_that_cannot_learn_more_raise_an_error(
    small_cnn: Make, two_classes: Corpus
) -> None:
    nb = make_pipeline(CountVectorizer(), MultinomialNB())
    cnn = small_cnn(members=[("nb", nb)]).fit(two_classes.texts, two_classes.labels)
    with pytest.raises(ValueError, match="members cannot"):
        cnn.partial_fit(["win"], ["spam"])
    with pytest.raises(ValueError, match="the model has the members"):
        cnn.set_params(members=None).partial_fit(["win"], ["spam"])


def test_after_load_there_is_nothing_to_continue_from(
    begun: Callable[..., CostSensitiveTextCNN], tmp_path: Path
) -> None:
    begun().save(tmp_path / "model")
    cnn = CostSensitiveTextCNN.load(tmp_path / "model")
    with pytest.raises(ValueError, match="nothing to continue from"):
        cnn.partial_fit(["win"], ["spam"], CLASSES)
    again = clone(cnn).partial_fit(["win", "see"], CLASSES[::-1], CLASSES)
    assert list(again.classes_) == CLASSES


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"network": lambda meta: None}, "network cannot"),
        ({"sentence_vectors": "minilm"}, "sentence_vectors cannot"),
        ({"class_weight": "balanced"}, "class_weight is 'balanced'"),
        ({"optimizer": "sgd"}, "optimizer is 'sgd'"),
        ({"optimizer_params": {"clipnorm": 1.0}}, "partial_fit expects 'adam'"),
    ],
)
def test_what_cannot_be_continued_raises_an_error(
    small_cnn: Make, params: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        small_cnn(**params).partial_fit(["win", "see"], ["spam", "ham"], CLASSES)


def test_a_column_keeps_its_name(small_cnn: Make) -> None:
    cnn = small_cnn().partial_fit(pd.DataFrame({"text": ["win", "see"]}), CLASSES[::-1], CLASSES)
    cnn.partial_fit(pd.DataFrame({"text": ["cash"]}), ["spam"])
    assert list(cnn.feature_names_in_) == ["text"]
    assert cnn.n_features_in_ == 1
    with pytest.raises(ValueError, match="feature names"):
        cnn.partial_fit(pd.DataFrame({"body": ["cash"]}), ["spam"])


def test_the_record_has_all_epochs_and_passes(
    begun: Callable[..., CostSensitiveTextCNN], rest: Any
) -> None:
    cnn = begun()
    assert cnn.n_iter_ == 4
    cnn.partial_fit(*rest)
    assert cnn.n_iter_ == cnn.best_iter_ == len(cnn.history_["loss"]) == 5


def test_a_loaded_model_predicts_the_same(
    begun: Callable[..., CostSensitiveTextCNN], rest: Any, new_texts: list[str], tmp_path: Path
) -> None:
    cnn = begun().partial_fit(*rest)
    cnn.save(tmp_path / "model")
    loaded = CostSensitiveTextCNN.load(tmp_path / "model")
    np.testing.assert_array_equal(cnn.predict_proba(new_texts), loaded.predict_proba(new_texts))


def test_a_warm_start_begins_where_the_last_fit_ended(
    small_cnn: Make, stems: Corpus, new_texts: list[str]
) -> None:
    cnn = small_cnn(linear_model=False, warm_start=True).fit(stems.texts, stems.labels)
    first = cnn.predict_proba(new_texts)
    # Fewer texts, of which some words are new: the vocabulary differs.
    cnn.set_params(learning_rate=1e-9, epochs=1)
    cnn.fit([*stems.texts[:150], "unheard syllables"], [*stems.labels[:150], "spam"])
    np.testing.assert_allclose(cnn.predict_proba(new_texts), first, atol=1e-5)
    cnn.set_params(warm_start=False).fit(stems.texts, stems.labels)
    assert np.abs(cnn.predict_proba(new_texts) - first).max() > 0.01


def test_a_warm_start_after_load_begins_there_too(
    small_cnn: Make, stems: Corpus, new_texts: list[str], tmp_path: Path
) -> None:
    cnn = small_cnn(linear_model=False, warm_start=True).fit(stems.texts, stems.labels)
    cnn.save(tmp_path / "model")
    loaded = CostSensitiveTextCNN.load(tmp_path / "model").set_params(learning_rate=1e-9, epochs=1)
    loaded.fit(stems.texts, stems.labels)
    first = cnn.predict_proba(new_texts)
    np.testing.assert_allclose(loaded.predict_proba(new_texts), first, atol=1e-5)


@pytest.mark.parametrize(
    ("params", "labels", "message"),
    [
        ({}, ["spam", "offer"], "classes_ is the same"),
        (
            {"n_filters": 5},
            ["spam", "ham"],
            r"filter_widths and n_filters are (\[.*\]) and 5; .* fit, \1 and \d+\. Set",
        ),
        ({"embedding_dim": 9}, ["spam", "ham"], "embedding_dim is 9"),
        ({"network": lambda meta: None}, ["spam", "ham"], "network of your own"),
    ],
)
def test_a_warm_start_needs_the_same_classes_and_shape(
    small_cnn: Make, params: dict[str, Any], labels: list[str], message: str
) -> None:
    cnn = small_cnn(warm_start=True).fit(["win cash", "see home"], ["spam", "ham"])
    with pytest.raises(ValueError, match=message):
        cnn.set_params(**params).fit(["win cash", "see home"], labels)


def test_costs_by_name_count_for_numbered_classes_in_each_call(
    small_cnn: Make, two_classes: Corpus
) -> None:
    numbers = (two_classes.labels == "spam").astype(int)
    cnn = small_cnn({"ham": 1, "spam": 5}, epochs=1)
    cnn.partial_fit(two_classes.texts[:80], numbers[:80], classes=[0, 1])
    cnn.partial_fit(two_classes.texts[80:], numbers[80:])
    np.testing.assert_array_equal(cnn.cost_matrix_, [[0, 1], [5, 0]])
