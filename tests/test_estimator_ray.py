"""The estimator on the workers of Ray: a search through joblib, and the recipe with Ray Data."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skcnn import CostSensitiveTextCNN, cost_grid, cost_path, make_cost_scorer
from tests.conftest import Corpus
from tests.recipes import recipes

ray = pytest.importorskip("ray")
ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    environment = {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    ray.init(
        num_cpus=3,  # two for actors, one for reading and writing
        include_dashboard=False,
        log_to_driver=False,
        object_store_memory=2**27,
        runtime_env={"env_vars": environment},
    )
    yield
    ray.shutdown()


@pytest.mark.usefixtures("cluster")
def test_a_grid_search_over_costs_on_ray_has_the_scores_of_one_process(
    small_cnn: Any, noisy: Corpus
) -> None:
    costs = {"cost_matrix": cost_grid("spam", [1, 5])}
    scoring = make_cost_scorer({"spam": 5})
    search = GridSearchCV(small_cnn(epochs=2), costs, scoring=scoring, cv=2, n_jobs=2)
    here = clone(search).set_params(n_jobs=1).fit(noisy.texts, noisy.labels).cv_results_
    there = recipes()["search_with_ray"](search, noisy.texts, noisy.labels).cv_results_
    for name in ("split0_test_score", "split1_test_score", "rank_test_score"):
        np.testing.assert_array_equal(there[name], here[name])


@pytest.mark.usefixtures("cluster")
def test_a_cost_path_on_ray_is_that_of_one_process(noisy: Corpus) -> None:
    from ray.util.joblib import register_ray

    register_ray()
    classifier = make_pipeline(CountVectorizer(), LogisticRegression())
    options: dict[str, Any] = {"ratios": [1, 5], "pos_label": "spam", "cv": 2}
    here = cost_path(classifier, noisy.texts, noisy.labels, **options)
    with joblib.parallel_config(backend="ray", n_jobs=2):
        there = cost_path(classifier, noisy.texts, noisy.labels, **options)
    np.testing.assert_array_equal(there.cost, here.cost)


@pytest.mark.usefixtures("cluster")
def test_the_recipe_with_ray_data_scores_a_table_without_tensorflow(
    tech_cnn: CostSensitiveTextCNN, new_texts: list[str], tmp_path: Path
) -> None:
    table = pd.DataFrame({"id": range(len(new_texts) + 1), "text": [*new_texts, None]})
    for number in range(3):
        table[number::3].to_parquet(tmp_path / f"part-{number}.parquet")
    loaded = tmp_path / "loaded"
    namespace = recipes()

    scored = namespace["scored"]

    def watched(frame: pd.DataFrame, model: Any) -> pd.DataFrame:
        result: pd.DataFrame = scored(frame, model)
        with loaded.open("a", encoding="utf-8") as file:
            file.write(f"{sorted({'tensorflow', 'keras'} & set(sys.modules))}\n")
        return result

    namespace["scored"] = watched
    source = [str(tmp_path / f"part-{number}.parquet") for number in range(3)]
    namespace["score_with_ray"](tech_cnn, source, str(tmp_path / "labels"), 2)
    found = pd.read_parquet(tmp_path / "labels").sort_values("id")
    texts = table["text"].fillna("")
    assert found["id"].tolist() == table["id"].tolist()
    assert found["label"].tolist() == tech_cnn.predict(texts).tolist()
    np.testing.assert_allclose(found["p_tech"], tech_cnn.predict_proba(texts)[:, 1], atol=1e-6)
    assert set(loaded.read_text("utf-8").split("\n")) == {"[]", ""}
