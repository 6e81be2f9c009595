"""Results are found again by the arguments and the source of functions among them."""

from __future__ import annotations

import sys
import threading
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from skcnn.fitting._memory import digest_of_texts
from skcnn.fitting._memory import remember as remember_by_key

calls: list[Any] = []


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    calls.clear()


def noted(*args: Any) -> int:
    calls.append(args)
    return len(calls)


def remember(memory: Any, function: Any, *args: Any) -> Any:
    """Call a function by a key of all its arguments."""
    of_partial = (function.func, function.args) if isinstance(function, partial) else ()
    call = function.func if isinstance(function, partial) else function
    given = function.args if isinstance(function, partial) else ()
    return remember_by_key(memory, [*of_partial, *args], call, *given, *args)


def fails(*args: Any) -> None:
    calls.append(args)
    raise TypeError("not about hashes")


def make_splitter(folder: Path, separator: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the function `split` of a module, in which the function's code may change."""
    path = folder / f"code_{ord(separator)}.py"
    path.write_text(f"def split(text):\n    return text.split({separator!r})\n")
    module = ModuleType("changing")
    monkeypatch.setitem(sys.modules, "changing", module)
    exec(compile(path.read_text(), path, "exec"), vars(module))
    return vars(module)["split"]


@pytest.mark.parametrize("make", [str, partial(joblib.Memory, verbose=0)])
def test_the_same_arguments_are_computed_once(make: Any, tmp_path: Path) -> None:
    arrays = np.arange(6).reshape(2, 3), np.arange(6).reshape(3, 2)
    for array in (*arrays, *arrays):
        for function in (noted, partial(noted, "more")):
            remember(make(tmp_path), function, array, {"b": 1, "a": ("text",)})
    assert len(calls) == 4


@pytest.mark.parametrize("memory", [None, joblib.Memory(None)])
def test_without_memory_nothing_is_kept(memory: Any) -> None:
    assert [remember(memory, noted, 1) for _ in range(2)] == [1, 2]


def test_a_function_with_other_code_is_another_argument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for separator in (" ", ",", " ", ","):
        split = make_splitter(tmp_path, separator, monkeypatch)
        remember(str(tmp_path), noted, split)
        remember(str(tmp_path), noted, make_pipeline(CountVectorizer(analyzer=split)))
    assert len(calls) == 4


@pytest.mark.parametrize("argument", [lambda text: text, threading.Lock()], ids=type)
def test_what_cannot_be_recognized_is_computed_again(argument: Any, tmp_path: Path) -> None:
    assert [remember(str(tmp_path), noted, argument) for _ in range(2)] == [1, 2]


def test_an_error_of_the_function_is_raised_after_one_call(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="not about hashes"):
        remember(str(tmp_path), fails, 1)
    assert len(calls) == 1


def test_the_arguments_are_not_in_the_folder(tmp_path: Path) -> None:
    remember(str(tmp_path), noted, ["a secret text"])
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not any(b"secret" in path.read_bytes() for path in files)


def test_texts_are_told_apart_by_where_they_end() -> None:
    lists = [["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["", "abc"], [], ["\ud800"]]
    digests = [digest_of_texts(texts) for texts in lists]
    assert len(set(digests)) == len(lists)
    assert digest_of_texts(None) is None
    assert digest_of_texts(("ab", "c")) == digests[0]
