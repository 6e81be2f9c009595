"""Every loss in a plain Keras network with one sigmoid output: which rule finds the rare class?

Sentences on adverse drug events; a missed one costs 5, a false alarm 1. The network is a TextCNN as
Keras users write it: one trainable and one frozen embedding, shared filters, one sigmoid. Prints
recall, precision and normalized cost (1 is the cost of the cheapest constant prediction) of three
rules on the held-out fifth: output > 0.5, output > bayes_threshold(costs), and loss.decide(output).
"""

from __future__ import annotations

import warnings

import keras
import numpy as np
from _common import COST_RATIO, load_binary, parser
from keras import layers
from sklearn.metrics import precision_score, recall_score
from sklearn.model_selection import train_test_split

from skcnn import CooccurrenceVectors, bayes_threshold, normalized_cost
from skcnn.losses import (
    CrossEntropy,
    ExpectedCost,
    FocalCost,
    HardMisclassificationCost,
    MisclassificationCost,
    WeightedCrossEntropy,
)

COSTS = [[0, 1], [COST_RATIO, 0]]
LOSSES = (
    CrossEntropy,
    ExpectedCost,
    WeightedCrossEntropy,
    MisclassificationCost,
    FocalCost,
    HardMisclassificationCost,
)
LENGTH, DIMENSION, N_FILTERS = 50, 50, 100
RULES = ("output > 0.5", "output > bayes_threshold", "loss.decide")


def text_cnn(vectors: np.ndarray) -> keras.Model:
    """Return the network over ids (n, LENGTH), from start vectors (n_rows, DIMENSION)."""
    ids = keras.Input((LENGTH,), dtype="int32")
    start = keras.initializers.Constant(vectors)
    channels = [
        layers.Embedding(*vectors.shape, embeddings_initializer=start, trainable=trainable)(ids)
        for trainable in (True, False)
    ]
    pooled = []
    for width in (3, 4, 5):
        filters = layers.Conv1D(N_FILTERS, width)
        total = layers.Add()([filters(channel) for channel in channels])
        pooled.append(layers.GlobalMaxPooling1D()(layers.ReLU()(total)))
    features = layers.Dropout(0.5)(layers.Concatenate()(pooled))
    return keras.Model(ids, layers.Dense(1, activation="sigmoid")(features))


def prepared(train: list[str], test: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ids of both parts, and start vectors learned from the training texts."""
    vectorize = layers.TextVectorization(output_sequence_length=LENGTH)
    vectorize.adapt(train)
    known = CooccurrenceVectors(DIMENSION, random_state=0).fit(train)
    vector_of = dict(zip(known.words_, known.vectors_, strict=True))
    words = vectorize.get_vocabulary()
    vectors = np.random.default_rng(0).uniform(-0.05, 0.05, (len(words), DIMENSION))
    for row, word in enumerate(words):
        vectors[row] = vector_of.get(word, vectors[row])
    return np.asarray(vectorize(train)), np.asarray(vectorize(test)), vectors.astype(np.float32)


def main() -> None:
    """Train a network with each loss and seed; print one line per loss, seed and rule."""
    command_line = parser(__doc__)
    command_line.add_argument("--epochs", type=int, default=4)
    command_line.add_argument("--seeds", type=int, default=2)
    arguments = command_line.parse_args()
    texts, labels, rare = load_binary(arguments.data, "ade_sentences")
    y = (labels == rare).astype(int)
    print("| loss | seed | rule | recall | precision | cost |\n|---|---|---|---|---|---|")
    for seed in range(arguments.seeds):
        train, test, y_train, y_test = train_test_split(
            texts, y, test_size=0.2, stratify=y, random_state=seed
        )
        ids, test_ids, vectors = prepared(train, test)
        for make_loss in LOSSES:
            keras.utils.set_random_seed(seed)
            loss, model = make_loss(COSTS), text_cnn(vectors)
            model.compile(optimizer="adam", loss=loss)
            model.fit(ids, y_train, batch_size=64, epochs=arguments.epochs, verbose=0)
            for rule, predicted in decisions(loss, model.predict(test_ids, verbose=0)).items():
                figures = (
                    recall_score(y_test, predicted),
                    precision_score(y_test, predicted),
                    normalized_cost(y_test, predicted, cost_matrix=COSTS),
                )
                cells = " | ".join(f"{figure:.2f}" for figure in figures)
                print(f"| {make_loss.__name__} | {seed} | {rule} | {cells} |", flush=True)


def decisions(loss: object, output: np.ndarray) -> dict[str, np.ndarray]:
    """Predictions (n,) of each rule from sigmoid outputs (n, 1)."""
    with warnings.catch_warnings():
        # HardMisclassificationCost warns that its outputs do not determine the posterior.
        warnings.simplefilter("ignore", UserWarning)
        decided = loss.decide(output)
    flagged = [output[:, 0] > threshold for threshold in (0.5, bayes_threshold(COSTS))]
    return dict(zip(RULES, [*flagged, decided], strict=True))


if __name__ == "__main__":
    main()
