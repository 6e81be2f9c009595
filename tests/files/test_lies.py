"""Model files that are damaged, edited, or made to do harm."""

from __future__ import annotations

import os
import re
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import skcnn
from skcnn import CostSensitiveTextCNN, ModelFileError
from tests.files.fuzz_model_files import (
    MAX_BYTES,
    Source,
    answers,
    full_source,
    fuzz,
    stored_sources,
)
from tests.files.lies import REFUSED, REFUSED_MORE
from tests.files.raw_files import RawFile

STORED = {source.name: source for source in stored_sources()}
FORMATS = [*STORED, "full"]
N_TRIES = 250


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Source]:
    return STORED | {"full": full_source(tmp_path_factory.mktemp("full"))}


def load(source: Source, content: bytes, folder: Path) -> CostSensitiveTextCNN:
    path = folder / "model.skcnn"
    path.write_bytes(content)
    return source.load(path)


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_that_is_taken_apart_and_put_together_is_the_same_model(
    form: str, sources: dict[str, Source], tmp_path: Path
) -> None:
    content = RawFile.parse(sources[form].content).to_bytes()
    assert answers(load(sources[form], content, tmp_path)) == sources[form].answers


@pytest.mark.parametrize("lie", [*REFUSED, *REFUSED_MORE])
def test_a_lie_is_refused_in_a_file_of_every_format(
    lie: str, sources: dict[str, Source], tmp_path: Path
) -> None:
    n_refused = 0
    for source in sources.values():
        file = RawFile.parse(source.content)
        before = file.to_bytes()
        try:
            (REFUSED | REFUSED_MORE)[lie](file)
            content = file.to_bytes()
        except (LookupError, StopIteration):  # the file has no such part
            continue
        if content == before:
            continue
        n_refused += 1
        tracemalloc.start(1)
        with pytest.raises(ModelFileError) as caught:
            load(source, content, tmp_path)
        assert tracemalloc.get_traced_memory()[1] < MAX_BYTES
        tracemalloc.stop()
        message = str(caught.value)
        assert message.startswith(str(tmp_path / "model.skcnn"))
        assert "Copy or save the model again" in message or "pip install --upgrade" in message
        assert len(message) < 1000
    assert n_refused >= (1 if lie in REFUSED_MORE else 3)


@pytest.mark.parametrize("form", ["format_5", "format_6", "full"])
def test_the_parts_of_two_models_do_not_mix(
    form: str, sources: dict[str, Source], tmp_path: Path
) -> None:
    source = sources[form]
    digest = re.search(rb"sha256:[0-9a-f]{64}$", source.content)
    assert digest is not None
    for name in RawFile.parse(source.content).arrays:
        file = RawFile.parse(source.content)
        array = file.array(name)
        file.set(name, array + np.ones((), array.dtype))
        file.digest = digest[0]
        with pytest.raises(ModelFileError, match="its digest is not that of its contents"):
            load(source, file.to_bytes(), tmp_path)


def test_a_digest_cannot_be_left_out(tmp_path: Path) -> None:
    source = STORED["format_5"]
    file = RawFile.parse(source.content)
    file.digest = b" "
    with pytest.raises(ModelFileError, match="its digest is not"):
        load(source, file.to_bytes(), tmp_path)
    content = source.content.replace(b'"format_version":5', b'"format_version":4')
    with pytest.raises(ModelFileError):
        load(source, content, tmp_path)


def test_a_claim_of_memory_is_refused_before_it_is_reserved(tmp_path: Path) -> None:
    source = STORED["format_5"]
    for lie in (name for name in REFUSED if "gigabyte" in name or "megabytes" in name):
        file = RawFile.parse(source.content)
        REFUSED[lie](file)
        content = file.to_bytes()
        assert len(content) < 1_000_000
        tracemalloc.start(1)
        with pytest.raises(ModelFileError):
            load(source, content, tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 50e6
        tracemalloc.stop()


def test_the_largest_legal_arrays_fit_into_the_budget(small_cnn, tmp_path: Path) -> None:
    # Many words and many classes: long lists in the header.
    words = [f"w{i}" for i in range(6_000)]
    texts = [" ".join(words[i : i + 100]) for i in range(0, 6_000, 100)]
    labels = np.arange(60) // 2
    costs = (1.0 - np.eye(30)).tolist()
    cnn = small_cnn(costs, embedding_dim=1, n_filters=1, epochs=1, embedding_init="uniform")
    cnn.fit(texts, labels).save(tmp_path / "model.skcnn")
    loaded = CostSensitiveTextCNN.load(tmp_path / "model.skcnn")
    np.testing.assert_array_equal(loaded.predict_proba(texts[:3]), cnn.predict_proba(texts[:3]))


def test_changed_files_are_right_or_refused(sources: dict[str, Source]) -> None:
    report = fuzz(list(sources.values()), N_TRIES, seed=0)
    assert report.faults == []
    assert {"bytes: right", "bytes: refused", "JSON: refused", "JSON: usable"} <= set(
        report.outcomes
    )


@pytest.mark.slow
def test_many_changed_files_are_right_or_refused(sources: dict[str, Source]) -> None:
    report = fuzz(list(sources.values()), 3_000, seed=1)
    assert report.faults == [], report


def test_no_file_is_another_error_than_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="absent"):
        CostSensitiveTextCNN.load(tmp_path / "absent")


@pytest.mark.parametrize("kind", ["a folder", "a pipe", "a device"])
def test_what_is_no_file_is_never_read(kind: str, tmp_path: Path) -> None:
    path = {"a folder": tmp_path, "a device": Path("/dev/zero")}.get(kind, tmp_path / "pipe")
    if kind == "a pipe":
        os.mkfifo(path)
    message = f"^{path} is {kind}; expected a file that save wrote. Give its path."
    with pytest.raises(ModelFileError, match=message):
        CostSensitiveTextCNN.load(path)


def test_the_error_is_public_and_a_value_error() -> None:
    assert "ModelFileError" in skcnn.__all__
    assert issubclass(ModelFileError, ValueError)


def test_what_is_given_to_load_is_named_with_the_file(
    sources: dict[str, Source], tmp_path: Path
) -> None:
    path = tmp_path / "model.skcnn"
    path.write_bytes(sources["full"].content)
    with pytest.raises(ModelFileError, match=r"^.*model\.skcnn: .*load\(path, members="):
        CostSensitiveTextCNN.load(path)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_filters": -1}, "n_filters"),
        ({"validation_scoring": "luck"}, "validation_scoring"),
        ({"max_length": (0, 0)}, "max_length"),
    ],
)
def test_what_could_not_be_loaded_is_not_saved(params, message: str, tmp_path: Path) -> None:
    cnn = STORED["format_5"].load(Path(__file__).parent / "stored" / "format_5.skcnn")
    with pytest.raises(ValueError, match=message):
        cnn.set_params(**params).save(tmp_path / "model.skcnn")
    assert not (tmp_path / "model.skcnn").exists()
