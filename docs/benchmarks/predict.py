"""Predicting: 9,600 sentences by skcnn and by Keras' predict, and one sentence from raw text."""

from __future__ import annotations

import statistics

import numpy as np
from _common import encoded, interleaved, load, parser, plain_keras, report, seconds

from skcnn import CostSensitiveTextCNN
from skcnn.network import build_text_cnn
from skcnn.predicting._text_cnn import TextCNNWeights, forward

DIMENSION = 300


def main() -> None:
    """Print seconds and ratios, then milliseconds for one text."""
    arguments = parser(__doc__).parse_args()
    texts, labels = load(arguments.data, "kim_mr")
    sequences, n_ids = encoded(texts[:9600])
    padded = sequences.to_padded()
    keras_model = plain_keras(n_ids, DIMENSION, channels=2)
    embedding, *convolutions, dense_kernel, dense_bias = build_text_cnn(
        n_ids, DIMENSION, 2, random_state=0
    ).get_weights()
    kernels, filter_bias = convolutions[::2], np.concatenate(convolutions[1::2])
    weights = TextCNNWeights.from_layers(embedding, kernels, filter_bias, dense_kernel, dense_bias)
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


if __name__ == "__main__":
    main()
