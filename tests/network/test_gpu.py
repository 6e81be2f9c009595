from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from skcnn import CostSensitiveTextCNN


@pytest.mark.gpu
@pytest.mark.skipif(not tf.config.list_physical_devices("GPU"), reason="TensorFlow sees no GPU")
def test_training_runs_where_tensorflow_sees_a_gpu(two_classes):
    cnn = CostSensitiveTextCNN(embedding_dim=8, n_filters=4, epochs=3, random_state=0)
    cnn.fit(two_classes.texts, two_classes.labels)
    assert cnn.history_["loss"][-1] < cnn.history_["loss"][0]
    padded = np.array([[2, 3, 4, 0, 0]], np.int32)
    np.testing.assert_allclose(cnn.model_(padded).numpy().sum(), 1, rtol=1e-5)
