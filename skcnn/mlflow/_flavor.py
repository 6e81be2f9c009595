"""Write, log and read models of MLflow that hold a model file of skcnn."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from skcnn._compat import check_installed

if TYPE_CHECKING:
    from mlflow.models.model import ModelInfo

    from skcnn.files._vector_storage import Storage

# MLflow imports this module, and calls its function `_load_pyfunc`.
_LOADER = "skcnn.mlflow"
_METHODS = ("predict", "predict_proba")


def save_model(
    model: Any,
    path: str | os.PathLike[str],
    *,
    word_vectors: Storage = True,
    **options: Any,
) -> None:
    """Write a fitted classifier to a folder, as a model of MLflow without code.

    The folder holds the file that `skcnn.save` writes, and what MLflow needs to know about it.
    ``mlflow.pyfunc.load_model(path).predict(texts)`` returns labels. With
    ``params={"method": "predict_proba"}`` it returns a DataFrame of probabilities.

    Parameters
    ----------
    model : CostSensitiveTextCNN, or MinCostClassifier around one
        Fitted.
    path : str or path
        A folder that does not exist yet.
    word_vectors : bool, "float16", "int8" or "int4", default=True
        As for `skcnn.save`.
    **options : dict
        More arguments of `mlflow.pyfunc.save_model`, such as `input_example`, `metadata` and
        `extra_pip_requirements`. By default, `signature` is that of texts and labels. The
        requirements are this version of skcnn and `extra_pip_requirements`; give
        `pip_requirements` or `conda_env` to choose all of them.

    Raises
    ------
    ImportError
        If MLflow is not installed.
    sklearn.exceptions.NotFittedError
        If the classifier is not fitted.
    TypeError
        If a model file cannot hold the whole classifier, as with `members`, or with an encoder or a
        tokenizer of your own.

    Examples
    --------
    >>> import mlflow, skcnn, skcnn.mlflow
    >>> texts = ["win cash", "cash prize", "at noon", "lunch"]
    >>> labels = ["spam", "spam", "ham", "ham"]
    >>> cnn = skcnn.CostSensitiveTextCNN(early_stopping=False, random_state=0).fit(texts, labels)
    >>> skcnn.mlflow.save_model(cnn, "spam_model")
    >>> loaded = mlflow.pyfunc.load_model("spam_model")
    >>> loaded.predict(["cash"]).tolist()
    ['spam']
    >>> loaded.predict(["cash"], params={"method": "predict_proba"}).columns.tolist()
    ['ham', 'spam']
    """
    check_installed("skcnn.mlflow", "mlflow")
    import mlflow

    with _arguments(model, word_vectors, options) as arguments:
        mlflow.pyfunc.save_model(path=os.fspath(path), **arguments)


def log_model(
    model: Any,
    name: str | None = None,
    *,
    word_vectors: Storage = True,
    **options: Any,
) -> ModelInfo:
    """Log a fitted classifier to MLflow's tracking server, as a model without code.

    Parameters
    ----------
    model : CostSensitiveTextCNN, or MinCostClassifier around one
        Fitted.
    name : str, optional
        The name of the logged model.
    word_vectors : bool, "float16", "int8" or "int4", default=True
        As for `skcnn.save`.
    **options : dict
        More arguments of `mlflow.pyfunc.log_model`, such as `registered_model_name`,
        `input_example`, `params` and `tags`; see `save_model`.

    Returns
    -------
    mlflow.models.model.ModelInfo
        Its `model_uri` is what `load_model` and `mlflow.pyfunc.load_model` take.

    Raises
    ------
    ImportError, sklearn.exceptions.NotFittedError, TypeError
        As `save_model`.

    Examples
    --------
    >>> import mlflow, skcnn, skcnn.mlflow
    >>> mlflow.set_tracking_uri("sqlite:///runs.db")
    >>> texts, labels = ["win cash", "cash prize", "at noon", "lunch"], [1, 1, 0, 0]
    >>> cnn = skcnn.CostSensitiveTextCNN(early_stopping=False, random_state=0).fit(texts, labels)
    >>> info = skcnn.mlflow.log_model(cnn, name="spam")
    >>> skcnn.mlflow.load_model(info.model_uri).predict(["cash"]).tolist()
    [1]
    """
    check_installed("skcnn.mlflow", "mlflow")
    import mlflow

    with _arguments(model, word_vectors, options) as arguments:
        info: ModelInfo = mlflow.pyfunc.log_model(name=name, **arguments)
    return info


def load_model(model_uri: str | os.PathLike[str]) -> Any:
    """Read a classifier that `save_model` or `log_model` wrote; nothing in it is executed.

    Parameters
    ----------
    model_uri : str or path
        What MLflow takes: a folder, "models:/NAME/VERSION", "runs:/RUN/NAME" and others.

    Returns
    -------
    CostSensitiveTextCNN or MinCostClassifier
        Fitted, with all its methods.

    Raises
    ------
    ImportError
        If MLflow is not installed.
    ModelFileError
        If the file in the model is damaged, or was written by a newer version of skcnn.
    ValueError
        If MLflow has another kind of model there.

    Examples
    --------
    >>> import skcnn, skcnn.mlflow
    >>> texts, labels = ["win cash", "cash prize", "at noon", "lunch"], [1, 1, 0, 0]
    >>> cnn = skcnn.CostSensitiveTextCNN(early_stopping=False, random_state=0).fit(texts, labels)
    >>> skcnn.mlflow.save_model(cnn, "small_model", word_vectors=False)
    >>> skcnn.mlflow.load_model("small_model").predict(["cash"]).tolist()
    [1]
    """
    check_installed("skcnn.mlflow", "mlflow")
    from mlflow.artifacts import download_artifacts
    from mlflow.models import Model

    from skcnn import load

    folder = Path(download_artifacts(artifact_uri=os.fspath(model_uri)))
    found: Mapping[str, Any] = Model.load(os.fspath(folder)).flavors.get("python_function", {})
    if found.get("loader_module") != _LOADER:
        raise ValueError(
            f"{model_uri} is a model of {found.get('loader_module')}; expected one that "
            "skcnn.mlflow wrote. Read it with mlflow.sklearn.load_model or "
            "mlflow.pyfunc.load_model."
        )
    return load(folder / found["data"])


class _Predictor:
    """What `mlflow.pyfunc.load_model` wraps.

    Parameters
    ----------
    model : classifier
        Fitted.
    """

    def __init__(self, model: Any) -> None:
        self._model = model

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """Return labels (n,), or a DataFrame of probabilities (n, K) if `params` asks for it."""
        method = (params or {}).get("method", _METHODS[0])
        if method not in _METHODS:
            raise ValueError(f"params has the method {method!r}; expected one of {_METHODS}.")
        found = getattr(self._model, method)(data)
        if method == "predict":
            return found
        import pandas as pd

        return pd.DataFrame(found, columns=list(map(str, self._model.classes_)))


def _load_pyfunc(path: str) -> _Predictor:
    """Return what predicts; MLflow calls this with the path of the model file."""
    from skcnn import load

    return _Predictor(load(path))


@contextmanager
def _arguments(
    model: Any, word_vectors: Storage, options: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Write the model file, and return what MLflow's functions take."""
    from skcnn import ModelFileError, load, save

    with TemporaryDirectory() as folder:
        file = Path(folder) / "model.skcnn"
        save(model, file, word_vectors=word_vectors)
        try:
            load(file)
        except ModelFileError as error:
            raise TypeError(
                f"model is more than a model file can hold: {error} MLflow could not read it. Log "
                "it with mlflow.sklearn.log_model(..., serialization_format='cloudpickle')."
            ) from error
        given = {"signature": _signature(model), **_with_requirements(options)}
        yield {"loader_module": _LOADER, "data_path": os.fspath(file)} | given


def _signature(model: Any) -> Any:
    """Return what MLflow is told about the form of texts and labels."""
    from mlflow.models import infer_signature
    from mlflow.types import ColSpec, Schema

    labels = model.classes_
    signature = infer_signature(
        None, labels if labels.dtype.kind != "O" else labels.tolist(), {"method": _METHODS[0]}
    )
    # With a name, MLflow would refuse lists, arrays and Series. The model itself checks names.
    signature.inputs = Schema([ColSpec("string")])
    return signature


def _with_requirements(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options, with this version of skcnn among the packages to install.

    Without a list of packages, MLflow would import the model in a second process to find them.
    """
    from skcnn import __version__

    if options.keys() & {"pip_requirements", "conda_env"}:
        return dict(options)
    others = dict(options)
    more = others.pop("extra_pip_requirements", None) or []
    listed = [f"-r {more}"] if isinstance(more, str) else list(more)  # as MLflow reads them
    return {"pip_requirements": [f"skcnn=={__version__}", *listed], **others}
