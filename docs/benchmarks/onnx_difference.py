"""The ONNX graph against `predict_proba`: largest difference, sizes of files, times.

Three languages, 1,000 texts each that the model was not trained on: English headlines, Chinese
reviews, German. Without --data the Chinese texts are generated, as the German ones are.
"""

from __future__ import annotations

import argparse
import re
import statistics
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnxruntime
from _common import interleaved, load, report

import skcnn
from skcnn import CostSensitiveTextCNN
from skcnn.datasets import load_bbc_headlines

PAGE = Path(__file__).parents[1] / "onnx.md"
N_TEXTS, BATCH = 1000, 100
UNEVEN = {("tech", "sports"): 9, ("tech", "politics"): 3, ("business", "tech"): 5}
STEMS = {
    "wetter": "Regen Sturm Schnee Nebel Sonne Gewitter Frühling Kälte Wärme",
    "essen": "Brötchen Kuchen Gemüse Suppe Käse Apfel Frühstück Soße Nuss",
    "reise": "Bahnhof Flug Koffer Straße Hotel Brücke Schiff Küste Urlaub",
}
FILLERS = "der die das und nicht schön groß heute über für mit große schöne möchte"
CHARACTERS = {"pos": "好快棒香美赞热新", "neg": "差慢冷坏贵少难退"}
CHINESE_FILLERS = "的了是我们这家店外卖送味道菜餐很也都，。！"


def german(n_texts: int) -> tuple[list[str], np.ndarray]:
    """Return sentences with compounds, umlauts and upper case; most compounds occur once."""
    random = np.random.RandomState(1)
    labels = random.choice(list(STEMS), n_texts)
    texts = []
    for label in labels:
        topic = random.choice(list(STEMS)) if random.uniform() < 0.3 else label
        stems = STEMS[str(topic)].split()
        compounds = ["".join(random.choice(stems, 3)).capitalize() for _ in range(2)]
        words = [
            *compounds,
            random.choice(stems),
            *random.choice(FILLERS.split(), random.randint(3, 20)),
        ]
        texts.append(" ".join(random.permutation(words)) + ".")
    return texts, labels


def chinese(n_texts: int) -> tuple[list[str], np.ndarray]:
    """Return strings of characters without spaces."""
    random = np.random.RandomState(2)
    labels = random.choice(list(CHARACTERS), n_texts)
    texts = []
    for label in labels:
        topic = random.choice(list(CHARACTERS)) if random.uniform() < 0.3 else label
        own = random.choice(list(CHARACTERS[str(topic)]), 3)
        others = random.choice(list(CHINESE_FILLERS), random.randint(5, 60))
        texts.append("".join(random.permutation([*own, *others])))
    return texts, labels


def languages(folder: Path | None) -> Iterator[tuple[str, list[str], np.ndarray, dict[str, Any]]]:
    """Yield a name, texts, labels, and parameters of the estimator."""
    headlines, sections = load_bbc_headlines(return_X_y=True)
    yield "English", headlines, sections, {"cost_matrix": UNEVEN, "word_vectors": "glove"}
    texts, labels = chinese(3000) if folder is None else load(folder, "zh_waimai")
    yield "Chinese", texts, labels, {"cost_matrix": {"pos": 5}}
    texts, labels = german(3000)
    yield "German", texts, labels, {"cost_matrix": {"reise": 5}, "loss": "misclassification"}


def tokenizer(path: Path) -> Any:
    """Return the `Tokenizer` of the page about ONNX."""
    (source,) = re.findall(r"```python\n([^`]*?class Tokenizer:.*?)```", PAGE.read_text(), re.S)
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    return namespace["Tokenizer"](path)


def compare(cnn: CostSensitiveTextCNN, texts: list[str], folder: Path, repeats: int) -> None:
    """Print the difference, the sizes and the times of one model."""
    skcnn.to_onnx(cnn, folder / "a.onnx")
    cnn.save(folder / "a.skcnn")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(folder / "a.onnx", options)
    inputs = tokenizer(folder / "a.json")
    texts = sorted(texts, key=len)
    batches = [texts[begin : begin + BATCH] for begin in range(0, len(texts), BATCH)]

    def run(some: list[str]) -> list[Any]:
        found: list[Any] = session.run(None, inputs(some))
        return found

    outputs = [run(batch) for batch in batches]
    P, costs, labels = (np.concatenate(parts) for parts in zip(*outputs, strict=True))
    of_costs = np.abs(costs - cnn.expected_costs(texts)).max()
    print(f"largest difference of a probability {np.abs(P - cnn.predict_proba(texts)).max():.1e}")
    print(f"largest difference of an expected cost {of_costs:.1e}")
    print(f"other labels: {(labels != cnn.predict(texts)).sum()} of {len(texts)}")
    megabytes = {
        name: (folder / name).stat().st_size / 1e6 for name in ("a.onnx", "a.json", "a.skcnn")
    }
    print(", ".join(f"{name[2:]} {size:.1f} MB" for name, size in megabytes.items()))
    many = {
        "predict_proba": lambda: cnn.predict_proba(texts),
        "ONNX": lambda: [run(batch) for batch in batches],
    }
    report(interleaved(many, repeats), "predict_proba")
    one = {
        "predict_proba": lambda: [cnn.predict_proba([text]) for text in texts[::10]],
        "ONNX": lambda: [run([text]) for text in texts[::10]],
    }
    times = interleaved(one, repeats)
    for name, seconds in times.items():
        print(f"{name}: {10 * statistics.median(seconds):.3f} ms for one text")


def main() -> None:
    """Print the figures of each language."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, help="folder with zh_waimai.csv.gz")
    arguments.add_argument("--repeats", type=int, default=5, help="runs of each candidate")
    given = arguments.parse_args()
    for language, texts, labels, parameters in languages(given.data):
        order = np.random.RandomState(0).permutation(len(texts))
        test, train = order[:N_TEXTS], order[N_TEXTS:]
        cnn = CostSensitiveTextCNN(random_state=0, **parameters)
        cnn.fit([texts[row] for row in train], labels[train])
        print(f"\n{language}, {len(train)} texts to learn from, classes {len(cnn.classes_)}")
        with TemporaryDirectory() as folder:
            compare(cnn, [texts[row] for row in test], Path(folder), given.repeats)


if __name__ == "__main__":
    main()
