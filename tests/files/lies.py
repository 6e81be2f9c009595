"""Named ways in which a model file can lie, and random ones."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.files.raw_files import RawFile, npy, npy_of

Lie = Callable[[RawFile], None]


def network(file: RawFile) -> dict[str, Any]:
    """The header of the network, in a file of any format."""
    if "members" in file.content:
        found: dict[str, Any] = file.content["members"][0]
        return found
    return file.content


def named(file: RawFile, name: str) -> str:
    """The member that holds an array, in a file of any format."""
    old = "taps" if name == "taps_by_offset" else name
    pattern = re.compile(rf"(?:member_\d+\.)?{name}\.npy|{old}\.npy")
    return next(member for member in file.arrays if pattern.fullmatch(member))


def put(name: str, change: Callable[[Any], Any]) -> Lie:
    """Change an array."""

    def lie(file: RawFile) -> None:
        member = named(file, name)
        file.set(member, change(file.array(member)))

    return lie


def claim(name: str, descr: str, shape: Any, data: bytes = b"") -> Lie:
    """Replace an array by one that claims what it likes."""

    def lie(file: RawFile) -> None:
        file.arrays[named(file, name)] = npy_of(descr, shape, data)

    return lie


def head(**values: Any) -> Lie:
    """Change parts of the header."""
    return lambda file: file.content.update(copy.deepcopy(values))


def param(**values: Any) -> Lie:
    """Change parameters."""
    return lambda file: file.content["parameters"].update(copy.deepcopy(values))


def net(**values: Any) -> Lie:
    """Change the header of the network."""
    return lambda file: network(file).update(copy.deepcopy(values))


def both(*lies: Lie) -> Lie:
    """Tell several lies."""

    def lie(file: RawFile) -> None:
        for each in lies:
            each(file)

    return lie


def filled(value: Any) -> Callable[[Any], Any]:
    def change(array: Any) -> Any:
        array.flat[:1] = value
        return array

    return change


def strings(n: int, length: int) -> dict[str, Any]:
    """An array of strings in which only the first is long."""
    return {"type": "array", "dtype": "U", "shape": [n], "items": ["a" * length] + [""] * (n - 1)}


def table(n: int) -> dict[str, Any]:
    """A table whose columns are single numbers, which pandas would repeat in each of n rows."""
    number = {"type": "scalar", "dtype": "<f8", "shape": [], "items": [1.0]}
    labels = list(range(n))
    return {
        "type": "DataFrame",
        "index": labels,
        "columns": labels,
        "names": [None, None],
        "items": [number] * n,
    }


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def raw_json(change: Callable[[str], str]) -> Lie:
    """Change the text of the header."""

    def lie(file: RawFile) -> None:
        header = file.header | {"arrays": {name: len(each) for name, each in file.arrays.items()}}
        file.json = change(json.dumps(header)).encode()

    return lie


def more(**arrays: Any) -> Lie:
    """Add arrays."""
    return lambda file: file.arrays.update({f"{name}.npy": npy(a) for name, a in arrays.items()})


def without(name: str) -> Lie:
    """Remove an array."""
    return lambda file: file.arrays.__delitem__(named(file, name))


FLOATS = (
    *("cost_matrix", "embedding", "taps_by_offset", "filter_bias", "dense_kernel", "dense_bias"),
    "loss_costs",
)
# Every one of these must be refused, in a file of every format.
REFUSED: dict[str, Lie] = {
    **{f"NaN in {name}": put(name, filled(np.nan)) for name in FLOATS},
    **{f"infinity in {name}": put(name, filled(np.inf)) for name in FLOATS},
    **{f"{name} in three dimensions": put(name, lambda a: a[np.newaxis]) for name in FLOATS},
    **{f"{name} as strings": put(name, lambda a: a.astype("U9")) for name in FLOATS},
    **{f"{name} as integers": put(name, lambda a: a.astype("i4")) for name in FLOATS},
    **{f"{name} is flat": put(name, np.ravel) for name in FLOATS if "bias" not in name},
    **{
        f"{name} with one row more": put(name, lambda a: np.concatenate([a, a[:1]]))
        for name in FLOATS
    },
    **{f"without {name}": without(name) for name in FLOATS},
    "negative costs": put("cost_matrix", lambda a: -1 - a),
    "costs transposed into a row": put("cost_matrix", lambda a: a.reshape(1, -1)),
    "all costs equal": put("cost_matrix", np.zeros_like),
    "costs of another number of classes": put("cost_matrix", lambda a: np.ones((4, 4)) - np.eye(4)),
    "weights that overflow": put("embedding", lambda a: np.full_like(a, 3e38)),
    "filters that overflow": put("taps_by_offset", lambda a: np.full_like(a, -3e38)),
    "logits that overflow": put("dense_kernel", lambda a: np.full_like(a, 3e38)),
    "no dimensions": both(
        put("embedding", lambda a: a[:, :0]),
        put("subword_vectors", lambda a: a[:, :0]),
        put("taps_by_offset", lambda a: a[:0]),
    ),
    "no filters": both(
        put("filter_bias", lambda a: a[:0]),
        put("dense_kernel", lambda a: a[:0]),
        put("taps_by_offset", lambda a: a[:, :0]),
        net(filter_widths=[10**12]),
    ),
    "a dtype of a gigabyte": claim("dense_bias", "<U250000000", "(0,)"),
    "a dtype of two gigabytes": claim("dense_bias", "<U250000000", "(2,)"),
    "a large shape": claim("dense_bias", "<f4", "(99999999999,)"),
    "a large empty shape": claim("dense_bias", "<f4", "(99999999999, 0)"),
    "a negative shape": claim("dense_bias", "<f4", "(-2,)", bytes(8)),
    "objects": claim("dense_bias", "|O", "(2,)", bytes(16)),
    "a long double": claim("dense_bias", "<f16", "(2,)", bytes(32)),
    "code as a shape": claim("dense_bias", "<f4", "__import__('os').abort()"),
    "many brackets as a shape": claim("dense_bias", "<f4", "(" * 9000),
    "an open string as a shape": claim("dense_bias", "<f4", '"""'),
    "a long number as a shape": claim("dense_bias", "<f4", f"({'9' * 5000},)"),
    "no array": lambda file: file.arrays.update({named(file, "dense_bias"): b"hello"}),
    "an empty array": lambda file: file.arrays.update({named(file, "dense_bias"): b""}),
    "an unknown loss": net(loss={"name": "hinge", "parameters": {}}),
    "a loss that is a list": net(loss=["focal"]),
    "a loss with a wrong parameter": net(loss={"name": "focal", "parameters": {"beta": 1.0}}),
    "a loss with a negative parameter": net(loss={"name": "focal", "parameters": {"gamma": -1.0}}),
    "a loss with a string": net(loss={"name": "focal", "parameters": {"gamma": "2"}}),
    "a loss with a long number": net(loss={"name": "focal", "parameters": {"gamma": 10**290}}),
    "words twice": lambda file: network(file)["vocabulary"].__setitem__(
        0, network(file)["vocabulary"][1]
    ),
    "words that are numbers": lambda file: network(file)["vocabulary"].__setitem__(0, 3),
    "one word more": lambda file: network(file)["vocabulary"].append("one more"),
    "one word less": lambda file: network(file)["vocabulary"].pop(),
    "widths that are strings": net(filter_widths=["2", "1"]),
    "widths that are bools": net(filter_widths=[2, True]),
    "a huge width": net(filter_widths=[10**9, 1]),
    "a width of 0": net(filter_widths=[3, 0]),
    "classes not sorted": lambda file: file.content["classes"].reverse(),
    "one class": lambda file: file.content["classes"].pop(),
    "classes that are lists": head(classes=[["ham"], ["spam"]]),
    "classes of a short dtype": head(classes_dtype="<U1"),
    "classes of a gigabyte": head(classes_dtype="<U250000000"),
    "classes of no dtype": head(classes_dtype="spam"),
    "classes of many dtypes": head(classes_dtype="<i4,<f8"),
    "classes of a dtype of NumPy's past": head(classes_dtype="<f1"),
    "classes that are numbers too long": head(classes=[1, 10**200], classes_dtype="<i8"),
    "an attribute of the estimator": head(columns={"_beside": None}),
    "another attribute": head(columns={"n_features_in_": 1, "predict": 1}),
    "an unknown part": head(unknown=None),
    "an unknown parameter": param(n_layers=3),
    "a network": param(network=None),
    "unlabeled texts": param(unlabeled=["a text"]),
    "a negative parameter": param(n_filters=-1),
    "a parameter of another type": param(epochs="many"),
    "a parameter that is a table": param(n_filters=table(2)),
    "a loss that does not exist": param(loss="hinge"),
    "a decision that does not exist": param(decision="coin"),
    "a scorer that does not exist": param(validation_scoring="luck"),
    "filter widths that are no numbers": param(filter_widths=["a"]),
    "a dropout of NaN": param(dropout={"type": "float", "value": "nan"}),
    "a negative learning rate": param(learning_rate=-(10**299)),
    "NaN as a learning rate": param(learning_rate={"type": "float", "value": "nan"}),
    "members": param(members=[["a", "b"]]),
    "an encoder": param(sentence_vectors="all"),
    "a folder": param(memory="/tmp"),
    "strings of a gigabyte": param(
        class_weight={"type": "dict", "items": [["a", strings(9000, 30_000)]]}
    ),
    "many strings of a few megabytes": param(
        class_weight={"type": "dict", "items": [[str(i), strings(900, 2000)] for i in range(40)]}
    ),
    "a large table": param(cost_matrix=table(500)),
    "an array of objects": param(
        cost_matrix={"type": "array", "dtype": "O", "shape": [1], "items": [1]}
    ),
    "an array of lists": param(
        cost_matrix={"type": "array", "dtype": "<f8", "shape": [1], "items": [[1.0]]}
    ),
    "an array with a negative shape": param(
        cost_matrix={"type": "array", "dtype": "<f8", "shape": [-1], "items": [1.0]}
    ),
    "an unknown type of value": param(cost_matrix={"type": "module", "value": "os"}),
    "a value with one key more": param(dropout={"type": "float", "value": "inf", "more": 1}),
    "a key that is a list": param(class_weight={"type": "dict", "items": [[[1], 2]]}),
    "deep JSON": param(cost_matrix=nested(200)),
    "very deep JSON": raw_json(lambda text: text.replace('"verbose"', '"x": ' + "[" * 50_000, 1)),
    "a long number": raw_json(
        lambda text: text.replace('"verbose": ', '"verbose": ' + "9" * 900, 1)
    ),
    "NaN in JSON": raw_json(lambda text: text.replace('"verbose": 0', '"verbose": NaN', 1)),
    "a key twice": raw_json(lambda text: text.replace('"verbose"', '"verbose": 0, "verbose"', 1)),
    "JSON in UTF-16": lambda file: setattr(file, "json", json.dumps(file.header).encode("utf-16")),
    "a header that is a list": lambda file: setattr(file, "json", b"[]"),
    "many empty lists": raw_json(
        lambda text: text.replace('"verbose"', '"x": [' + "[]," * 10**6 + '0], "verbose"', 1)
    ),
    "history without losses": lambda file: put_record(file, history={"type": "dict", "items": []}),
    "history of words": lambda file: put_record(
        file, history={"type": "dict", "items": [["loss", ["a", "b", "c", "d"]]]}
    ),
    "a best epoch that is not there": lambda file: put_record(file, best_iter=99),
    "a best epoch of 0": lambda file: put_record(file, best_iter=0),
    "coverage above 1": lambda file: put_record(
        file, coverage={"type": "tuple", "items": [2.0, 0.5, {"type": "tuple", "items": []}]}
    ),
    "coverage of numbers": lambda file: put_record(
        file, coverage={"type": "tuple", "items": [0.5, 0.5, {"type": "tuple", "items": [3]}]}
    ),
    "an array more": more(extra=np.zeros(2)),
    "an array of a member that is not there": more(**{"member_7.coef": np.zeros(2)}),
    "a member of the archive more": lambda file: file.extra.update({"extra.npy": npy([1.0])}),
    "a folder in the archive": lambda file: file.extra.update({"folder/": b""}),
    "a key of the header more": lambda file: file.header.update(extra=1),
    "format 0": lambda file: file.header.update(format_version=0),
    "a format to come": lambda file: file.header.update(format_version=10**20),
    "another format": lambda file: file.header.update(format="other"),
    "no content": lambda file: file.header.update(content=None),
    "words of vectors twice": head(vector_words=["win", "win", "lunch", "aunt"]),
    "words of vectors that are numbers": head(vector_words=[1, 2, 3, 4]),
    "vectors of words in three dimensions": put("word_vectors", lambda a: a[np.newaxis]),
    "vectors of words as strings": put("word_vectors", lambda a: a.astype("U9")),
    "vectors of words with NaN": put("word_vectors", lambda a: a.astype("f4") * np.float32("nan")),
    "vectors of no words": head(vector_words=[]),
    "a text where a column is": lambda file: file.content.update(
        n_features_in="1", columns={"n_features_in_": "1"}
    ),
}
# In files that have an n-gram model, or subwords.
REFUSED_MORE: dict[str, Lie] = {
    "n-grams not sorted": put("word_keys", lambda a: a[::-1].copy()),
    "n-grams twice": put("character_keys", lambda a: np.full_like(a, a[0])),
    "n-grams as large integers": put("word_keys", lambda a: a.astype("u8")),
    "subwords not sorted": put("subword_keys", lambda a: a[::-1].copy()),
    "frequencies of 0": put("word_idf", np.zeros_like),
    "negative frequencies": put("character_idf", lambda a: -a),
    "no coefficients": put("word_coef", lambda a: a[:0]),
    "coefficients of NaN": put("character_coef", filled(np.nan)),
    "an intercept that is a number": put("intercept", lambda a: a[0]),
    "negative exponents": put("exponents", lambda a: -a - 1),
    "huge exponents": put("exponents", lambda a: a + 1e300),
    "huge factors": put("log_factors", lambda a: a - 1e300),
    "one exponent more": put("exponents", lambda a: np.append(a, 1.0)),
    "an n-gram model that is not listed": lambda file: (
        file.content["members"].pop()
        if "members" in file.content
        else file.content.update(has_linear_model=False)
    ),
    "two n-gram models": lambda file: file.content["members"].append({"kind": "ngrams"}),
    "a network that comes last": lambda file: file.content["members"].reverse(),
    "an unknown member": lambda file: file.content["members"].append({"kind": "oracle"}),
    "integers without scales": without("word_vectors_scales"),
    "scales without integers": without("word_vectors_int8"),
    "integers of another dtype": put("word_vectors_int8", lambda a: a.astype("i2")),
    "bytes of another dtype": put("word_vectors_int4", lambda a: a.astype("i1")),
    "a number in half a byte that is not there": put("word_vectors_int4", np.zeros_like),
    "bytes of one number more": put(
        "frozen_int4", lambda a: np.pad(a, ((0, 0), (0, 60)), constant_values=255)
    ),
    "integers of a word more": put("word_vectors_int8", lambda a: np.concatenate([a, a[:1]])),
    "negative scales": put("frozen_scales", lambda a: -a - 1),
    "scales of NaN": put("frozen_scales", lambda a: a * np.float16("nan")),
    "scales of infinity": put("word_vectors_scales", lambda a: np.full_like(a, np.inf)),
    "huge scales": put("word_vectors_scales", lambda a: np.full(a.shape, 3e38, np.float32)),
    "one scale for all": put("frozen_scales", lambda a: a[:1]),
    "scales as float64": put("frozen_scales", lambda a: a.astype("f8")),
    "vectors twice": lambda file: file.set(
        named(file, "frozen_int8").replace("_int8", ""), np.zeros((3, 2), np.float32)
    ),
    "a member with one key more": lambda file: file.content["members"][1].update(more=1),
}


def put_record(file: RawFile, **values: Any) -> None:
    """Change the record of the fit, in a file of any format."""
    file.content.get("record", file.content).update(values)


# ---------------------------------------------------------------------------------------------
# Random ones
# ---------------------------------------------------------------------------------------------

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 3, 10**9, 10**18, 2**63, -(2**31), 10**30, 10**299),
    *(0.5, -0.5, 1e-300, 1e300, 1e308, "", "a", "min_cost", "ngrams", "text_cnn", "minilm"),
    *("\ud800", "x" * 3000, [], {}, [1], [[]], ["a", "b"], {"type": "tuple", "items": []}),
    *({"type": "float", "value": "nan"}, {"type": "float", "value": "-inf"}, {"type": "dict"}),
    *({"type": "dict", "items": [[1, 2], [1, 3]]}, {"type": []}, nested(40), strings(2000, 9000)),
    *({"type": "array", "dtype": "<f8", "shape": [1, 1], "items": [1.0]}, table(3)),
    *("<U250000000", "<f4", "|O", "sentence_vectors", "classifier", "keras_network", "focal"),
    {"type": "scalar", "dtype": "<f4", "shape": [], "items": [1e300]},
)
NUMBERS = (np.nan, np.inf, -np.inf, 0, 1, -1, 3e38, -3e38, 1e-45, 1e308, 2**31, 255, 7.5)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in JSON: the list or dict, and the position or key."""
    found = enumerate(value) if isinstance(value, list) else value.items()
    for key, item in list(found):
        yield value, key
        if isinstance(item, (list, dict)):
            yield from places(item)


def random_json(file: RawFile, rng: np.random.Generator) -> None:
    """Change one place of the header."""
    found = list(places(file.header))
    # Long lists of words would be chosen nearly always.
    found = [each for each in found if not (isinstance(each[0], list) and each[1] > 1)]
    parent, key = found[rng.integers(len(found))]
    other, other_key = found[rng.integers(len(found))]
    match rng.integers(5):
        case 0:
            del parent[key]
        case 1:
            parent[key] = copy.deepcopy(other[other_key])
        case 2 if isinstance(parent, list):
            parent.insert(key, copy.deepcopy(parent[key]))
        case 2:
            parent[f"{key}_"] = parent[key]
        case _:
            parent[key] = copy.deepcopy(VALUES[rng.integers(len(VALUES))])


def random_array(file: RawFile, rng: np.random.Generator) -> None:
    """Change the shape, the dtype, the values or the bytes of one array."""
    names = list(file.arrays)
    name = names[rng.integers(len(names))]
    array = file.array(name)
    match rng.integers(8):
        case 0:
            shapes = ((-1,), (1, *array.shape), (*array.shape, 1), array.shape[::-1])
            array = array.reshape(shapes[rng.integers(len(shapes))])
        case 1:
            dtypes = ("f2", "f4", "f8", ">f4", "i4", "u4", "u8", "u1", "b1", "U8", "c8")
            with np.errstate(all="ignore"):
                array = array.astype(dtypes[rng.integers(len(dtypes))])
        case 2:
            array = array[: rng.integers(len(array) + 1)]
        case 3:
            array = np.concatenate([array, array[:1]])
        case 4:
            array = rng.permutation(array)
        case 5:
            file.arrays[name] = file.arrays[names[rng.integers(len(names))]]
            return
        case 6:
            content = bytearray(file.arrays[name])
            content[rng.integers(min(len(content), 128))] = rng.integers(256)
            file.arrays[name] = bytes(content)
            return
        case _ if array.size:
            with np.errstate(all="ignore"):
                value = np.array(NUMBERS[rng.integers(len(NUMBERS))]).astype(array.dtype)
            array.flat[rng.integers(array.size)] = value
    file.set(name, array)


def random_bytes(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """Damage a file, or join the beginning of one to the end of another."""
    changed, n = bytearray(content), len(content)
    begin, end = sorted(rng.integers(n + 1, size=2))
    match rng.integers(8):
        case 0:
            changed[rng.integers(n)] ^= 1 << rng.integers(8)
        case 1:
            for _ in range(rng.integers(1, 20)):
                changed[rng.integers(n)] = rng.integers(256)
        case 2:
            changed = changed[:end]
        case 3:
            changed[begin:end] = b""
        case 4:
            changed[begin:end] = bytes(end - begin)
        case 5:
            changed[begin:begin] = changed[begin:end]
        case 6:
            changed = changed[:begin] + other[begin:]
        case _:  # in the directory at the end of the archive
            changed[-rng.integers(1, min(n, 400))] = rng.integers(256)
    return bytes(changed)


def splice(file: RawFile, other: RawFile, rng: np.random.Generator) -> None:
    """Take some arrays from another file."""
    both = sorted(file.arrays.keys() & other.arrays.keys())
    for name in both:
        if rng.integers(3) == 0:
            file.arrays[name] = other.arrays[name]
