"""What a model file holds of words and vectors, and what it leaves out."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from skcnn import CostSensitiveTextCNN
from skcnn.files._archive import FORMAT_VERSION, read, write
from skcnn.text import _prepare
from skcnn.text._sequences import TokenSequences
from tests.text.encoders import needs_minilm

VECTORS = {
    "win": [1.0, 0.0, 0.5],
    "lunch": [0.0, 1.0, 0.5],
    "jackpot": [0.9, 0.1, 0.5],
    "aunt": [0.1, 0.9, 0.5],
}
SENTENCE = "the prize of my confidential diary is a jackpot"
UNSEEN = ["jackpot now", "aunt", "winnings", "unheard", "WIN lunchtime", "confidential diary", ""]
ONLY_VECTORS = SimpleNamespace(index_to_key=list(VECTORS), vectors=np.array([*VECTORS.values()]))


def vectors_in_a_file(folder: Path) -> Path:
    path = folder / "vectors.txt"
    path.write_text(
        "".join(f"{word} {row[0]} {row[1]} {row[2]}\n" for word, row in VECTORS.items())
    )
    return path


# From a folder for files to the parameters of an estimator.
MODELS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "words": lambda folder: {"subwords": False},
    "subwords": lambda folder: {},
    "a mapping": lambda folder: {"word_vectors": VECTORS},
    "a mapping without subwords": lambda folder: {"word_vectors": VECTORS, "subwords": False},
    "a mapping alone": lambda folder: {"word_vectors": VECTORS, "embedding_dim": 0},
    "a file": lambda folder: {"word_vectors": vectors_in_a_file(folder)},
    "both": lambda folder: {"word_vectors": [str(vectors_in_a_file(folder)), VECTORS]},
    "unlabeled texts": lambda folder: {"unlabeled": [SENTENCE, "aunt and lunch", "aunt"]},
    "everything": lambda folder: {
        "unlabeled": np.array([SENTENCE]),
        "word_vectors": VECTORS,
        "max_length": (20, 5),
        "early_stopping": True,
        "average_weights": False,
    },
}


@pytest.fixture(scope="session")
def small_cnn(small_cnn: Any) -> Any:
    """The network alone: the linear model knows nothing of vectors and unseen words."""
    return partial(small_cnn, linear_model=False)


@pytest.fixture(scope="module", params=list(MODELS))
def model(
    request: Any, small_cnn: Any, two_classes: Any, tmp_path_factory: pytest.TempPathFactory
) -> Any:
    """Fitted with subwords of two words or more, and not to be fitted again."""
    parameters = MODELS[request.param](tmp_path_factory.mktemp("vectors"))
    unlabeled = parameters.pop("unlabeled", None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_prepare, "_MIN_WORDS_OF_NGRAM", 2)
        cnn = small_cnn(**parameters)
        return cnn.fit(two_classes.texts, two_classes.labels, unlabeled=unlabeled)


def saved(model: Any, path: Path, **options: Any) -> Any:
    model.save(path, **options)
    return CostSensitiveTextCNN.load(path)


def test_a_loaded_model_answers_alike_whatever_its_words(
    model: Any, tmp_path: Path, new_texts: list[str]
) -> None:
    loaded = saved(model, tmp_path / "model.skcnn")
    texts = [*new_texts, *UNSEEN]
    np.testing.assert_array_equal(loaded.predict_proba(texts), model.predict_proba(texts))
    assert loaded.vocabulary_ == model.vocabulary_
    assert hasattr(loaded, "embedding_coverage_") == (model.word_vectors is not None)
    if model.word_vectors is not None:
        assert loaded.embedding_coverage_ == model.embedding_coverage_
    saved(loaded, tmp_path / "again.skcnn")
    first, again = (tmp_path / f"{name}.skcnn" for name in ("model", "again"))
    assert first.read_bytes() == again.read_bytes()


def test_a_loaded_model_has_its_parameters_and_trains_alike(
    model: Any, tmp_path: Path, two_classes: Any
) -> None:
    loaded = saved(model, tmp_path / "model.skcnn")
    expected = model.get_params()
    found = loaded.get_params()
    vectors, given = found.pop("word_vectors"), expected.pop("word_vectors")
    assert found == expected
    if isinstance(given, Path):
        assert vectors == str(given)
    elif isinstance(given, dict):
        np.testing.assert_equal({word: list(row) for word, row in vectors.items()}, given)
    else:
        assert vectors == given
    if "diary" not in model.vocabulary_:  # fitted without unlabeled texts
        again = [cnn.set_params(epochs=1) for cnn in (loaded, CostSensitiveTextCNN())]
        again[1].set_params(**{**model.get_params(), "epochs": 1})
        answers = [
            cnn.fit(two_classes.texts, two_classes.labels).predict_proba(UNSEEN) for cnn in again
        ]
        np.testing.assert_array_equal(*answers)


def test_a_loaded_model_gives_the_keras_model_of_all_its_words(model: Any, tmp_path: Path) -> None:
    loaded = saved(model, tmp_path / "model.skcnn")
    words = list(loaded.vocabulary_)
    ids = TokenSequences.from_lists([[number] for number in loaded.vocabulary_.values()])
    to_posterior = loaded._model.network.posterior_rule
    expected = to_posterior(np.asarray(loaded.model_(ids.to_padded())))
    np.testing.assert_allclose(loaded.predict_proba(words), expected, rtol=0, atol=1e-5)


def test_without_word_vectors_the_file_is_smaller_and_answers_alike_on_words_of_training(
    model: Any, tmp_path: Path, two_classes: Any
) -> None:
    small = saved(model, tmp_path / "small.skcnn", word_vectors=False)
    whole = saved(model, tmp_path / "whole.skcnn")
    assert small.word_vectors is None
    np.testing.assert_array_equal(
        small.predict_proba(two_classes.texts), model.predict_proba(two_classes.texts)
    )
    met = {word for text in two_classes.texts for word in text.split()}
    unmet = set(model.vocabulary_) - met
    assert set(small.vocabulary_) == met
    assert set(whole.vocabulary_) == met | unmet
    if unmet:
        sizes = [(tmp_path / f"{name}.skcnn").stat().st_size for name in ("small", "whole")]
        assert sizes[0] < sizes[1]
        assert not np.array_equal(small.predict_proba(["aunt"]), model.predict_proba(["aunt"]))


def test_words_left_out_are_known_by_subwords_alone(model: Any, tmp_path: Path) -> None:
    small = saved(model, tmp_path / "small.skcnn", word_vectors=False)
    unheard, jackpot, winning = small.predict_proba(["zzyzx", "qqpot", "lotterys"])
    np.testing.assert_array_equal(unheard, jackpot)
    assert np.array_equal(unheard, winning) == (not model.subwords)


@pytest.mark.parametrize("model", ["unlabeled texts", "everything"], indirect=True)
def test_unlabeled_texts_are_never_written(model: Any, tmp_path: Path) -> None:
    loaded = saved(model, tmp_path / "model.skcnn")
    assert SENTENCE.encode() not in (tmp_path / "model.skcnn").read_bytes()
    assert "diary" in loaded.vocabulary_


@pytest.mark.parametrize("word_vectors", [ONLY_VECTORS, [VECTORS, ONLY_VECTORS]], ids=type)
def test_vectors_that_a_file_cannot_hold_are_refused_with_the_cure(
    word_vectors: Any, small_cnn: Any, two_classes: Any, tmp_path: Path
) -> None:
    cnn = small_cnn(word_vectors=word_vectors, epochs=1)
    cnn.fit(two_classes.texts, two_classes.labels)
    with pytest.raises(TypeError, match=r"of type SimpleNamespace.*word_vectors=False"):
        cnn.save(tmp_path / "model.skcnn")
    assert list(tmp_path.iterdir()) == []
    loaded = saved(cnn, tmp_path / "model.skcnn", word_vectors=False)
    np.testing.assert_array_equal(loaded.predict_proba(["win"]), cnn.predict_proba(["win"]))


CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "subword_keys": lambda arrays: arrays["subword_keys"][:-1],
    "subword_vectors": lambda arrays: arrays["subword_vectors"][:, :-1],
    "embedding": lambda arrays: arrays["embedding"][:-1],
    "taps_by_offset": lambda arrays: arrays["taps_by_offset"][:-1],
    "frozen": lambda arrays: np.pad(arrays["frozen"], ((0, 0), (0, 99))),
}


@pytest.mark.parametrize("model", ["a mapping"], indirect=True)
@pytest.mark.parametrize("name", CHANGES)
def test_a_file_whose_arrays_do_not_fit_together_is_refused_when_it_is_loaded(
    name: str, model: Any, tmp_path: Path
) -> None:
    path = tmp_path / "model.skcnn"
    model.save(path)
    _, header, arrays, _ = read(path)
    own = {each.removeprefix("member_0."): array for each, array in arrays.items()}
    write(path, header, {**arrays, f"member_0.{name}": CHANGES[name](own)})
    with pytest.raises(ValueError, match="parts do not fit together"):
        CostSensitiveTextCNN.load(path)


@pytest.mark.parametrize("model", ["a mapping"], indirect=True)
@pytest.mark.parametrize(
    "name", ["vector_words", "record", "members", "parameters", "classes", "n_features_in"]
)
def test_a_header_that_lacks_a_part_is_refused(name: str, model: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.skcnn"
    model.save(path)
    _, header, arrays, _ = read(path)
    del header[name]
    write(path, header, arrays)
    with pytest.raises(ValueError, match=f"parts do not fit together: {name} is missing"):
        CostSensitiveTextCNN.load(path)


HELD_OUT = {"n_texts": 3, "average_cost": 0.5, "constant_cost": 1.0}
RECORD = {
    "history": {"type": "dict", "items": [["loss", [1.0]]]},
    "best_iter": 1,
    "coverage": None,
}


@pytest.mark.parametrize("model", ["a mapping"], indirect=True)
@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"members": []}, "members is empty"),
        ({"members": [{"kind": "oracle"}]}, "a member is 'oracle'"),
        ({"members": [{"kind": "text_cnn"}]}, "vocabulary is missing"),
        ({"members": {}}, "members is of type dict"),
        ({"classes": ["ham", "offer", "spam"], "classes_dtype": "<U5"}, "cost_matrix is"),
        ({"classes": ["spam", "ham"]}, "classes is"),
        ({"classes": ["ham", "ham"]}, "classes is"),
        ({"classes": [["ham"], ["spam"]]}, "classes is"),
        ({"members": [5]}, "kind cannot be in 5"),
        ({"tokenization": {"tokenizer": "x", "lowercase": True, "max_length": None}}, "tokenizer"),
        ({"tokenization": {"tokenizer": None, "lowercase": 1, "max_length": None}}, "tokenizer"),
        ({"tokenization": {"tokenizer": None, "lowercase": True, "max_length": "x"}}, "max_len"),
        ({"tokenization": {"tokenizer": None, "lowercase": True}}, "max_length is missing"),
        ({"vector_words": [["win"], "a", "b", "c"]}, "vector_words"),
        ({"vector_words": ["win"]}, "word_vectors is"),
        ({"record": RECORD | {"coverage": 1}}, "coverage is 1"),
        ({"record": RECORD | {"best_iter": 2}}, "best_iter is 2, expected 1 to 1"),
        ({"record": RECORD | {"best_iter": True}}, "best_iter is of type bool"),
        ({"n_features_in": 2}, "n_features_in is 2"),
        ({"columns": {"_model": None}}, r"the header has \['columns'\]"),
        ({"classes_dtype": "<f8"}, "classes cannot have the dtype '<f8'"),
        ({"record": RECORD | {"history": []}}, "history has no list of losses"),
        ({"record": RECORD | {"n_texts": 9}}, "held_out is missing"),
        ({"record": RECORD | {"held_out": None}}, "n_texts is missing"),
        ({"record": RECORD | {"n_texts": 1, "held_out": None}}, "n_texts is 1"),
        ({"record": RECORD | {"n_texts": 9.5, "held_out": None}}, "n_texts is of type float"),
        ({"record": RECORD | {"n_texts": 9, "held_out": 3}}, "held_out is of type int"),
        ({"record": RECORD | {"n_texts": 9, "held_out": {}}}, "n_texts is missing"),
        ({"record": RECORD | {"n_texts": 9, "held_out": HELD_OUT | {"more": 1}}}, "held_out has"),
        ({"record": RECORD | {"n_texts": 3, "held_out": HELD_OUT}}, "held_out is {'average"),
    ],
)
def test_a_header_whose_parts_do_not_fit_is_refused(
    changes: dict[str, Any], complaint: str, model: Any, tmp_path: Path
) -> None:
    path = tmp_path / "model.skcnn"
    model.save(path)
    _, header, arrays, _ = read(path)
    write(path, header | changes, arrays)
    with pytest.raises(ValueError, match=f"parts do not fit together: {complaint}"):
        CostSensitiveTextCNN.load(path)


MEMBER_CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"vocabulary": [1, 2]}, "vocabulary is not a list of different words"),
    ({"vocabulary": ["win", "win"]}, "vocabulary is not a list of different words"),
    ({"filter_widths": []}, r"filter_widths is \[\]"),
    ({"filter_widths": ["2", "1"]}, "filter_widths is"),
    ({"filter_widths": [1, 2]}, r"filter_widths is \[1, 2\], expected integers >= 1, decreasing"),
    ({"loss": {"name": "hinge", "parameters": {}}}, "loss is .* not a loss of this version"),
    (
        {"loss": {"name": "focal", "parameters": {"beta": 1}}},
        "loss is .* not a loss of this version",
    ),
]


@pytest.mark.parametrize("model", ["a mapping"], indirect=True)
@pytest.mark.parametrize(("changes", "complaint"), MEMBER_CHANGES)
def test_a_network_whose_header_does_not_fit_is_refused(
    changes: dict[str, Any], complaint: str, model: Any, tmp_path: Path
) -> None:
    path = tmp_path / "model.skcnn"
    model.save(path)
    _, header, arrays, _ = read(path)
    header["members"][0] |= changes
    write(path, header, arrays)
    with pytest.raises(ValueError, match=f"parts do not fit together: {complaint}"):
        CostSensitiveTextCNN.load(path)


@pytest.mark.parametrize("model", ["a mapping"], indirect=True)
@pytest.mark.parametrize(
    "name", ["cost_matrix", "member_0.embedding", "member_0.loss_costs", "member_0.dense_bias"]
)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(
    name: str, value: float, model: Any, tmp_path: Path
) -> None:
    path = tmp_path / "model.skcnn"
    model.save(path)
    _, header, arrays, _ = read(path)
    arrays[name].flat[0] = value
    write(path, header, arrays)
    with pytest.raises(ValueError, match="parts do not fit together"):
        CostSensitiveTextCNN.load(path)


@pytest.mark.parametrize("model", ["a mapping"], indirect=True)
def test_a_parameter_that_the_estimator_does_not_have_is_named(model: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.skcnn"
    model.save(path)
    _, header, arrays, _ = read(path)
    header["parameters"]["n_layers"] = 3
    write(path, header, arrays)
    with pytest.raises(ValueError, match=r"model.skcnn has the parameters \['n_layers'\]"):
        CostSensitiveTextCNN.load(path)


STORED = Path(__file__).parent / "stored"


@pytest.mark.parametrize(
    ("path", "tolerance"),
    [
        pytest.param(STORED / "format_1.skcnn", 1e-6, id="format_1"),
        pytest.param(STORED / "format_2.skcnn", 1e-6, id="format_2"),
        pytest.param(STORED / "format_3.skcnn", 1e-6, id="format_3"),
        # With sentence vectors: other processors round their many layers otherwise.
        pytest.param(STORED / "format_4.skcnn", 1e-3, id="format_4", marks=needs_minilm),
        pytest.param(STORED / "format_5.skcnn", 1e-6, id="format_5"),
        pytest.param(STORED / "format_6.skcnn", 1e-6, id="format_6"),
    ],
)
def test_a_file_of_every_format_predicts_as_on_the_day_it_was_written(
    path: Path, tolerance: float, tmp_path: Path
) -> None:
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    loaded = CostSensitiveTextCNN.load(path)
    again = saved(loaded, tmp_path / "again.skcnn")
    for cnn in (loaded, again):
        P = cnn.predict_proba(expected["texts"])
        np.testing.assert_allclose(P, expected["probabilities"], rtol=0, atol=tolerance)
        assert cnn.predict(expected["texts"]).tolist() == expected["labels"]
    assert loaded.linear_model == (path.stem != "format_1")


def test_there_is_a_stored_file_of_every_format() -> None:
    versions = {read(path).format_version for path in STORED.glob("*.skcnn")}
    assert versions == set(range(1, FORMAT_VERSION + 1))


def test_a_file_holds_the_model_as_it_was_fitted_whatever_becomes_of_the_parameters(
    small_cnn: Any, two_classes: Any, tmp_path: Path
) -> None:
    cnn = small_cnn(epochs=1).fit(two_classes.texts, two_classes.labels)
    expected = cnn.predict_proba(["WIN Cash NOW and more"])
    loaded = saved(cnn.set_params(lowercase=False, max_length=2), tmp_path / "model.skcnn")
    assert (loaded.lowercase, loaded.max_length) == (False, 2)
    np.testing.assert_array_equal(loaded.predict_proba(["WIN Cash NOW and more"]), expected)


def test_a_model_whose_tokenizer_is_code_is_refused_whatever_becomes_of_the_parameter(
    small_cnn: Any, two_classes: Any, tmp_path: Path
) -> None:
    cnn = small_cnn(epochs=1, tokenizer=str.split).fit(two_classes.texts, two_classes.labels)
    with pytest.raises(TypeError, match="tokenizer is of type"):
        cnn.set_params(tokenizer=None).save(tmp_path / "model.skcnn")


def test_texts_given_by_the_old_parameter_are_never_written(
    small_cnn: Any, two_classes: Any, tmp_path: Path
) -> None:
    cnn = small_cnn(epochs=1, unlabeled=[SENTENCE])
    with pytest.warns(FutureWarning, match="unlabeled"):
        cnn.fit(two_classes.texts, two_classes.labels)
    loaded = saved(cnn, tmp_path / "model.skcnn")
    assert SENTENCE.encode() not in (tmp_path / "model.skcnn").read_bytes()
    assert loaded.unlabeled == "deprecated"


def test_the_name_of_a_column_survives_the_file(
    small_cnn: Any, two_classes: Any, tmp_path: Path
) -> None:
    table = pd.DataFrame({"report": two_classes.texts})
    cnn = small_cnn(epochs=1).fit(table, two_classes.labels)
    loaded = saved(cnn, tmp_path / "model.skcnn")
    assert loaded.feature_names_in_.tolist() == ["report"]
    assert loaded.n_features_in_ == 1
    with pytest.raises(ValueError, match="feature names"):
        loaded.predict(table.rename(columns={"report": "other"}))
