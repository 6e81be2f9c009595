"""One epoch of training: skcnn, plain Keras with two channels, and a plain PyTorch module.

The data is kim_mr, with batches of 50, vectors of 300 dimensions and 3 x 100 filters.
"""

from __future__ import annotations

import numpy as np
from _common import encoded, interleaved, load, parser, plain_keras, report

from skcnn.network import build_text_cnn

DIMENSION, BATCH = 300, 50


def torch_epoch(padded: np.ndarray, targets: np.ndarray, n_ids: int):
    """Return a function that trains a plain PyTorch module for an epoch."""
    import torch
    from torch import nn

    class TextCNN(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(n_ids, DIMENSION, padding_idx=0)
            self.convolutions = nn.ModuleList(
                nn.Conv1d(DIMENSION, 100, width, padding=width - 1) for width in (3, 4, 5)
            )
            self.dropout = nn.Dropout(0.5)
            self.dense = nn.Linear(300, 2)

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            vectors = self.embedding(ids).transpose(1, 2)
            pooled = [torch.relu(c(vectors)).amax(dim=2) for c in self.convolutions]
            return self.dense(self.dropout(torch.cat(pooled, dim=1)))

    model = TextCNN()
    optimizer = torch.optim.Adam(model.parameters())
    x, y = torch.from_numpy(padded).long(), torch.from_numpy(targets).long()

    def run() -> None:
        for rows in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()

    return run


def main() -> None:
    """Print seconds an epoch and ratios."""
    command_line = parser(__doc__)
    command_line.add_argument("--torch", action="store_true", help="also PyTorch, if installed")
    arguments = command_line.parse_args()
    texts, labels = load(arguments.data, "kim_mr")
    targets = np.unique(labels, return_inverse=True)[1].astype(np.int32)[:9600]
    sequences, n_ids = encoded(texts[:9600])
    padded = sequences.to_padded()
    ours = build_text_cnn(n_ids, DIMENSION, 2, random_state=0)
    ours.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    keras_model = plain_keras(n_ids, DIMENSION, channels=2)
    candidates = {
        "skcnn": lambda: ours.fit(sequences, targets, batch_size=BATCH, verbose=0),
        "keras, two channels": lambda: keras_model.fit(
            padded, targets, batch_size=BATCH, verbose=0
        ),
    }
    if arguments.torch:
        candidates["pytorch"] = torch_epoch(padded, targets, n_ids)
    for warm_up in candidates.values():
        warm_up()
    report(interleaved(candidates, arguments.repeats), "skcnn")


if __name__ == "__main__":
    main()
