"""Long texts and many texts: the same probabilities, in a limited amount of memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skcnn.predicting import _ngram_model, _text_cnn
from skcnn.text import _long_text, _ngrams
from tests.conftest import FILLERS, WORDS, Corpus, Make

ALL_WORDS = [*FILLERS, *(word for words in WORDS.values() for word in words)]
TEXTS = st.lists(
    st.lists(
        st.one_of(st.sampled_from(ALL_WORDS), st.text("winch你好e ", max_size=8)), max_size=60
    ).map(" ".join),
    min_size=1,
    max_size=8,
)


@pytest.fixture(scope="module")
def models(small_cnn: Make, two_classes: Corpus, three_classes: Corpus) -> list[Any]:
    wide = {"filter_widths": (3, 5), "epochs": 1}
    return [
        small_cnn(epochs=1).fit(two_classes.texts, two_classes.labels),
        small_cnn(**wide).fit(three_classes.texts, three_classes.labels),
        small_cnn(**wide, max_length=(20, 5)).fit(two_classes.texts, two_classes.labels),
        small_cnn(epochs=1, tokenizer=str.split).fit(two_classes.texts, two_classes.labels),
    ]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    texts=TEXTS,
    characters=st.sampled_from([1, 5, 40, 300]),
    n_tokens=st.integers(1, 40),
    n_in_cache=st.integers(1, 40),
    n_bytes=st.sampled_from([1, 1000, 10**7]),
)
def test_where_texts_are_cut_does_not_change_the_probabilities(
    models, texts, characters, n_tokens, n_in_cache, n_bytes
) -> None:
    for model in models:
        expected = model.predict_proba(texts)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_long_text, "CHARACTERS_PER_BLOCK", characters)
            patch.setattr(_text_cnn, "_TOKENS_PER_PROJECTION", n_tokens)
            patch.setattr(_text_cnn, "_TOKENS_PER_BLOCK", n_in_cache)
            patch.setattr(_text_cnn, "_BYTES_PER_PROJECTION", n_bytes)
            patch.setattr(_ngram_model, "_TOKENS_PER_BLOCK", n_tokens)
            patch.setattr(_ngrams, "_WORDS_AT_ONCE", n_in_cache)
            np.testing.assert_allclose(model.predict_proba(texts), expected, atol=1e-6)


PEAK = """
import random, re, sys
from skcnn import CostSensitiveTextCNN

def megabytes(name):
    with open("/proc/self/status") as file:
        return int(re.search(name + r":\\s+(\\d+)", file.read())[1]) / 1024

cnn = CostSensitiveTextCNN.load(sys.argv[1])
draw = random.Random(0).choices
chinese = lambda n: "".join(map(chr, draw(range(0x4E00, 0x9FFF), k=n)))
words = lambda n: " ".join("".join(draw("abcdefghijklmnopqrstuvwxyz", k=5)) for _ in range(n))
texts = eval(sys.argv[2])
cnn.predict_proba(["see you", "win", "\\u4f60"])
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the peak begins anew
before = megabytes("VmRSS")
cnn.predict_proba(texts)
print(megabytes("VmHWM") - before)
"""


@pytest.fixture(scope="module")
def model_file(
    small_cnn: Make, two_classes: Corpus, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("memory") / "model.skcnn"
    cnn = small_cnn(embedding_dim=100, n_filters=100, filter_widths=(3, 4, 5), epochs=1)
    cnn.fit(two_classes.texts, two_classes.labels).save(path)
    return path


def peak(model_file: Path, texts: str) -> float:
    """Return the most memory that predicting takes in a new process, in MB."""
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("only Linux tells the peak of a part of a process")
    command = [sys.executable, "-c", PEAK, str(model_file), texts]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return float(result.stdout)


# Before texts were cut, the peaks were 250 MB or more.
@pytest.mark.parametrize(
    "texts", ["[chinese(60_000)]", "[words(60_000)]", "[words(600) for _ in range(100)]"]
)
def test_predicting_takes_a_limited_amount_of_memory(model_file: Path, texts: str) -> None:
    assert peak(model_file, texts) < 120


@pytest.mark.slow
@pytest.mark.parametrize(
    "texts",
    [
        "[chinese(2_000_000)]",
        "['a' * 6_000_000]",
        "['\\u00e9' * 3_000_000]",
        "[words(1_000_000)]",
        "[words(8_000) for _ in range(100)]",
        "[words(15) for _ in range(60_000)]",
        "[chinese(100_000) for _ in range(20)]",
    ],
)
def test_the_longest_texts_take_200_mb_at_most(model_file: Path, texts: str) -> None:
    assert peak(model_file, texts) < 200


THREADS = """
import sys, threading
from pathlib import Path
from skcnn import CostSensitiveTextCNN

def work_of_others():
    own = threading.get_native_id()
    times = [
        int((task / "schedstat").read_text().split()[0])
        for task in Path("/proc/self/task").iterdir()
        if int(task.name) != own and not (task / "comm").read_text().startswith("jemalloc")
    ]
    return len(times), sum(times)

cnn = CostSensitiveTextCNN.load(sys.argv[1])
cnn.predict_proba(["see you"])
before = work_of_others()
for _ in range(50):
    cnn.predict_proba(["win a prize now, " * 20])
print(work_of_others() == before, before)
"""


def test_no_other_thread_works_on_a_small_input(model_file: Path) -> None:
    if not Path("/proc/self/schedstat").exists():
        pytest.skip("this system does not tell what each thread does")
    result = subprocess.run(
        [sys.executable, "-c", THREADS, str(model_file)],
        env={"PATH": "", "PYTHONPATH": ":".join(sys.path), "OPENBLAS_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("True"), result.stdout
