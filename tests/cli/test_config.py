from __future__ import annotations

import json
from pathlib import Path

import pytest

from skcnn.cli._config import checked_estimator, read_config


@pytest.mark.parametrize("name", ["c.toml", "c.json", "c.JSON"])
def test_a_file_sets_parameters(tmp_path: Path, name: str) -> None:
    params = {"epochs": 3, "filter_widths": [2, 3], "cost_matrix": {"spam": 5}, "dropout": 0.5}
    toml = "epochs = 3\nfilter_widths = [2, 3]\ncost_matrix = {spam = 5}\ndropout = 0.5\n"
    path = tmp_path / name
    path.write_text(json.dumps(params) if name.lower().endswith("json") else toml)
    estimator = checked_estimator(read_config(path), path)
    assert {key: estimator.get_params()[key] for key in params} == params


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("epochs = ", "cannot be read"),
        ("epoch = 3", "sets epoch; expected parameters among"),
        ('tokenizer = "x"', "sets tokenizer; expected parameters among"),
        ("epochs = 0", "'epochs' parameter"),
        ('epochs = "3"', "'epochs' parameter"),
        ("filter_widths = [0]", "filter_widths"),
        ('word_vectors = "absent.vec"', "absent.vec"),
        ('sentence_vectors = "bert"', "sentence_vectors is 'bert'"),
    ],
)
def test_a_wrong_file_is_refused_without_any_text(
    tmp_path: Path, content: str, complaint: str
) -> None:
    path = tmp_path / "c.toml"
    path.write_text(content)
    with pytest.raises((ValueError, FileNotFoundError)) as error:
        checked_estimator(read_config(path), path)
    assert complaint in str(error.value)


def test_json_must_be_an_object(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text("[1]")
    with pytest.raises(ValueError, match="expected an object"):
        read_config(path)
