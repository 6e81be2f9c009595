"""JSON that may be damaged or made to do harm, read within a budget of memory."""

from __future__ import annotations

import json
from itertools import chain
from typing import Any

from skcnn.files._budget import Budget
from skcnn.predicting._parts import PartsError

# Of a value in Python, and of what is made from it: a small list takes 64 bytes, and is copied.
_BYTES_PER_VALUE = 128
_BYTES_PER_CHARACTER = 4
# `save` writes at most a dozen levels, unless a parameter is nested deeper.
MAX_DEPTH = 32
MAX_DIGITS = 300  # more would not fit into a float


def parse_json(content: bytes, budget: Budget) -> Any:
    """Parse JSON as `save` writes it: UTF-8, each key once, all numbers finite.

    Raises
    ------
    PartsError
        If it is something else, takes more memory than is left, or is nested too deeply.
    """
    n_values = sum(content.count(mark) for mark in (b",", b"[", b"{", b":"))
    n_bytes = _BYTES_PER_VALUE * n_values + _BYTES_PER_CHARACTER * len(content)
    budget.take(n_bytes, "its JSON")
    try:
        value = json.loads(
            content.decode("utf-8", "surrogatepass"),
            object_pairs_hook=_object,
            parse_constant=_refuse,
            parse_int=_integer,
        )
    except (ValueError, RecursionError) as error:
        raise PartsError("it is not JSON") from error
    _check_depth(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number of JSON")


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number has {len(digits)} digits")
    return int(digits)


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        items = chain.from_iterable(
            each.values() if isinstance(each, dict) else each for each in level
        )
        level = [item for item in items if type(item) in (list, dict)]
        if not level:
            return
    raise PartsError(f"it is nested more than {MAX_DEPTH} levels deep")
