"""Predicting: 9,600 sentences against Keras' predict, and one sentence from raw text."""

from __future__ import annotations

import statistics

from _common import encoded, interleaved, load, parser, plain_keras, report, seconds
from skcnn._inference import TextCNNWeights, forward

from skcnn import CostSensitiveTextCNN
from skcnn.network import build_text_cnn

DIMENSION = 300


def main() -> None:
    """Print seconds and ratios, then milliseconds for one text."""
    arguments = parser(__doc__).parse_args()
    texts, labels = load(arguments.data, "kim_mr")
    sequences, n_words = encoded(texts[:9600])
    padded = sequences.to_padded()
    keras_model = plain_keras(n_words, DIMENSION, channels=2)
    layers = build_text_cnn(n_words, DIMENSION, 2, random_state=0).get_weights()
    weights = TextCNNWeights.from_layers(
        layers[0], layers[1:7:2], sum_biases(layers), layers[-2], layers[-1]
    )
    candidates = {
        "skcnn": lambda: forward(weights, sequences),
        "keras, two channels": lambda: keras_model.predict(padded, verbose=0),
    }
    for warm_up in candidates.values():
        warm_up()
    report(interleaved(candidates, arguments.repeats), "skcnn")

    cnn = CostSensitiveTextCNN(random_state=0, epochs=1).fit(texts[:9600], labels[:9600])
    cnn.predict_proba(texts[:1])
    times = [seconds(lambda t=text: cnn.predict_proba([t])) for text in texts[:2000]]
    print(f"predict_proba of one raw sentence: median {1000 * statistics.median(times):.3f} ms")


def sum_biases(layers: list):
    """Concatenate the convolutions' biases."""
    import numpy as np

    return np.concatenate(layers[2:8:2])


if __name__ == "__main__":
    main()
