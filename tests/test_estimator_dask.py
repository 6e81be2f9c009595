"""The estimator on the workers of dask: real processes, what they compute, what they are left."""

from __future__ import annotations

import gc
import os
import random
import sys
from collections.abc import Callable, Iterator
from typing import Any

import dask
import dask.array as da
import dask.dataframe as dd
import joblib
import numpy as np
import pandas as pd
import psutil
import pytest
from dask.distributed import Client, LocalCluster
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from threadpoolctl import threadpool_info

from skcnn import CostPath, CostSensitiveTextCNN, cost_grid, cost_path, make_cost_scorer
from tests.conftest import Corpus
from tests.recipes import recipes


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Two workers on this machine, which keep what was scattered until it is no longer used.

    Dask's memory manager looks every two seconds for copies that no waiting task needs, and
    deletes them: on a slow machine also between ``scatter`` and the first task.
    """
    with (
        dask.config.set({"distributed.scheduler.active-memory-manager.start": False}),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client


# ---------------------------------------------------------------------------------------------
# What is found in a worker
# ---------------------------------------------------------------------------------------------


def state() -> dict[str, Any]:
    """What nothing may change in a worker."""
    import sklearn  # noqa: F401 (loads libraries with threads)

    threads = {pool["filepath"]: pool["num_threads"] for pool in threadpool_info()}
    return {"environment": dict(os.environ), "threads": threads}


def states_around(call: Callable[..., Any], *arguments: Any) -> list[dict[str, Any]]:
    """The state before and after a call, with random states, which dask uses between calls."""

    def all_states() -> dict[str, Any]:
        drawn = np.random.get_state()[1].tolist(), np.random.get_state()[2]  # type: ignore[index]
        return state() | {"random": random.getstate(), "numpy.random": drawn}

    before = all_states()
    call(*arguments)
    return [before, all_states()]


def assert_unchanged(before: dict[str, Any], after: dict[str, Any]) -> None:
    known = before["threads"]  # a fit loads more libraries
    threads = {path: after["threads"][path] for path in known}
    assert after | {"threads": threads} == before


def heavy_modules() -> set[str]:
    return {"tensorflow", "keras", "scikeras"} & set(sys.modules)


def bytes_after(n: int, model: Any, texts: list[str]) -> int:
    """Memory of the process after n predictions."""
    for _ in range(n):
        model.predict(texts)
    gc.collect()
    return int(psutil.Process().memory_info().rss)


class CountedModel:
    """A model that counts in each process how often it has arrived there."""

    arrivals = 0

    def __init__(self, model: Any) -> None:
        self.predict_proba = model.predict_proba
        self.cost_matrix_, self.classes_ = model.cost_matrix_, model.classes_

    def __setstate__(self, attributes: dict[str, Any]) -> None:
        CountedModel.arrivals += 1
        vars(self).update(attributes)


def arrivals() -> int:
    return CountedModel.arrivals


# ---------------------------------------------------------------------------------------------
# Workers that predict
# ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def table(new_texts: list[str]) -> pd.DataFrame:
    """A text without words, an empty one, and a missing one too."""
    return pd.DataFrame({"id": range(len(new_texts) + 1), "text": [*new_texts, None]})


@pytest.fixture(scope="module")
def scored(client: Client, tech_cnn: CostSensitiveTextCNN, table: pd.DataFrame) -> dict[str, Any]:
    """What the recipe made of the table, and what was found in workers that only predicted."""
    function = recipes()["scored"]
    corpus = dd.from_pandas(table, npartitions=6)
    corpus = corpus[corpus["id"] > len(table) // 5]  # leaves the first partition empty
    model = client.scatter(CountedModel(tech_cnn), broadcast=True, hash=False)
    meta = function(table[:1], tech_cnn)
    result = corpus.map_partitions(function, model, meta=meta).compute()
    del model
    texts = ["see you at lunch or win cash now " * 5] * 2000
    first = client.run(bytes_after, 5, tech_cnn, texts)
    later = client.run(bytes_after, 25, tech_cnn, texts)
    return {
        "table": result,
        "arrivals": client.run(arrivals),
        "states": client.run(states_around, tech_cnn.predict, texts),
        "heavy": client.run(heavy_modules),
        "growth": [later[worker] - first[worker] for worker in first],
    }


def test_workers_score_each_part_as_one_process_does(
    scored: dict[str, Any], tech_cnn: CostSensitiveTextCNN, table: pd.DataFrame
) -> None:
    rows = table[table["id"] > len(table) // 5]
    texts = rows["text"].fillna("")
    found = scored["table"]
    assert found["id"].tolist() == rows["id"].tolist()
    assert found["label"].tolist() == tech_cnn.predict(texts).tolist()
    P = tech_cnn.predict_proba(texts)
    np.testing.assert_allclose(found["p_tech"], P[:, 1], atol=1e-6)


def test_a_model_that_is_scattered_arrives_once_in_each_worker(scored: dict[str, Any]) -> None:
    assert list(scored["arrivals"].values()) == [1, 1]


def test_workers_that_predict_need_no_tensorflow(scored: dict[str, Any]) -> None:
    assert list(scored["heavy"].values()) == [set(), set()]


def test_workers_that_predict_are_left_as_they_were(scored: dict[str, Any]) -> None:
    for states in scored["states"].values():
        assert_unchanged(*states)


def test_workers_that_predict_keep_no_memory(scored: dict[str, Any]) -> None:
    assert max(scored["growth"]) < 2**22  # the texts of all calls have twice as many bytes


def test_labels_and_probabilities_of_partitions_are_those_of_one_process(
    client: Client, fitted: CostSensitiveTextCNN, new_texts: list[str]
) -> None:
    texts = dd.from_pandas(pd.Series(new_texts), npartitions=3)
    labels = texts.map_partitions(fitted.predict, meta=(None, "str"))
    P = texts.map_partitions(fitted.predict_proba, meta=np.empty((0, 2)))
    assert list(labels.compute()) == fitted.predict(new_texts).tolist()
    np.testing.assert_allclose(P.compute(), fitted.predict_proba(new_texts), atol=1e-6)


# ---------------------------------------------------------------------------------------------
# Workers that fit
# ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def searched(
    client: Client, scored: dict[str, Any], small_cnn: Any, noisy: Corpus
) -> dict[str, Any]:
    """Searches in this process and on the workers, and what was found there."""
    search = GridSearchCV(
        small_cnn(epochs=2),
        {"cost_matrix": cost_grid("spam", [1, 5])},
        scoring=make_cost_scorer({"spam": 5}),
        cv=2,
    )

    def results(n_jobs: int) -> tuple[dict[str, Any], CostPath]:
        found = clone(search).set_params(n_jobs=n_jobs).fit(noisy.texts, noisy.labels)
        options: dict[str, Any] = {"pos_label": "spam", "cv": 2, "n_jobs": n_jobs}
        path = cost_path(small_cnn(epochs=2), noisy.texts, noisy.labels, [2, 5], **options)
        return found.cv_results_, path

    here = results(n_jobs=1)
    states = client.run(state)
    with joblib.parallel_config(backend="dask"):
        there = results(n_jobs=2)
    heavy, later = client.run(heavy_modules), client.run(state)
    return {
        "here": here,
        "there": there,
        "states": [(states[worker], later[worker]) for worker in states],
        "heavy": heavy,
    }


def test_a_grid_search_over_costs_on_workers_has_the_scores_of_one_process(
    searched: dict[str, Any],
) -> None:
    assert all("tensorflow" in modules for modules in searched["heavy"].values())
    here, there = (searched[where][0] for where in ("here", "there"))
    scores = [name for name in here if "score" in name and "time" not in name]
    assert len(scores) == 5
    for name in scores:
        np.testing.assert_array_equal(there[name], here[name])


def test_a_cost_path_on_workers_is_that_of_one_process(searched: dict[str, Any]) -> None:
    here, there = (searched[where][1] for where in ("here", "there"))
    for name in ("recall", "precision", "cost"):
        np.testing.assert_array_equal(getattr(there, name), getattr(here, name))


def test_workers_that_fit_are_left_as_they_were(
    client: Client, searched: dict[str, Any], small_cnn: Any, noisy: Corpus
) -> None:
    around = client.run(states_around, small_cnn(epochs=1).fit, noisy.texts, noisy.labels)
    for states in [*searched["states"], *around.values()]:
        assert_unchanged(*states)


# ---------------------------------------------------------------------------------------------
# Collections of dask, without workers
# ---------------------------------------------------------------------------------------------


@pytest.fixture
def threads() -> Iterator[None]:
    """No worker process is asked, whatever cluster there is."""
    with dask.config.set(scheduler="synchronous"):
        yield


COLLECTIONS = {
    "array": lambda texts: da.from_array(np.array(texts), chunks=20),
    "array (n, 1)": lambda texts: da.from_array(np.array(texts)[:, None], chunks=(20, 1)),
    "array of objects": lambda texts: da.from_array(np.array(texts, dtype=object), chunks=20),
    "Series": lambda texts: dd.from_pandas(pd.Series(texts), npartitions=3),
    "DataFrame": lambda texts: dd.from_pandas(pd.DataFrame({"text": texts}), npartitions=3),
}


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("collection", COLLECTIONS.values(), ids=COLLECTIONS)
def test_a_collection_is_predicted_as_a_list(
    collection: Any, fitted: CostSensitiveTextCNN, new_texts: list[str]
) -> None:
    X = collection(new_texts)
    np.testing.assert_array_equal(fitted.predict(X), fitted.predict(new_texts))
    np.testing.assert_array_equal(fitted.predict_proba(X), fitted.predict_proba(new_texts))


@pytest.mark.usefixtures("threads")
def test_collections_are_learned_from_as_lists(small_cnn: Any, two_classes: Corpus) -> None:
    frame = pd.DataFrame({"text": two_classes.texts})
    y = dd.from_pandas(pd.Series(two_classes.labels), npartitions=2)
    cnn = small_cnn(epochs=1).fit(dd.from_pandas(frame, npartitions=2), y)
    expected = small_cnn(epochs=1).fit(frame, two_classes.labels)
    np.testing.assert_array_equal(cnn.predict_proba(frame), expected.predict_proba(frame))
    assert (cnn.n_features_in_, cnn.feature_names_in_.tolist()) == (1, ["text"])
    renamed = dd.from_pandas(frame.rename(columns={"text": "body"}), npartitions=2)
    for method in (cnn.predict, lambda X: cnn.partial_fit(X, two_classes.labels)):
        with pytest.raises(ValueError, match="feature names should match"):
            method(renamed)


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_partitions_without_meta_are_refused_with_the_cure(
    method: str, fitted: CostSensitiveTextCNN, new_texts: list[str]
) -> None:
    texts = dd.from_pandas(pd.Series(new_texts), npartitions=3)
    with pytest.raises(ValueError, match="give map_partitions the argument meta"):
        texts.map_partitions(getattr(fitted, method))


def test_a_missing_text_of_the_user_is_refused_without_a_word_about_dask(
    fitted: CostSensitiveTextCNN,
) -> None:
    with pytest.raises(ValueError, match=r"write an empty text '' there\.$"):
        fitted.predict(["win", None, "cash"])


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("kind", ["array (n, 1)", "DataFrame"])
def test_parallel_post_fit_of_dask_ml_scores_blocks(
    kind: str, fitted: CostSensitiveTextCNN, new_texts: list[str]
) -> None:
    pytest.importorskip("dask_ml")
    post_fit = recipes()["post_fit"](fitted)
    X = COLLECTIONS[kind](new_texts)
    labels, P = post_fit.predict(X), post_fit.predict_proba(X)
    assert isinstance(labels, da.Array)
    assert isinstance(P, da.Array)
    assert labels.compute().tolist() == fitted.predict(new_texts).tolist()
    np.testing.assert_allclose(P.compute(), fitted.predict_proba(new_texts), atol=1e-6)
