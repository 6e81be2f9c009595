"""A fit leaves nothing behind in TensorFlow."""

from __future__ import annotations

from typing import Any

import pytest
from tensorflow.python.eager import context

from skcnn import CostSensitiveTextCNN
from tests.own_networks import two_channels


@pytest.mark.parametrize("network", [None, two_channels], ids=["TextCNN", "own network"])
def test_a_fit_leaves_no_kernels_for_its_shapes_behind(
    network: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    eager, cleared = type(context.context()), []
    clear = eager.clear_kernel_cache

    def counted(self: Any) -> None:
        cleared.append(self)
        clear(self)

    monkeypatch.setattr(eager, "clear_kernel_cache", counted)
    cnn = CostSensitiveTextCNN(network=network, epochs=1, early_stopping=False, random_state=0)
    cnn.fit(["win cash", "cash", "lunch", "at noon"], [1, 1, 0, 0])
    assert cleared
