"""A fitted estimator at work in a process of its own, where TensorFlow has no business."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skcnn import CostSensitiveTextCNN

ROOT = Path(__file__).parents[1]
HEAVY = ("tensorflow", "keras", "scikeras", "numba", "polars", "matplotlib")
SLOW = (*HEAVY, "pandas", "sklearn", "scipy")  # scikit-learn imports pandas where it is installed


def run(code: str, *arguments: str | Path) -> str:
    """Run Python code in a new process and return what it prints."""
    result = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_importing_skcnn_imports_nothing_heavy() -> None:
    code = f"""
import sys
import skcnn
print([name for name in {SLOW} if name in sys.modules])
skcnn.CostSensitiveTextCNN(), skcnn.cost_grid, skcnn.make_cost_scorer, skcnn.decide
print([name for name in {HEAVY} if name in sys.modules])
"""
    assert run(code).split("\n")[:2] == ["[]", "[]"]


def test_every_public_name_is_there_and_no_other() -> None:
    code = """
import skcnn
assert set(skcnn.__all__) <= set(dir(skcnn))
for name in skcnn.__all__:
    getattr(skcnn, name)
try:
    skcnn.nonsense
except AttributeError as error:
    print(error)
"""
    assert "no attribute 'nonsense'" in run(code)


SERVE = """
import copy, json, pickle, sys
from pathlib import Path

import numpy as np

folder = Path(sys.argv[1])
heavy = json.loads(sys.argv[2])

def idle(step):
    loaded = [name for name in heavy if name in sys.modules]
    assert not loaded, (step, loaded)

texts = json.loads((folder / "texts.json").read_text())
cnn = pickle.loads((folder / "model.pickle").read_bytes())
idle("unpickle")
np.savez(
    folder / "answers.npz",
    predict=cnn.predict(texts),
    predict_proba=cnn.predict_proba(texts),
    expected_costs=cnn.expected_costs(texts),
)
idle("predict")
twin = copy.deepcopy(cnn)
assert (twin.predict_proba(texts) == cnn.predict_proba(texts)).all()
idle("deepcopy")
cnn.save(folder / "again.skcnn")
idle("save")
loaded = type(cnn).load(folder / "model.skcnn")
assert (loaded.predict_proba(texts) == cnn.predict_proba(texts)).all()
idle("load")
(folder / "again.pickle").write_bytes(pickle.dumps(cnn))
idle("pickle")
"""


@pytest.fixture(scope="module")
def served(fitted: Any, new_texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with what another process made of the pickled estimator."""
    folder = tmp_path_factory.mktemp("served")
    assert fitted.model_ is not None
    (folder / "model.pickle").write_bytes(pickle.dumps(fitted))
    (folder / "texts.json").write_text(json.dumps(new_texts))
    fitted.save(folder / "model.skcnn")
    run(SERVE, folder, json.dumps(HEAVY))
    return folder


@pytest.mark.parametrize("method", ["predict", "predict_proba", "expected_costs"])
def test_another_process_answers_alike_to_the_bit_and_without_tensorflow(
    method: str, served: Path, fitted: Any, new_texts: list[str]
) -> None:
    answers = np.load(served / "answers.npz")[method]
    np.testing.assert_array_equal(answers, getattr(fitted, method)(new_texts))


def test_what_another_process_wrote_answers_alike_to_the_bit(
    served: Path, fitted: Any, new_texts: list[str]
) -> None:
    expected = fitted.predict_proba(new_texts)
    unpickled = pickle.loads((served / "again.pickle").read_bytes())
    np.testing.assert_array_equal(unpickled.predict_proba(new_texts), expected)
    loaded = CostSensitiveTextCNN.load(served / "again.skcnn")
    np.testing.assert_array_equal(loaded.predict_proba(new_texts), expected)


@pytest.mark.parametrize("method", ["predict_proba", "explain"])
def test_threads_that_share_a_model_get_the_bits_that_one_thread_gets(
    method: str, fitted: Any, new_texts: list[str]
) -> None:
    def bits(texts: list[str]) -> list[bytes]:
        found = getattr(fitted, method)(texts)
        return [(row if method == "predict_proba" else row.log_odds).tobytes() for row in found]

    requests = [list(each) for each in permutations(new_texts[:6], 3)]
    expected = list(map(bits, requests))
    switch_interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # threads take turns as often as possible
    try:
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(bits, requests))
    finally:
        sys.setswitchinterval(switch_interval)
    assert found == expected


def test_data_that_is_refused_is_refused_without_tensorflow() -> None:
    code = f"""
import sys
from skcnn import CostSensitiveTextCNN
for X, y, costs in [("win", [1], None), (["a", "b"], [0, 0], None), (["a", "b"], [0, 1], {{7: 2}})]:
    try:
        CostSensitiveTextCNN(costs).fit(X, y)
    except (TypeError, ValueError):
        print([name for name in {HEAVY} if name in sys.modules])
"""
    assert run(code).split() == ["[]", "[]", "[]"]
