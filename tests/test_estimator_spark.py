"""The recipe with Spark: its function as Spark would call it, and Spark itself where it is."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import skcnn
from skcnn import CostSensitiveTextCNN
from tests.recipes import recipes


@pytest.fixture
def path(tech_cnn: CostSensitiveTextCNN, tmp_path: Path) -> Path:
    skcnn.save(tech_cnn, tmp_path / "model.skcnn")
    return tmp_path / "model.skcnn"


@pytest.fixture
def table(new_texts: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"id": range(len(new_texts) + 1), "text": [*new_texts, None]})


def assert_scored(found: pd.DataFrame, table: pd.DataFrame, cnn: CostSensitiveTextCNN) -> None:
    texts = table["text"].fillna("")
    assert found["id"].tolist() == table["id"].tolist()
    assert found["label"].tolist() == cnn.predict(texts).tolist()
    np.testing.assert_allclose(found["p_tech"], cnn.predict_proba(texts)[:, 1], atol=1e-6)


def test_the_function_scores_an_iterator_of_tables_and_loads_the_model_once(
    path: Path, table: pd.DataFrame, tech_cnn: CostSensitiveTextCNN
) -> None:
    namespace = recipes()
    paths: list[str] = []

    def load(path: str) -> CostSensitiveTextCNN:
        paths.append(path)
        return namespace["CostSensitiveTextCNN"].load(path)

    namespace["load"] = load
    parts = iter([table[:10], table[10:10], table[10:]])
    found = list(namespace["scored_batches"](parts, str(path)))
    assert [len(part) for part in found] == [10, 0, len(table) - 10]
    assert_scored(pd.concat(found), table, tech_cnn)
    assert paths == [str(path)]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java")
def test_spark_scores_a_table(
    path: Path,
    table: pd.DataFrame,
    tech_cnn: CostSensitiveTextCNN,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sql = pytest.importorskip("pyspark.sql")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    source, target = str(tmp_path / "table.parquet"), str(tmp_path / "labels")
    table.to_parquet(source)
    spark = sql.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    spark = spark.getOrCreate()
    try:
        recipes()["score_with_spark"](spark, str(path), source, target)
    finally:
        spark.stop()
    assert_scored(pd.read_parquet(target).sort_values("id"), table, tech_cnn)
