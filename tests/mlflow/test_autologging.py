"""What MLflow logs by itself while estimators of skcnn are fitted, in a second process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mlflow")
SCRIPT = Path(__file__).with_name("autologged.py")


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("autologged")
    command = [sys.executable, str(SCRIPT), str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "logged.json").read_text())


@pytest.mark.parametrize(
    "fit", ["alone", "partial_fit", "own network", "rule", "threads", "folds", "failure"]
)
def test_the_parts_of_an_estimator_are_not_logged(fit: str, logged: Any) -> None:
    assert logged[fit] == []


@pytest.mark.parametrize(
    ("fit", "costs"),
    [
        ("pipeline", "costsensitivetextcnn__cost_matrix"),
        ("rule in a pipeline", "mincostclassifier__cost_matrix"),
    ],
)
def test_a_pipeline_is_logged_with_its_cost_matrix_and_metrics(
    fit: str, costs: str, logged: Any
) -> None:
    (run,) = logged[fit]
    assert run["name"] == "Pipeline"
    assert run[costs] == "{'spam': 5}"
    assert run["training_recall_score"] == 1


def test_the_model_of_a_pipeline_is_the_estimator(logged: Any) -> None:
    assert logged["model"] == ["CostSensitiveTextCNN", ["spam"]]


def test_a_search_is_logged_with_one_run_for_each_candidate(logged: Any) -> None:
    names = [run["name"] for run in logged["search"]]
    assert names.count("GridSearchCV") == 1
    (search,) = [run for run in logged["search"] if run["name"] == "GridSearchCV"]
    assert search["best_dropout"] in ("0.1", "0.5")
    assert {run["dropout"] for run in logged["search"] if "dropout" in run} == {"0.1", "0.5"}
    assert len(names) == 3


def test_other_classifiers_are_logged_as_ever_afterwards(logged: Any) -> None:
    (run,) = logged["another classifier"]
    assert run["name"] == "Pipeline"
    assert "tfidfvectorizer__lowercase" in run


def test_a_first_fit_under_autologging_of_all_libraries_warns_of_nothing(tmp_path: Path) -> None:
    code = (
        f"import mlflow\nmlflow.set_tracking_uri('sqlite:///{tmp_path / 'runs.db'}')\n"
        "mlflow.autolog()\nimport skcnn.network._environment as environment\n"
        "environment.load_tensorflow()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Exception raised" not in done.stderr
    assert "successfully enabled for tensorflow" in done.stderr


def test_a_fit_does_not_import_mlflow() -> None:
    code = (
        "import sys, skcnn, skcnn.mlflow\n"
        "cnn = skcnn.CostSensitiveTextCNN(epochs=1, early_stopping=False, linear_model=False)\n"
        "cnn.fit(['win cash', 'lunch'], [1, 0])\n"
        "print('mlflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
