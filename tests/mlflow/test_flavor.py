"""Models of skcnn in MLflow, with a real store in a local folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import skcnn
import skcnn.mlflow
from skcnn import CostSensitiveTextCNN, MinCostClassifier, ModelFileError
from skcnn.files import TRUSTED_TYPES

mlflow = pytest.importorskip("mlflow")
TEXTS = ["win cash now", "lunch at home", ""]


@pytest.fixture(scope="module", autouse=True)
def store(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A database and a folder of this module's own."""
    folder = tmp_path_factory.mktemp("store")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'runs.db'}")
    mlflow.set_experiment(
        experiment_id=mlflow.create_experiment("tests", artifact_location=folder.as_uri())
    )
    yield folder
    mlflow.set_tracking_uri(before)


def saved(model: Any, path: Path, **options: Any) -> Any:
    skcnn.mlflow.save_model(model, path, **options)
    return mlflow.pyfunc.load_model(str(path))


FORMS = {
    "list": lambda texts: texts,
    "array": np.array,
    "Series": pd.Series,
    "DataFrame": lambda texts: pd.DataFrame({"any name": texts}),
}


@pytest.fixture(scope="module")
def fitted_on_a_table(small_cnn: Any, two_classes: Any) -> Any:
    """Fitted on a DataFrame with the column "report"; not to be fitted again."""
    return small_cnn(epochs=1).fit(pd.DataFrame({"report": two_classes.texts}), two_classes.labels)


def test_where_mlflow_is_missing_the_error_says_how_to_install_it(
    fitted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    monkeypatch.setattr("skcnn._compat.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"needs mlflow,.*: pip install mlflow$"):
        skcnn.mlflow.save_model(fitted, tmp_path / "model")


@pytest.mark.parametrize("form", FORMS)
def test_a_saved_model_predicts_labels_and_probabilities(
    form: str, fitted: Any, tmp_path: Path
) -> None:
    loaded = saved(fitted, tmp_path / "model")
    X = FORMS[form](TEXTS)
    assert loaded.predict(X).tolist() == fitted.predict(TEXTS).tolist()
    found = loaded.predict(X, params={"method": "predict_proba"})
    assert found.columns.tolist() == ["ham", "spam"]
    np.testing.assert_array_equal(found.to_numpy(), fitted.predict_proba(TEXTS))


@pytest.mark.parametrize(
    "texts",
    [
        TEXTS,
        np.array(TEXTS),
        pd.Series(TEXTS),
        pd.Series(TEXTS, name="report"),
        pd.DataFrame({"report": TEXTS}),
        pd.DataFrame({"report": TEXTS, "number": 1}),
    ],
    ids=["list", "array", "Series", "named Series", "DataFrame", "wide DataFrame"],
)
def test_a_model_fitted_on_a_table_takes_every_container(
    texts: Any, fitted_on_a_table: Any, tmp_path: Path
) -> None:
    loaded = saved(fitted_on_a_table, tmp_path / "model")
    found = loaded.predict(texts, params={"method": "predict_proba"})
    expected = fitted_on_a_table.predict_proba(pd.DataFrame({"report": TEXTS}))
    np.testing.assert_array_equal(found.to_numpy(), expected)


def test_a_model_fitted_on_a_table_refuses_a_column_of_another_name(
    fitted_on_a_table: Any, tmp_path: Path
) -> None:
    loaded = saved(fitted_on_a_table, tmp_path / "model")
    with pytest.raises(ValueError, match=r"now missing:\n- report"):
        loaded.predict(pd.DataFrame({"key": TEXTS, "report": TEXTS}))


def test_another_method_is_refused(fitted: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="method 'fit'; expected one of"):
        saved(fitted, tmp_path / "model").predict(TEXTS, params={"method": "fit"})


def test_a_saved_model_has_a_model_file_and_no_pickle(fitted: Any, tmp_path: Path) -> None:
    skcnn.mlflow.save_model(fitted, tmp_path / "model", input_example=["win cash"])
    files = {path.relative_to(tmp_path / "model").as_posix() for path in tmp_path.rglob("*.*")}
    assert "data/model.skcnn" in files
    assert {Path(name).suffix for name in files} <= {".skcnn", ".yaml", ".txt", ".json"}
    twin = skcnn.load(tmp_path / "model" / "data" / "model.skcnn")
    np.testing.assert_array_equal(twin.predict_proba(TEXTS), fitted.predict_proba(TEXTS))


def test_a_second_process_predicts_without_tensorflow_where_pickles_are_forbidden(
    fitted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skcnn.mlflow.save_model(fitted, tmp_path / "model")
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    code = (
        "import sys, mlflow\n"
        f"loaded = mlflow.pyfunc.load_model({str(tmp_path / 'model')!r})\n"
        f"print(loaded.predict({TEXTS}).tolist(), 'tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[-2] == f"{fitted.predict(TEXTS).tolist()} False"


def test_a_logged_and_registered_model_is_read_back_with_all_its_methods(fitted: Any) -> None:
    info = skcnn.mlflow.log_model(
        fitted, name="spam", registered_model_name="spam_filter", input_example=["win cash"]
    )
    for uri in (info.model_uri, "models:/spam_filter/1"):
        twin = skcnn.mlflow.load_model(uri)
        assert isinstance(twin, CostSensitiveTextCNN)
        np.testing.assert_array_equal(twin.predict_proba(TEXTS), fitted.predict_proba(TEXTS))
        assert twin.get_params() == fitted.get_params()


def test_the_model_of_a_run_is_read_back(fitted: Any) -> None:
    with mlflow.start_run() as run:
        skcnn.mlflow.log_model(fitted, name="spam")
    twin = skcnn.mlflow.load_model(f"runs:/{run.info.run_id}/spam")
    assert twin.predict(TEXTS).tolist() == fitted.predict(TEXTS).tolist()


def test_a_rule_of_decision_is_kept(fitted: Any, two_classes: Any, tmp_path: Path) -> None:
    rule = MinCostClassifier(fitted, threshold=0.9).fit(two_classes.texts, two_classes.labels)
    loaded = saved(rule, tmp_path / "model")
    assert loaded.predict(TEXTS).tolist() == rule.predict(TEXTS).tolist()
    assert skcnn.mlflow.load_model(tmp_path / "model").threshold == 0.9


@pytest.mark.parametrize("labels", [[0, 1], [False, True], ["ham", "spam"], [1.0, 2.0]])
def test_the_signature_has_the_type_of_the_labels(
    labels: list[Any], small_cnn: Any, two_classes: Any, tmp_path: Path
) -> None:
    y = np.array(labels)[(two_classes.labels == "spam").astype(int)]
    cnn = small_cnn(epochs=1).fit(two_classes.texts, y)
    loaded = saved(cnn, tmp_path / "model")
    signature = loaded.metadata.signature
    assert [each.type.name for each in signature.inputs] == ["string"]
    assert signature.outputs.numpy_types()[0].kind == cnn.classes_.dtype.kind
    assert signature.params.to_dict()[0]["name"] == "method"
    assert loaded.predict(TEXTS).tolist() == cnn.predict(TEXTS).tolist()


REQUIREMENTS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, [f"skcnn=={skcnn.__version__}"]),
    ({"extra_pip_requirements": ["wheel==0.45"]}, [f"skcnn=={skcnn.__version__}", "wheel==0.45"]),
    ({"pip_requirements": ["skcnn", "wheel"]}, ["skcnn", "wheel"]),
]


@pytest.mark.parametrize(("options", "expected"), REQUIREMENTS)
def test_the_requirements_are_this_version_or_what_is_given(
    options: dict[str, Any], expected: list[str], fitted: Any, tmp_path: Path
) -> None:
    skcnn.mlflow.save_model(fitted, tmp_path / "model", **options)
    listed = (tmp_path / "model" / "requirements.txt").read_text().split()
    assert [each for each in listed if not each.startswith("mlflow")] == expected


def test_a_file_of_requirements_is_read(fitted: Any, tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("wheel==0.45\n")
    skcnn.mlflow.save_model(
        fitted, tmp_path / "model", extra_pip_requirements=str(tmp_path / "more.txt")
    )
    listed = (tmp_path / "model" / "requirements.txt").read_text().split()
    assert {f"skcnn=={skcnn.__version__}", "wheel==0.45"} <= set(listed)


def length(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"tokenizer": length}, "tokenizer"),
        ({"sentence_vectors": lambda texts: np.ones((len(texts), 2))}, "cloudpickle"),
    ],
)
def test_what_a_model_file_cannot_hold_is_refused_with_the_cure(
    parameters: dict[str, Any], message: str, small_cnn: Any, two_classes: Any, tmp_path: Path
) -> None:
    cnn = small_cnn(epochs=1, **parameters).fit(two_classes.texts, two_classes.labels)
    with pytest.raises(TypeError, match=message):
        skcnn.mlflow.save_model(cnn, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_model_of_another_kind_is_refused(fitted: Any, tmp_path: Path) -> None:
    mlflow.sklearn.save_model(fitted, tmp_path / "model", serialization_format="cloudpickle")
    with pytest.raises(ValueError, match=r"is a model of mlflow\.sklearn; expected one that"):
        skcnn.mlflow.load_model(tmp_path / "model")


def test_a_damaged_model_is_refused(fitted: Any, tmp_path: Path) -> None:
    skcnn.mlflow.save_model(fitted, tmp_path / "model")
    (tmp_path / "model" / "data" / "model.skcnn").write_bytes(b"hello")
    with pytest.raises(ModelFileError, match="not a complete skcnn model file"):
        skcnn.mlflow.load_model(tmp_path / "model")


@pytest.mark.parametrize(
    "options",
    [
        {"skops_trusted_types": list(TRUSTED_TYPES)},
        {"serialization_format": "cloudpickle"},
    ],
    ids=["skops", "cloudpickle"],
)
def test_the_flavor_for_scikit_learn_keeps_the_model_too(
    options: dict[str, Any], fitted: Any, tmp_path: Path
) -> None:
    mlflow.sklearn.save_model(fitted, tmp_path / "model", **options)
    info = mlflow.sklearn.log_model(fitted, name="cnn", **options)
    for uri in (tmp_path / "model", info.model_uri):
        twin = mlflow.sklearn.load_model(str(uri))
        np.testing.assert_array_equal(twin.predict_proba(TEXTS), fitted.predict_proba(TEXTS))
        assert mlflow.pyfunc.load_model(str(uri)).predict(TEXTS).tolist() == (
            fitted.predict(TEXTS).tolist()
        )
