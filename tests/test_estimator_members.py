"""Sentence vectors, the user's classifiers, and students that learn from all models together."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import TruncatedSVD
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import check_is_fitted

from skcnn import CostSensitiveTextCNN
from skcnn.fitting import _network, _words
from skcnn.predicting._classifier import FittedClassifier
from skcnn.predicting._model import FittedModel
from skcnn.predicting._ngram_model import NgramModel
from skcnn.predicting._sentence_model import SentenceModel
from skcnn.predicting._text_cnn import FittedTextCNN
from tests.conftest import Corpus, Make, make_corpus
from tests.test_estimator_serving import run
from tests.text.encoders import Counting, count_topics

BAYES = make_pipeline(CountVectorizer(), MultinomialNB())
TOPICS = make_pipeline(TfidfVectorizer(), TruncatedSVD(3, random_state=0))
ENCODERS = {"function": count_topics, "transformer": TOPICS, "object": Counting()}
STUDENTS, TEACHERS = [FittedTextCNN, NgramModel], [SentenceModel, FittedClassifier]


def kinds(cnn: CostSensitiveTextCNN) -> list[type]:
    return [type(member) for member in cnn._model.members]


def pooled(model: FittedModel, texts: list[str]) -> Any:
    tokens = model.tokenize(texts)
    assert model.pool is not None
    return model.pool([each.predict_proba(texts, tokens) for each in model.members])


@pytest.fixture(scope="module")
def with_all(small_cnn: Make, noisy: Corpus) -> CostSensitiveTextCNN:
    """All kinds of members; not to be fitted again."""
    cnn = small_cnn(
        {"spam": 5}, sentence_vectors=TOPICS, members=[("bayes", BAYES)], early_stopping=True
    )
    return cnn.fit(noisy.texts, noisy.labels)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("linear_model", [False, True])
@pytest.mark.parametrize("name", ["noisy", "three_classes"])
def test_all_models_are_joined(
    name: str,
    linear_model: bool,
    early_stopping: bool,
    request: pytest.FixtureRequest,
    small_cnn: Make,
    new_texts: list[str],
) -> None:
    corpus = request.getfixturevalue(name)
    cnn = small_cnn(
        sentence_vectors=count_topics,
        members=[("bayes", BAYES), ("again", BAYES)],
        linear_model=linear_model,
        early_stopping=early_stopping,
    ).fit(corpus.texts, corpus.labels)
    networks = STUDENTS if linear_model else STUDENTS[:1]
    assert kinds(cnn) == [*networks, *TEACHERS, FittedClassifier]
    P = cnn.predict_proba(new_texts)
    assert P.shape == (len(new_texts), len(cnn.classes_))
    np.testing.assert_allclose(P.sum(axis=1), 1)
    np.testing.assert_array_equal(P, pooled(cnn._model, new_texts))
    assert (cnn.predict(corpus.texts) == corpus.labels).mean() > 0.7


@pytest.mark.parametrize("kind", ENCODERS)
def test_whatever_embeds_texts_gives_sentence_vectors(
    kind: str, small_cnn: Make, two_classes: Corpus, new_texts: list[str]
) -> None:
    given = ENCODERS[kind]
    cnn = small_cnn(sentence_vectors=given).fit(two_classes.texts, two_classes.labels)
    assert kinds(cnn) == [*STUDENTS, SentenceModel]
    if kind == "transformer":  # it is cloned, as everywhere in scikit-learn
        with pytest.raises(NotFittedError):
            check_is_fitted(given)
        check_is_fitted(cnn.sentence_encoder_)
        assert cnn.sentence_encoder_.transform(["win"]).shape == (1, 3)
    else:
        assert cnn.sentence_encoder_ is given
    assert cnn.get_params()["sentence_vectors"] is given
    without = small_cnn().fit(two_classes.texts, two_classes.labels)
    assert not np.allclose(cnn.predict_proba(new_texts), without.predict_proba(new_texts))


def test_fitted_classifiers_are_found_by_name(
    with_all: CostSensitiveTextCNN, noisy: Corpus
) -> None:
    assert list(with_all.named_members_) == ["bayes"]
    bayes = with_all.named_members_["bayes"]
    expected = make_pipeline(CountVectorizer(), MultinomialNB()).fit(noisy.texts, noisy.labels)
    np.testing.assert_allclose(
        bayes.predict_proba(noisy.texts), expected.predict_proba(noisy.texts)
    )
    assert with_all.members == [("bayes", BAYES)]
    with pytest.raises(NotFittedError):  # it was cloned
        check_is_fitted(with_all.members[0][1])


def test_an_explanation_names_the_members_that_are_not_made_of_ngrams(
    with_all: CostSensitiveTextCNN,
) -> None:
    names = with_all.explain(["win cash now"])[0].ngrams
    assert {"(sentence vectors)", "(bayes)"} <= set(names)


def test_attributes_of_members_exist_only_if_there_are_any(
    fitted: CostSensitiveTextCNN, small_cnn: Make
) -> None:
    with pytest.raises(AttributeError, match="only after a fit with members, without distill"):
        _ = fitted.named_members_
    with pytest.raises(AttributeError, match="only after a fit with sentence_vectors"):
        _ = fitted.sentence_encoder_
    for name in ("named_members_", "sentence_encoder_"):
        with pytest.raises(AttributeError, match=f"{name} exists only after fit"):
            getattr(small_cnn(), name)


def test_a_member_that_knows_more_makes_the_predictions_better(
    small_cnn: Make, known_words: Corpus
) -> None:
    new = make_corpus({"ham": 0.5, "spam": 0.5}, 300, seed=7)

    def accuracy(**parameters: Any) -> float:
        cnn = small_cnn(**parameters).fit(known_words.texts, known_words.labels)
        return float((cnn.predict(new.texts) == new.labels).mean())

    assert accuracy(sentence_vectors=count_topics) > max(accuracy() + 0.02, 0.97)


@pytest.mark.parametrize("loss", ["cross_entropy", "expected_cost"])
def test_probabilities_do_not_depend_on_the_costs(
    loss: str, small_cnn: Make, noisy: Corpus, new_texts: list[str]
) -> None:
    found = [
        small_cnn(
            costs,
            loss=loss,
            early_stopping=True,
            sentence_vectors=count_topics,
            members=[("bayes", BAYES)],
        ).fit(noisy.texts, noisy.labels)
        for costs in (None, {"spam": 20}, "balanced", [[-1, 3], [0.5, 0]])
    ]
    first, *others = (cnn.predict_proba(new_texts) for cnn in found)
    for P in others:
        if loss == "cross_entropy":
            np.testing.assert_array_equal(P, first)
        else:
            np.testing.assert_allclose(P, first, atol=0.05)
    # Those of the network alone neither, whose loss knows the costs.
    first, *others = (
        cnn._model.network.predict_proba(new_texts, cnn._model.tokenize(new_texts)) for cnn in found
    )
    assert max(np.abs(P - first).mean() for P in others) < 0.06
    assert (found[0].predict(noisy.texts) != found[1].predict(noisy.texts)).any()


def test_parameters_can_be_read_set_and_cloned(with_all: CostSensitiveTextCNN) -> None:
    copy = clone(with_all)
    with pytest.raises(NotFittedError):
        check_is_fitted(copy)
    params, expected = copy.get_params(), with_all.get_params()
    assert params.keys() == expected.keys()
    assert params["sentence_vectors"] is not TOPICS
    assert repr(params["members"]) == repr(expected["members"])
    copy.set_params(sentence_vectors__truncatedsvd__n_components=2)
    assert copy.sentence_vectors[-1].n_components == 2
    assert TOPICS[-1].n_components == 3


def test_parameters_of_members_have_names(small_cnn: Make, two_classes: Corpus) -> None:
    cnn = small_cnn(members=[("bayes", BAYES)], epochs=1)
    assert cnn.get_params()["bayes__multinomialnb__alpha"] == 1
    assert "bayes" not in cnn.get_params(deep=False)
    grid = {"bayes__multinomialnb__alpha": [0.1, 7.0]}
    search = GridSearchCV(cnn, grid, cv=2, error_score="raise")
    search.fit(two_classes.texts, two_classes.labels)
    best = search.best_params_["bayes__multinomialnb__alpha"]
    assert search.best_estimator_.named_members_["bayes"][-1].alpha == best
    assert BAYES[-1].alpha == 1  # the grid changes clones
    assert clone(cnn).set_params(bayes=MultinomialNB(alpha=3)).members[0][1].alpha == 3
    with pytest.raises(ValueError, match="Invalid parameter 'forest'"):
        cnn.set_params(forest__alpha=1)
    assert small_cnn().get_params().keys() == small_cnn().get_params(deep=False).keys()


def test_a_grid_search_embeds_each_text_once(
    small_cnn: Make, two_classes: Corpus, tmp_path: Path
) -> None:
    corpus = two_classes
    Counting.embedded.clear()
    cnn = small_cnn(sentence_vectors=Counting(), memory=str(tmp_path), epochs=1)
    costs = {"cost_matrix": [None, {"spam": 2}, {"spam": 5}]}
    search = GridSearchCV(cnn, costs, cv=2, error_score="raise").fit(corpus.texts, corpus.labels)
    texts = [text for text in Counting.embedded if text in set(corpus.texts)]
    assert sorted(texts) == sorted(set(corpus.texts))
    P = search.predict_proba(corpus.texts)
    Counting.embedded.clear()
    without = clone(cnn).set_params(memory=None, **search.best_params_)
    np.testing.assert_allclose(
        without.fit(corpus.texts, corpus.labels).predict_proba(corpus.texts), P
    )
    assert set(corpus.texts) < set(Counting.embedded)


@pytest.mark.parametrize("loss", ["cross_entropy", "expected_cost"])
def test_memory_keeps_what_costs_do_not_change_and_predictions_stay_the_same(
    loss: str, small_cnn: Make, noisy: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    for name in ("make_table", "prepare_texts"):
        original = getattr(_words, name)

        def noted(*args: Any, name: str = name, original: Any = original) -> Any:
            calls.append(name)
            return original(*args)

        monkeypatch.setattr(_words, name, noted)
    P = []
    for memory in (None, str(tmp_path)):
        for costs in (None, {"spam": 5}):
            cnn = small_cnn(costs, loss=loss, memory=memory, members=[("bayes", BAYES)])
            calls.clear()
            P.append(cnn.fit(noisy.texts, noisy.labels).predict_proba(noisy.texts))
            is_kept = memory is not None and costs is not None
            assert len(calls) == (0 if is_kept else 2)
    np.testing.assert_array_equal(P[2], P[0])
    np.testing.assert_array_equal(P[3], P[1])


def test_memory_does_without_functions_that_have_no_name(
    small_cnn: Make, two_classes: Corpus, tmp_path: Path
) -> None:
    lambdas = make_pipeline(CountVectorizer(analyzer=lambda text: text.split()), MultinomialNB())
    parameters = {"tokenizer": lambda text: text.split(), "members": [("own", lambdas)]}
    found = [
        small_cnn(memory=memory, **parameters)
        .fit(two_classes.texts, two_classes.labels)
        .predict_proba(two_classes.texts)
        for memory in (None, str(tmp_path))
    ]
    np.testing.assert_array_equal(found[0], found[1])


def test_another_process_predicts_the_same_from_a_pickle(
    with_all: CostSensitiveTextCNN, small_cnn: Make, two_classes: Corpus, tmp_path: Path
) -> None:
    function = small_cnn(sentence_vectors=count_topics).fit(two_classes.texts, two_classes.labels)
    texts = two_classes.texts[:5]
    for name, cnn in (("all", with_all), ("function", function)):
        (tmp_path / name).write_bytes(pickle.dumps(cnn))
        code = f"""
import pickle, sys
cnn = pickle.load(open(sys.argv[1], "rb"))
print(cnn.predict_proba({texts}).tolist())
print("tensorflow" in sys.modules)
"""
        P, has_tensorflow = run(code, tmp_path / name).splitlines()
        np.testing.assert_allclose(eval(P), cnn.predict_proba(texts), atol=1e-12)
        assert has_tensorflow == "False"


def test_a_file_asks_for_the_encoder_and_for_the_classifiers(
    with_all: CostSensitiveTextCNN, new_texts: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "model.skcnn"
    with_all.save(path)
    given = {"sentence_vectors": with_all.sentence_encoder_, "members": with_all.named_members_}
    for left_out, message in (
        ("sentence_vectors", r"load\(path, sentence_vectors="),
        ("members", r"load\(path, members=\{'bayes'"),
    ):
        with pytest.raises(ValueError, match=message):
            CostSensitiveTextCNN.load(path, **{k: v for k, v in given.items() if k != left_out})
    loaded = CostSensitiveTextCNN.load(path, **given)
    np.testing.assert_array_equal(
        loaded.predict_proba(new_texts), with_all.predict_proba(new_texts)
    )
    assert loaded.sentence_encoder_ is with_all.sentence_encoder_
    assert loaded.named_members_ == with_all.named_members_
    loaded.save(tmp_path / "again.skcnn")
    again = CostSensitiveTextCNN.load(tmp_path / "again.skcnn", **given)
    np.testing.assert_array_equal(again.predict(new_texts), with_all.predict(new_texts))


def test_a_loaded_model_can_be_fitted_again(
    with_all: CostSensitiveTextCNN, noisy: Corpus, new_texts: list[str], tmp_path: Path
) -> None:
    with_all.save(tmp_path / "model.skcnn")
    loaded = CostSensitiveTextCNN.load(
        tmp_path / "model.skcnn",
        sentence_vectors=with_all.sentence_encoder_,
        members=with_all.named_members_,
    )
    again = loaded.fit(noisy.texts, noisy.labels).predict_proba(new_texts)
    np.testing.assert_array_equal(again, with_all.predict_proba(new_texts))


@pytest.mark.parametrize(
    ("encoder", "memory", "message"),
    [
        (lambda texts: np.ones(len(texts)), False, "sentence_vectors gave an array of shape"),
        (lambda texts: 2 * count_topics(texts), True, "memory is given, but sentence_vectors="),
        (
            make_pipeline(TfidfVectorizer(analyzer=lambda text: text.split()), TruncatedSVD(3)),
            True,
            "memory is given, but sentence_vectors=",
        ),
    ],
    ids=["shape", "function", "transformer"],
)
def test_an_encoder_that_does_not_work_is_refused_before_training(
    encoder: Any,
    memory: bool,
    message: str,
    small_cnn: Make,
    two_classes: Corpus,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_network, "fit_network", lambda *args, **kwargs: pytest.fail("trained"))
    cnn = small_cnn(sentence_vectors=encoder, memory=str(tmp_path) if memory else None)
    with pytest.raises(ValueError, match=message):
        cnn.fit(two_classes.texts, two_classes.labels)


def test_a_classifier_that_takes_no_weights_is_refused_before_training(
    small_cnn: Make, two_classes: Corpus
) -> None:
    Counting.embedded.clear()
    neighbors = make_pipeline(CountVectorizer(), KNeighborsClassifier())
    cnn = small_cnn(sentence_vectors=Counting(), members=[("near", neighbors)])
    with pytest.raises(ValueError, match=r"the member 'near'.*takes no sample_weight"):
        cnn.fit(two_classes.texts, two_classes.labels, np.arange(1.0, 161.0))
    with pytest.raises(ValueError, match=r"the member 'near'.*takes no sample_weight"):
        cnn.set_params(class_weight="balanced").fit(two_classes.texts, two_classes.labels)
    assert not Counting.embedded
