"""Models whose file names an encoder or a classifier that it does not hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import TruncatedSVD
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from skcnn import CostSensitiveTextCNN
from skcnn.files._archive import read, write
from skcnn.files._errors import ModelFileError
from skcnn.files._model_file import read_model, write_model
from skcnn.fitting._classifier import ClassifierTrainer
from skcnn.fitting._sentence_model import SentenceTrainer
from skcnn.predicting._classifier import FittedClassifier
from skcnn.predicting._model import FittedModel
from skcnn.predicting._pool import LogarithmicPool
from skcnn.predicting._sentence_model import SentenceModel
from skcnn.text._sentence_vectors import fit_encoder
from tests.conftest import Corpus
from tests.text.encoders import Counting, count_topics, needs_minilm

BAYES = make_pipeline(CountVectorizer(), MultinomialNB())
TOPICS = make_pipeline(TfidfVectorizer(), TruncatedSVD(3, random_state=0))
Extend = Callable[..., FittedModel]


@pytest.fixture
def extended(fitted: CostSensitiveTextCNN, two_classes: Corpus) -> Extend:
    """Add a sentence model or classifiers to the model of an estimator."""
    texts = two_classes.texts
    targets = np.unique(two_classes.labels, return_inverse=True)[1].astype(np.int32)

    def extend(sentence_vectors: Any = None, memory: Any = None, **members: Any) -> FittedModel:
        model = fitted._model
        added: list[Any] = []
        if sentence_vectors is not None:
            encoder = fit_encoder(sentence_vectors, memory, texts)
            folds = np.arange(len(texts)) % 5
            added.append(SentenceTrainer(texts, encoder, targets, 2, None, folds).fit())
        for name, classifier in members.items():
            trainer = ClassifierTrainer(name, classifier, texts, targets, model.classes, None)
            added.append(trainer.fit())
        pool = LogarithmicPool.even(len(model.members) + len(added), 2)
        return replace(model, members=(*model.members, *added), pool=pool)

    return extend


def sentence_model(model: FittedModel) -> SentenceModel:
    (member,) = (each for each in model.members if isinstance(each, SentenceModel))
    return member


def classifiers(model: FittedModel) -> dict[str, Any]:
    members = [each for each in model.members if isinstance(each, FittedClassifier)]
    return {each.name: each.classifier for each in members}


def saved(model: FittedModel, path: Path, **params: Any) -> Path:
    write_model(path, params, model, word_vectors=True)
    return path


@needs_minilm
def test_a_model_with_minilm_is_one_small_file(
    extended: Extend, tmp_path: Path, new_texts: list[str]
) -> None:
    model = extended("minilm", memory=str(tmp_path / "memory"))
    path = saved(model, tmp_path / "model.skcnn", sentence_vectors="minilm", memory="folder")
    assert path.stat().st_size < 50_000
    params, loaded, *_ = read_model(path)
    assert params == {"sentence_vectors": "minilm", "memory": None}
    np.testing.assert_array_equal(loaded.predict_proba(new_texts), model.predict_proba(new_texts))
    assert sentence_model(loaded).encoder.store is None
    again = saved(loaded, tmp_path / "again.skcnn", **params)
    np.testing.assert_array_equal(
        read_model(again)[1].predict_proba(new_texts), model.predict_proba(new_texts)
    )


@needs_minilm
def test_minilm_needs_no_argument(extended: Extend, tmp_path: Path) -> None:
    path = saved(extended("minilm"), tmp_path / "model.skcnn", sentence_vectors="minilm")
    assert read_model(path, sentence_vectors="minilm")[0] == {"sentence_vectors": "minilm"}
    with pytest.raises(ValueError, match="the file names 'minilm'; expected None"):
        read_model(path, sentence_vectors=count_topics)


@needs_minilm
def test_a_damaged_vector_of_minilm_is_noticed(extended: Extend, tmp_path: Path) -> None:
    path = saved(extended("minilm"), tmp_path / "model.skcnn")
    _, header, arrays, _ = read(path)
    write(path, header, {**arrays, "member_2.probe": -arrays["member_2.probe"]})
    with pytest.raises(ValueError, match="parts do not fit together: probe is not the vector"):
        read_model(path)


@pytest.mark.parametrize("given", [Counting(), count_topics, TOPICS])
def test_an_encoder_is_asked_for_and_becomes_the_parameter(
    given: Any, extended: Extend, tmp_path: Path, new_texts: list[str]
) -> None:
    model = extended(given)
    path = saved(model, tmp_path / "model.skcnn", sentence_vectors=given)
    with pytest.raises(
        ValueError, match=r"come from [\w.]+, which .*load\(path, sentence_vectors="
    ):
        read_model(path)
    source = sentence_model(model).encoder.source
    params, loaded, *_ = read_model(path, sentence_vectors=source)
    assert params == {"sentence_vectors": source}
    np.testing.assert_array_equal(loaded.predict_proba(new_texts), model.predict_proba(new_texts))


@pytest.mark.parametrize("other", [Counting(2.0), Counting(-1.0), "minilm", lambda texts: [[1.0]]])
def test_another_encoder_is_refused(other: Any, extended: Extend, tmp_path: Path) -> None:
    if other == "minilm":
        pytest.importorskip("onnxruntime")
    path = saved(extended(Counting()), tmp_path / "model.skcnn")
    with pytest.raises(ValueError, match=r"gives other vectors \(\d+ numbers.*Counting, 3 numbers"):
        read_model(path, sentence_vectors=other)


def test_members_that_read_no_tokens_need_no_tokenizer(
    extended: Extend, new_texts: list[str]
) -> None:
    def tokenizer(text: str) -> list[str]:
        raise AssertionError("nothing is to be tokenized")

    model = extended(count_topics, bayes=BAYES)
    pool = LogarithmicPool(np.array([0.0, 0.0, 0.5, 0.5]), np.zeros(2))
    tokenize = replace(model.tokenize, tokenizer=tokenizer)
    P = replace(model, pool=pool, tokenize=tokenize).predict_proba(new_texts)
    np.testing.assert_array_equal(P, replace(model, pool=pool).predict_proba(new_texts))


def test_a_transformer_that_is_not_fitted_is_refused(extended: Extend, tmp_path: Path) -> None:
    path = saved(extended(TOPICS), tmp_path / "model.skcnn")
    unfitted = make_pipeline(TfidfVectorizer(), TruncatedSVD(3))
    with pytest.raises(ValueError, match=r"sentence_vectors is a transformer.*the fitted one"):
        read_model(path, sentence_vectors=unfitted)


def test_an_encoder_whose_vectors_have_another_length_later_is_refused(extended: Extend) -> None:
    model = sentence_model(extended(count_topics))
    changed = replace(model, coef=model.coef[:-1])
    with pytest.raises(ValueError, match=r"vectors of 3 numbers; expected 2, as during the fit"):
        changed.predict_proba(["win"], [["win"]])


def test_classifiers_are_asked_for_by_name_and_become_the_parameter(
    extended: Extend, tmp_path: Path, new_texts: list[str]
) -> None:
    model = extended(bayes=BAYES, constant=DummyClassifier())
    given = [("bayes", BAYES), ("constant", DummyClassifier())]
    path = saved(model, tmp_path / "model.skcnn", members=given)
    own = classifiers(model)
    with pytest.raises(ValueError, match=r"classifier 'bayes'.*members=\{'bayes': fitted_cl"):
        read_model(path, members={"constant": own["constant"]})
    message = r"classifiers 'bayes', 'constant'.*'bayes': fitted_c.*, 'constant': fitted_c"
    nothing: dict[str, Any] | None
    for nothing in (None, {}):
        with pytest.raises(ValueError, match=message):
            read_model(path, members=nothing)
    params, loaded, *_ = read_model(path, members=own)
    assert params == {"members": list(own.items())}
    np.testing.assert_array_equal(loaded.predict_proba(new_texts), model.predict_proba(new_texts))


def test_members_that_have_no_word_vectors_are_the_same_without_them(
    extended: Extend, tmp_path: Path, new_texts: list[str]
) -> None:
    model = extended(count_topics, bayes=BAYES)
    write_model(tmp_path / "model.skcnn", {}, model, word_vectors=False)
    given: Any = {"sentence_vectors": count_topics, "members": classifiers(model)}
    loaded = read_model(tmp_path / "model.skcnn", **given)[1]
    np.testing.assert_array_equal(loaded.predict_proba(new_texts), model.predict_proba(new_texts))


@pytest.mark.parametrize("members", [None, {}, {"other": BAYES}])
def test_a_member_without_its_classifier_is_refused(members: Any) -> None:
    header, arrays = {"kind": "classifier", "name": "bayes"}, {"probe": np.array([0.5, 0.5])}
    with pytest.raises(ValueError, match="this model has the classifier 'bayes'"):
        FittedClassifier.from_parts(header, arrays, 2, members)


def test_a_classifier_that_is_not_fitted_is_named(extended: Extend, tmp_path: Path) -> None:
    path = saved(extended(bayes=BAYES), tmp_path / "model.skcnn")
    unfitted = make_pipeline(CountVectorizer(), MultinomialNB())
    message = r"'bayes' \(Pipeline\) is not fitted; .*joblib\.dump\(cnn\.named_members_, file\)"
    with pytest.raises(ValueError, match=message):
        read_model(path, members={"bayes": unfitted})


def test_a_list_of_classifiers_is_refused(extended: Extend, tmp_path: Path) -> None:
    model = extended(bayes=BAYES)
    path = saved(model, tmp_path / "model.skcnn")
    given: Any = list(classifiers(model).items())
    with pytest.raises(TypeError, match=r"members is a list; load expects a dict.*dict\(members\)"):
        read_model(path, members=given)


def test_another_classifier_is_refused(
    extended: Extend, tmp_path: Path, two_classes: Corpus
) -> None:
    path = saved(extended(bayes=BAYES), tmp_path / "model.skcnn")
    texts, labels = two_classes.texts, two_classes.labels
    flipped = np.where(labels == "spam", "ham", "spam")
    other_classes = np.where(labels == "spam", "spam", "valid")
    for classifier, message in (
        (
            BAYES.fit(texts, flipped),
            "'bayes' gives other probabilities than the one that was saved",
        ),
        (BAYES, "'bayes' gives other probabilities"),
    ):
        with pytest.raises(ValueError, match=message):
            read_model(path, members={"bayes": classifier})
    renamed = make_pipeline(CountVectorizer(), MultinomialNB()).fit(texts, labels)
    assert read_model(path, members={"bayes": renamed})[1].classes.tolist() == ["ham", "spam"]
    renamed = renamed.fit(texts, np.where(other_classes == "spam", "valid", "ham"))
    with pytest.raises(ValueError, match=r"'bayes' has classes_=.*'valid'.*expected"):
        read_model(path, members={"bayes": renamed})


def test_arguments_that_the_file_does_not_ask_for_are_refused(
    fitted: CostSensitiveTextCNN, extended: Extend, tmp_path: Path
) -> None:
    path = saved(fitted._model, tmp_path / "plain.skcnn")
    with pytest.raises(ValueError, match="sentence_vectors is given, but the model has none"):
        read_model(path, sentence_vectors=count_topics)
    with pytest.raises(ValueError, match=r"the names \['other'\], which the model does not have"):
        read_model(path, members={"other": BAYES})
    model = extended(bayes=BAYES)
    own = classifiers(model)
    with pytest.raises(ValueError, match=r"\['other'\].*expected \['bayes'\]"):
        read_model(saved(model, path), members=own | {"other": BAYES})


def test_parameters_that_are_objects_are_not_written(
    fitted: CostSensitiveTextCNN, tmp_path: Path
) -> None:
    given = {"sentence_vectors": count_topics, "members": [("a", BAYES)]}
    path = saved(fitted._model, tmp_path / "model.skcnn", **given, memory="folder", epochs=3)
    expected = dict.fromkeys([*given, "memory"], None) | {"epochs": 3}
    assert read_model(path)[0] == expected


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("coef", lambda array: array[:-1], r"coef is \(2, 1\), expected \(3, 1\)"),
        ("intercept", lambda array: array[:0], r"intercept is \(0,\)"),
        ("probe", lambda array: array[np.newaxis], r"probe is \(1, 3\)"),
        ("coef", lambda array: array * np.nan, "coef has values that are not finite"),
        ("probe", lambda array: array.astype(int), "probe has dtype int64"),
    ],
)
def test_a_sentence_model_whose_arrays_do_not_fit_is_refused(
    name: str, change: Any, message: str, extended: Extend, tmp_path: Path
) -> None:
    path = saved(extended(count_topics), tmp_path / "model.skcnn")
    _, header, arrays, _ = read(path)
    write(path, header, {**arrays, f"member_2.{name}": change(arrays[f"member_2.{name}"])})
    with pytest.raises(ValueError, match=f"parts do not fit together: {message}"):
        read_model(path, sentence_vectors=count_topics)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda array: array[:1], r"probe is \(1,\), expected \(2,\)"),
        (lambda array: array * np.nan, "probe has values that are not finite"),
        (lambda array: array.astype(np.float32), "probe has dtype float32"),
    ],
)
def test_a_classifier_whose_probe_does_not_fit_is_refused(
    change: Any, message: str, extended: Extend, tmp_path: Path
) -> None:
    model = extended(bayes=BAYES)
    path = saved(model, tmp_path / "model.skcnn")
    _, header, arrays, _ = read(path)
    write(path, header, {**arrays, "member_2.probe": change(arrays["member_2.probe"])})
    with pytest.raises(ValueError, match=f"parts do not fit together: {message}"):
        read_model(path, members=classifiers(model))


def test_a_huge_probe_does_not_let_any_encoder_pass(extended: Extend, tmp_path: Path) -> None:
    path = saved(extended(count_topics), tmp_path / "model.skcnn")
    _, header, arrays, _ = read(path)
    write(path, header, {**arrays, "member_2.probe": np.full(3, 3e38, np.float32)})
    with pytest.raises(ModelFileError, match="sentence_vectors gives other vectors"):
        read_model(path, sentence_vectors=count_topics)


def test_a_member_without_its_name_or_with_a_part_more_is_refused(
    extended: Extend, tmp_path: Path
) -> None:
    model = extended(count_topics, bayes=BAYES)
    path = saved(model, tmp_path / "model.skcnn")
    _, header, arrays, _ = read(path)
    for number, name in ((2, "encoder"), (3, "name")):
        without = {key: value for key, value in header["members"][number].items() if key != name}
        more = {**header["members"][number], "more": 1}
        for member, message in ((without, f"{name} is missing"), (more, r".* has \['more'\]")):
            members = [*header["members"]]
            members[number] = member
            write(path, {**header, "members": members}, arrays)
            with pytest.raises(ValueError, match=f"parts do not fit together: {message}"):
                read_model(path, sentence_vectors=count_topics, members=classifiers(model))
