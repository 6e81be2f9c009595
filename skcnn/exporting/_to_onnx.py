"""`skcnn.to_onnx`: a fitted classifier as an ONNX graph, and its tokenizer as JSON."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skcnn.costs._decision import decision_costs
from skcnn.costs._min_cost import MinCostClassifier
from skcnn.disk._atomic import check_can_write, replacing
from skcnn.exporting._decision import Rule, expected_costs, label_of
from skcnn.exporting._graph import Graph, Value
from skcnn.exporting._inputs import NewWords, Texts
from skcnn.exporting._network import network_softmax
from skcnn.exporting._ngrams import ngram_probabilities
from skcnn.exporting._posterior import posterior_of, reweighted
from skcnn.exporting._tokenizer_file import tokenizer_json
from skcnn.files._rule import inner_network
from skcnn.files._save_load import SaveLoadMixin
from skcnn.predicting._model import FittedModel
from skcnn.predicting._ngram_model import NgramModel
from skcnn.predicting._pool import LOWEST_PROBABILITY, LogarithmicPool
from skcnn.predicting._text_cnn import FittedTextCNN
from skcnn.text._vocabulary import FIRST_WORD

_NOT_EXPORTED = {
    "sentence_vectors": "sentence vectors",
    "classifier": "a classifier of yours",
    "keras_network": "a Keras network of yours",
}


def to_onnx(model: Any, path: str | os.PathLike[str], *, word_vectors: bool = True) -> None:
    """Write a fitted classifier as an ONNX graph, and its tokenizer as JSON.

    ONNX Runtime then predicts without skcnn, and without Python if need be. The graph has all of
    `predict_proba`, `expected_costs` and `predict`. Its inputs are token ids. docs/onnx.md has a
    short program that reads the tokenizer and makes them.

    Parameters
    ----------
    model : CostSensitiveTextCNN, or MinCostClassifier around one
        Fitted, with skcnn's own tokenizer, and without sentence vectors, members and networks of
        your own.
    path : str or path
        Of the graph; its name ends in ".onnx". The tokenizer is written to the same name
        with ".json". Older files of these names are replaced.
    word_vectors : bool, default=True
        False leaves out the pretrained vectors of words that the training texts do not contain. The
        files are smaller, and such words are known by their subwords only.

    Raises
    ------
    ImportError
        If onnx is not installed.
    sklearn.exceptions.NotFittedError
        If the classifier is not fitted.
    TypeError
        If it is another classifier, or has a part or labels that cannot be exported.
    ValueError
        If the name does not end in ".onnx", `word_vectors` is not a boolean, or the graph is too
        large for one file.
    OSError
        If a file cannot be written.

    Warns
    -----
    UserWarning
        If `cost_matrix` was changed after the fit: the graph decides at the old costs.

    Examples
    --------
    >>> import skcnn
    >>> texts, labels = ["win cash", "cash prize", "at noon", "lunch"], [1, 1, 0, 0]
    >>> cnn = skcnn.CostSensitiveTextCNN(early_stopping=False, random_state=0).fit(texts, labels)
    >>> skcnn.to_onnx(cnn, "model.onnx")
    >>> import onnxruntime
    >>> session = onnxruntime.InferenceSession("model.onnx")
    >>> [each.name for each in session.get_outputs()]
    ['probabilities', 'expected_costs', 'label']
    """
    _check_onnx()
    _check_word_vectors(word_vectors)
    graph_path, tokenizer_path = _paths(path)
    fitted, rule = _fitted_and_rule(model)
    if not word_vectors:
        members = tuple(member.without_unseen_words() for member in fitted.members)
        fitted = replace(fitted, members=members)
    content = _graph_of(fitted, rule).to_model().SerializeToString()
    tokenizer = tokenizer_json(
        fitted.tokenize,
        list(fitted.network.vocabulary),
        _n_seen(fitted),
        onnx_sha256=hashlib.sha256(content).hexdigest(),
        classes=rule.labels.tolist(),
    )
    for each, written in ((graph_path, content), (tokenizer_path, tokenizer)):
        with replacing(each) as file:
            file.write(written)


def _check_onnx() -> None:
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise ImportError(
            'to_onnx needs onnx, which is not installed. Install it with: pip install "skcnn[onnx]"'
        ) from error


def _check_word_vectors(word_vectors: Any) -> None:
    if not isinstance(word_vectors, bool | np.bool_):
        raise ValueError(
            f"word_vectors is {word_vectors!r}; expected True or False. 'float16', 'int8' and "
            "'int4' are of save only: a graph holds all its numbers in full."
        )


def _paths(path: str | os.PathLike[str]) -> tuple[Path, Path]:
    """Return the names of both files, to which can be written."""
    graph_path = Path(path)
    if graph_path.suffix != ".onnx":
        raise ValueError(
            f"path is {os.fspath(path)!r}; expected a name that ends in .onnx. The tokenizer is "
            "written to the same name with .json."
        )
    tokenizer_path = graph_path.with_suffix(".json")
    check_can_write(graph_path)
    check_can_write(tokenizer_path)
    return graph_path, tokenizer_path


def _fitted_and_rule(model: Any) -> tuple[FittedModel, Rule]:
    """Return what predicts and what decides; raise an error if a part cannot be exported."""
    network = model
    if isinstance(model, MinCostClassifier):
        check_is_fitted(model, "estimator_")
        network = inner_network(model)
    if not isinstance(network, SaveLoadMixin):
        inside = "" if network is model else f" around a {type(network).__name__}"
        raise TypeError(
            f"model is a {type(model).__name__}{inside}; expected a CostSensitiveTextCNN, alone or "
            "inside a MinCostClassifier. Of a search, pass best_estimator_, and of a pipeline its "
            "last step."
        )
    check_is_fitted(network)
    model._warn_if_costs_changed()
    _check_parts(network._model)
    return network._model, _rule_of(model)


def _check_parts(fitted: FittedModel) -> None:
    if fitted.tokenize.tokenizer is not None:
        raise TypeError(
            "the model has a tokenizer of its own, which cannot be written as JSON; expected "
            "tokenizer=None. Fit with it, or use joblib.dump."
        )
    for member in fitted.members_that_count()[0]:
        if member.kind in _NOT_EXPORTED:
            raise TypeError(
                f"the model has {_NOT_EXPORTED[member.kind]}, which cannot be exported; expected "
                "the network of skcnn and the n-gram model alone. fit(X, y, unlabeled=...) with "
                "distill=True keeps only these."
            )


def _rule_of(model: Any) -> Rule:
    abstention = model._abstention()
    abstain_cost = abstention.get("abstain_cost")
    labels = _exported_labels(model.classes_.tolist())
    if abstain_cost is not None:
        labels = _exported_labels([*model.classes_.tolist(), abstention["abstain_label"]])
    return Rule(
        labels=labels,
        cost_matrix=model.cost_matrix_,
        decision_costs=decision_costs(model.decision, model.cost_matrix_),
        abstain_cost=abstain_cost,
        threshold=model._fixed_threshold(),
        priors=model.priors_ if isinstance(model, MinCostClassifier) else None,
    )


def _exported_labels(labels: list[Any]) -> NDArray[Any]:
    """Return labels as an array of strings, booleans, int64 or float64."""
    if all(isinstance(label, str) for label in labels):
        return np.array(labels, dtype=object)
    too_large = [label for label in labels if isinstance(label, Integral) and int(label) >= 2**63]
    if too_large:
        raise TypeError(
            f"the labels have {too_large[-1]}; the graph has integers up to 2**63 - 1. Fit with "
            "strings: [str(label) for label in y]."
        )
    array = np.array(labels)
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"the labels are {labels[:10]!r}; ONNX has strings, booleans and numbers. Fit with "
            "such labels, for example [str(label) for label in y]."
        )
    if array.dtype.kind == "b":
        return array
    return array.astype(np.float64 if array.dtype.kind == "f" else np.int64)


def _n_seen(fitted: FittedModel) -> int:
    return len(fitted.network.seen_words) + FIRST_WORD


def _graph_of(fitted: FittedModel, rule: Rule) -> Graph:
    graph, n_classes = Graph(), len(fitted.classes)
    texts, new = Texts.of(graph, _n_seen(fitted)), NewWords.of(graph)
    members, pool = fitted.members_that_count()
    found = []
    for member in members:
        if isinstance(member, NgramModel):
            found.append(ngram_probabilities(member, texts, new, fitted.network.seen_words))
        else:
            assert isinstance(member, FittedTextCNN)  # _check_parts refuses all others
            softmax = network_softmax(member.weights, texts, new)
            found.append(posterior_of(member.posterior_rule, softmax))
    P = found[0] if pool is None else _pooled(found, pool)
    if rule.priors is not None:
        P = reweighted(P, *rule.priors)
    graph.output("probabilities", P, ("n_texts", n_classes))
    graph.output("expected_costs", expected_costs(P, rule.cost_matrix), ("n_texts", n_classes))
    graph.output("label", label_of(P, rule), ("n_texts",))
    return graph


def _pooled(probabilities: list[Value], pool: LogarithmicPool) -> Value:
    """Do what `LogarithmicPool` does, (n, K)."""
    total: Any = pool.log_factors
    for P, exponent in zip(probabilities, pool.exponents.tolist(), strict=True):
        total = P.maximum(LOWEST_PROBABILITY).log() * exponent + total
    joined: Value = total.node("Softmax", axis=1)
    return joined
