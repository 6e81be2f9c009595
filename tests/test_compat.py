"""Warnings point to the user's own line, and old names of arguments still work."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import threading
import tomllib
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_info

from skcnn import CostSensitiveTextCNN, MinCostClassifier, _compat
from skcnn._compat import own_random_state, renamed_arguments, warn_renamed, warn_user
from skcnn.text import CooccurrenceVectors

OTHER_MODULES = [
    ["skcnn._somewhere"],
    ["skcnn._estimator", "skcnn.costs._metrics", "skcnn._somewhere"],
    ["sklearn.model_selection._search", "joblib.parallel", "skcnn._estimator"],
    ["imblearn.pipeline", "sklearn.pipeline", "skcnn._estimator", "skcnn._somewhere"],
    ["keras.src.trainers", "tensorflow.python.eager", "keras.src.losses", "skcnn.network._loss"],
]
every_way = pytest.mark.parametrize("modules", OTHER_MODULES, ids=" > ".join)


def called_from(modules: Sequence[str], function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that calls `function` from these modules, the first one outermost."""
    for module in reversed(modules):
        namespace: dict[str, Any] = {"__name__": module, "inner": function}
        exec("def call(*args, **kwargs): return inner(*args, **kwargs)", namespace)
        function = namespace["call"]
    return function


def this_line() -> int:
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno


@renamed_arguments(classes="labels", weights="totals")
def total(costs: float, labels: Sequence[str], *, totals: float = 1.0) -> str:
    """Say what was received."""
    return f"{costs} {list(labels)} {totals}"


@every_way
def test_a_warning_points_to_the_users_line_however_deep_the_call_is(modules: list[str]) -> None:
    warn = called_from(modules, partial(warn_user, "Careful."))
    with pytest.warns(UserWarning, match=r"^Careful\.$") as caught:
        line, _ = this_line(), warn()
    assert [(warning.filename, warning.lineno) for warning in caught] == [(__file__, line)]


def test_a_warning_can_have_another_category() -> None:
    with pytest.warns(RuntimeWarning, match="Careful"):
        warn_user("Careful.", RuntimeWarning)


def test_a_module_whose_name_only_begins_alike_is_the_users_own() -> None:
    warn = called_from(["skcnn_tools.report", "skcnn._somewhere"], partial(warn_user, "Careful."))
    with pytest.warns(UserWarning, match="Careful") as caught:
        warn()
    assert caught[0].filename == "<string>"


@every_way
def test_an_old_name_is_named_with_the_new_one_at_the_users_line(modules: list[str]) -> None:
    warn = called_from(modules, partial(warn_renamed, "skcnn.old", "skcnn.new"))
    message = r"^skcnn\.old is deprecated since skcnn 0\.2 .* removed in 0\.3\. Write skcnn\.new\.$"
    with pytest.warns(FutureWarning, match=message) as caught:
        line, _ = this_line(), warn()
    assert [(warning.filename, warning.lineno) for warning in caught] == [(__file__, line)]


def test_an_argument_is_taken_by_its_old_name_with_a_warning_at_the_users_line() -> None:
    with pytest.warns(
        FutureWarning, match=r"argument classes of total .* Write labels=\."
    ) as caught:
        line, found = this_line(), total(1.0, classes=["ham"])  # type: ignore[call-arg]
    assert found == "1.0 ['ham'] 1.0"
    assert [(warning.filename, warning.lineno) for warning in caught] == [(__file__, line)]


def test_each_old_name_has_a_warning_of_its_own() -> None:
    with pytest.warns(FutureWarning) as caught:
        found = total(1.0, classes=["ham"], weights=3.0)  # type: ignore[call-arg]
    assert found == "1.0 ['ham'] 3.0"
    assert len(caught) == 2


def test_new_names_and_positions_need_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert total(1.0, ["ham"], totals=3.0) == total(costs=1.0, labels=["ham"], totals=3.0)


def test_both_names_of_an_argument_are_refused() -> None:
    message = r"^total got classes and labels, two names of one argument; expected labels alone\.$"
    with pytest.raises(TypeError, match=message):
        total(1.0, labels=["ham"], classes=["ham"])  # type: ignore[call-arg]


def test_a_function_with_renamed_arguments_keeps_its_name_docstring_and_signature() -> None:
    assert total.__name__ == "total"
    assert total.__doc__ == "Say what was received."
    assert list(inspect.signature(total).parameters) == ["costs", "labels", "totals"]


def test_a_seed_makes_a_random_state_and_a_random_state_is_kept() -> None:
    assert own_random_state(3).randint(1000) == np.random.RandomState(3).randint(1000)
    given = np.random.RandomState(3)
    assert own_random_state(given) is given
    assert own_random_state(None) is not np.random.mtrand._rand


@pytest.mark.parametrize("name", _compat.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(_compat, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _compat.nonsense  # noqa: B018


def test_importing_costs_imports_no_scikit_learn_until_it_is_needed() -> None:
    code = (
        "import sys, skcnn.costs as costs; loaded = {name.split('.')[0] for name in sys.modules}; "
        "print(sorted(loaded & {'sklearn', 'scipy', 'pandas', 'tensorflow'})); "
        "costs.MinCostClassifier, costs.cost_path; print('sklearn' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\nTrue\n"


@pytest.mark.parametrize(
    "estimator",
    [CostSensitiveTextCNN(), MinCostClassifier(LogisticRegression()), CooccurrenceVectors()],
    ids=lambda estimator: type(estimator).__name__,
)
def test_the_picture_of_an_estimator_links_to_the_pages_of_the_package(estimator: Any) -> None:
    root = Path(__file__).parents[1]
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    page = estimator._get_doc_link().removeprefix(project["urls"]["Homepage"] + "/blob/main/")
    assert type(estimator).__name__ in (root / page).read_text()
    assert estimator._get_doc_link() in estimator._repr_html_()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_fork_starts_without_the_users_of_its_parent() -> None:
    begun: list[str] = []

    def begin() -> Callable[[], object]:
        begun.append("begin")
        return lambda: begun.append("end")

    context = _compat._SharedContext(begin)
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with context:
            inside.set()
            leave.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait(60)
    child = os.fork()
    if child == 0:  # the thread is not here
        with context:
            pass
        os._exit(0 if begun == ["begin", "end", "begin", "end"] else 1)
    leave.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert begun == ["begin", "end"]


def test_the_blas_of_numpy_and_scipy_has_one_thread_inside() -> None:
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("this system does not tell which libraries are loaded")
    import scipy.linalg  # noqa: F401 (loads the library of SciPy)

    loaded = {line.split()[-1] for line in maps.read_text().splitlines() if "openblas" in line}
    with _compat.one_blas_thread:
        threads = {pool["filepath"]: pool["num_threads"] for pool in threadpool_info()}
    assert {path: threads.get(path) for path in loaded} == dict.fromkeys(loaded, 1)
