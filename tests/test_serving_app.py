"""The web service of docs/serving/app.py: in a server of its own, and its parts."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import numpy as np
import pytest
import uvicorn

import skcnn
from skcnn import CostSensitiveTextCNN, MinCostClassifier

ROOT = Path(__file__).parents[1]
APP = ROOT / "docs" / "serving" / "app.py"
LIMIT = 60  # seconds until a server has to be ready, or to have done something
JSON = {"Content-Type": "application/json"}
TEXTS = ["win cash now", "lunch at home", "", "jackpot winners", "see you at eight"]


@pytest.fixture(scope="module")
def service() -> ModuleType:
    spec = importlib.util.spec_from_file_location("serving_app", APP)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["serving_app"] = module  # where pydantic looks names up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def models(two_classes: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two model files that predict differently."""
    folder = tmp_path_factory.mktemp("models")
    paths = [folder / "first.skcnn", folder / "second.skcnn"]
    for seed, path in enumerate(paths):
        cnn = CostSensitiveTextCNN({"spam": 5}, epochs=2, random_state=seed)
        cnn.fit(two_classes.texts, two_classes.labels).save(path)
    return paths


@pytest.fixture(scope="module")
def client(models: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """A client of a real server, whose model file is `server/model.skcnn`."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(models[0], folder / "model.skcnn")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "app:app", "--port", str(port)]
    path = os.pathsep.join([str(APP.parent), str(ROOT)])
    environment = {"SKCNN_MODEL": str(folder / "model.skcnn"), "PYTHONPATH": path}
    with (
        subprocess.Popen(
            command, env=os.environ | environment, stderr=subprocess.DEVNULL
        ) as server,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=LIMIT) as client,
    ):
        try:
            wait_until(lambda: is_up(client))
            yield client
        finally:
            server.terminate()


def is_up(client: httpx2.Client) -> bool:
    try:
        return client.get("/health").status_code == 200
    except httpx2.ConnectError:
        return False


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT
    while not holds():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def posted(client: httpx2.Client, texts: list[str]) -> list[dict[str, Any]]:
    response = client.post("/predict", json={"texts": texts})
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()
    return found


def as_expected(rows: list[dict[str, Any]], model: Any, texts: list[str]) -> bool:
    labels = [row["label"] for row in rows]
    P = np.array([[row["probabilities"][name] for name in model.classes_] for row in rows])
    is_close = np.allclose(P, model.predict_proba(texts), rtol=0, atol=1e-6)
    return is_close and labels == model.predict(texts).tolist()


def test_a_server_predicts_as_the_model_does(client: httpx2.Client, models: list[Path]) -> None:
    assert as_expected(posted(client, TEXTS), skcnn.load(models[0]), TEXTS)


def test_requests_at_once_get_the_predictions_of_their_own_texts(
    client: httpx2.Client, models: list[Path]
) -> None:
    model = skcnn.load(models[0])
    requests = [[f"{text} {i}" for text in TEXTS[: 1 + i % 4]] for i in range(60)]
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda texts: posted(client, texts), requests))
    for rows, texts in zip(answers, requests, strict=True):
        assert as_expected(rows, model, texts)


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        ({"texts": ["a" * 20_000]}, 200, "spam"),
        ({"texts": ["a" * 20_001]}, 422, "at most 20000 characters"),
        ({"texts": ["a"] * 101}, 422, "at most 100 items"),
        ({"texts": ["a" * 10_000] * 101}, 413, ""),
        ({"texts": []}, 422, "at least 1 item"),
        ({"texts": "win"}, 422, "valid list"),
        ({"texts": [None]}, 422, "valid string"),
        ({"texts": ["\ud800"]}, 422, "valid string"),
        ({}, 422, "required"),
    ],
)
def test_a_request_that_is_too_long_or_wrong_is_refused_without_its_texts(
    client: httpx2.Client, body: Any, status: int, problem: str
) -> None:
    # Not `json=`, which cannot write a lone surrogate.
    response = client.post("/predict", content=json.dumps(body), headers=JSON)
    assert response.status_code == status
    assert problem in response.text
    assert len(response.text) < 300


def test_a_body_without_a_length_is_limited_too(client: httpx2.Client) -> None:
    parts = (b'{"texts": ["' + b"a" * 10_000 for _ in range(200))
    assert client.post("/predict", content=parts, headers=JSON).status_code == 413


def test_a_replaced_file_is_noticed_and_a_bad_one_leaves_the_old_model(
    client: httpx2.Client, models: list[Path]
) -> None:
    path = Path(client.get("/health").json()["model"])
    second = skcnn.load(models[1])
    assert not as_expected(posted(client, TEXTS), second, TEXTS)
    replace(path, models[1].read_bytes())
    wait_until(lambda: as_expected(posted(client, TEXTS), second, TEXTS))
    for bad, problem in ((b"nothing", "model.skcnn"), (None, "No such file")):
        replace(path, bad)
        wait_until(lambda wanted=problem: wanted in client.get("/health").json()["error"])  # type: ignore[misc]
        assert as_expected(posted(client, TEXTS), second, TEXTS)
    replace(path, models[0].read_bytes())
    first = skcnn.load(models[0])
    wait_until(lambda: as_expected(posted(client, TEXTS), first, TEXTS))
    assert client.get("/health").json() == {"status": "ok", "model": str(path), "error": ""}


def replace(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink()
        return
    new = path.with_name("new")
    new.write_bytes(content)
    new.replace(path)


class Recorder:
    """A model that notes the texts of each call."""

    def __init__(self) -> None:
        self.classes_, self.cost_matrix_ = np.array(["ham", "spam"]), 1 - np.eye(2)
        self.decision = "min_cost"
        self.calls: list[list[str]] = []

    def predict_proba(self, texts: list[str]) -> Any:
        self.calls.append(texts)
        if "bad" in texts:
            raise ValueError("a bad text")
        p = np.array([float(text) for text in texts])
        return np.column_stack([1 - p, p])


class OneFile:
    def __init__(self) -> None:
        self.model = Recorder()


async def stays() -> bool:
    """Say that the client has not gone."""
    return False


async def together(service: ModuleType, file: OneFile, *requests: list[str]) -> list[Any]:
    """Send requests at once; return what they get, or their errors."""
    batches = service.Batches(file)
    work = asyncio.create_task(batches.run())
    sent = [asyncio.create_task(batches.predict(texts, stays)) for texts in requests]
    if any("gone" in texts for texts in requests):
        await asyncio.sleep(0)
        sent[0].cancel()
    async with asyncio.timeout(LIMIT):
        results = await asyncio.gather(*sent, return_exceptions=True)
    work.cancel()
    return results


def test_requests_at_once_are_one_call_of_the_model(service: ModuleType) -> None:
    file = OneFile()
    first, second = asyncio.run(together(service, file, ["0.1", "0.9"], ["0.2"]))
    assert file.model.calls == [["0.1", "0.9", "0.2"]]
    assert [row["label"] for row in first] == ["ham", "spam"]
    assert second == [{"label": "ham", "probabilities": {"ham": 0.8, "spam": 0.2}}]


def test_a_batch_has_a_limit_of_texts(service: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_BATCH", Counter(texts=3, characters=100))
    file = OneFile()
    asyncio.run(together(service, file, ["0.1", "0.2"], ["0.3"], ["0.4"]))
    assert file.model.calls == [["0.1", "0.2", "0.3"], ["0.4"]]


def test_a_batch_has_a_limit_of_characters_and_a_larger_request_is_its_own_batch(
    service: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_BATCH", Counter(texts=64, characters=6))
    file = OneFile()
    requests = (["0.1"], ["0.22", "0.33"], ["0.4"], ["0.5"], ["0.6"])
    results = asyncio.run(together(service, file, *requests))
    assert file.model.calls == [["0.1"], ["0.22", "0.33"], ["0.4", "0.5"], ["0.6"]]
    assert [len(rows) for rows in results] == [1, 2, 1, 1, 1]


def test_the_largest_request_may_wait(service: ModuleType) -> None:
    texts = ["0" * 9_900] * service.MAX_TEXTS  # about as many as MAX_BYTES allows
    file = OneFile()
    results = asyncio.run(together(service, file, ["0.1"], texts, ["0.2"]))
    assert file.model.calls == [["0.1"], texts, ["0.2"]]
    assert [len(rows) for rows in results] == [1, len(texts), 1]


def test_a_client_that_has_gone_is_not_predicted(service: ModuleType) -> None:
    file = OneFile()
    gone, other = asyncio.run(together(service, file, ["gone"], ["0.2"]))
    assert isinstance(gone, asyncio.CancelledError)
    assert other[0]["probabilities"]["spam"] == 0.2
    assert file.model.calls == [["0.2"]]


def test_a_client_that_goes_during_the_call_takes_nothing_from_the_others(
    service: ModuleType,
) -> None:
    async def send() -> Any:
        file = OneFile()
        file.model = model = Slow()
        batches = service.Batches(file)
        work = asyncio.create_task(batches.run())
        gone, other = (asyncio.create_task(batches.predict([p], stays)) for p in ("0.1", "0.2"))
        async with asyncio.timeout(LIMIT):
            while not model.calls:
                await asyncio.sleep(0.01)
            gone.cancel()
            await asyncio.wait([gone])
            model.may_go_on.set()
            await asyncio.wait([other, work], return_when=asyncio.FIRST_COMPLETED)
        assert not work.done()
        work.cancel()
        return await other

    assert asyncio.run(send())[0]["probabilities"]["spam"] == 0.2


def test_an_error_of_the_model_reaches_its_batch_and_the_next_batch_is_predicted(
    service: ModuleType, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(service, "MAX_BATCH", Counter(texts=2, characters=100))
    first, second, third = asyncio.run(together(service, OneFile(), ["bad"], ["0.2"], ["0.3"]))
    assert first.status_code == second.status_code == 500
    assert first is not second
    assert third[0]["label"] == "ham"
    assert caplog.text.count("ValueError: a bad text") == 1


@pytest.mark.parametrize("limit", [{"texts": 2, "characters": 99}, {"texts": 99, "characters": 6}])
def test_more_than_may_wait_is_sent_away_until_there_is_room(
    service: ModuleType, monkeypatch: pytest.MonkeyPatch, limit: dict[str, int]
) -> None:
    monkeypatch.setattr(service, "MAX_WAITING", Counter(limit))

    async def send() -> tuple[Any, ...]:
        batches = service.Batches(OneFile())
        work = asyncio.create_task(batches.run())
        sent = [batches.predict([text], stays) for text in ("0.1", "0.2", "0.3")]
        async with asyncio.timeout(LIMIT):
            results = await asyncio.gather(*sent, return_exceptions=True)
            later = await batches.predict(["0.4", "0.5"], stays)
        work.cancel()
        return *results, later

    first, second, refused, later = asyncio.run(send())
    assert refused.status_code == 503
    assert [len(rows) for rows in (first, second, later)] == [1, 1, 2]


@pytest.fixture
def slow(
    service: ModuleType, models: list[Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, Slow]]:
    """The address of a server in this process, and its model, which waits until it may go on."""
    monkeypatch.setattr(service, "PATH", models[0])
    server = uvicorn.Server(uvicorn.Config(service.app, port=0, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    model = Slow()
    try:
        wait_until(lambda: server.started)
        service.app.state.file.model = model
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", model
    finally:
        model.may_go_on.set()
        server.should_exit = True
        thread.join()


class Slow(Recorder):
    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = threading.Event()

    def predict_proba(self, texts: list[str]) -> Any:
        result = super().predict_proba(texts)
        assert self.may_go_on.wait(LIMIT)
        return result


def test_a_closed_connection_is_not_predicted(service: ModuleType, slow: tuple[str, Slow]) -> None:
    url, model = slow
    waiting = service.app.state.batches.waiting

    def post(text: str) -> int:
        with httpx2.Client(base_url=url, timeout=LIMIT) as client:
            return client.post("/predict", json={"texts": [text]}).status_code

    with ThreadPoolExecutor() as threads:
        first = threads.submit(post, "0.1")
        wait_until(lambda: model.calls == [["0.1"]])
        with socket.create_connection(("127.0.0.1", httpx2.URL(url).port)) as gone:
            head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            gone.sendall(f'{head}Content-Length: 18\r\n\r\n{{"texts": ["0.9"]}}'.encode())
            wait_until(lambda: len(waiting) == 1)
        last = threads.submit(post, "0.2")
        wait_until(lambda: len(waiting) == 2)
        model.may_go_on.set()
        assert [first.result(), last.result()] == [200, 200]
    assert model.calls == [["0.1"], ["0.2"]]


def test_health_says_when_no_batches_are_made(service: ModuleType, slow: tuple[str, Slow]) -> None:
    url, _ = slow
    assert httpx2.get(f"{url}/health").status_code == 200
    work = service.app.state.makes_batches
    work.get_loop().call_soon_threadsafe(work.cancel)
    wait_until(work.done)
    health = httpx2.get(f"{url}/health")
    assert health.status_code == 503
    assert "restart the service" in health.json()["status"]


@pytest.mark.parametrize("kind", ["plain", "argmax", "threshold", "abstentions"])
def test_the_label_is_the_one_that_the_model_predicts(
    service: ModuleType, models: list[Path], two_classes: Any, kind: str
) -> None:
    from sklearn.frozen import FrozenEstimator

    model: Any = skcnn.load(models[0])
    texts = list(two_classes.texts[:50])
    if kind == "argmax":
        model = model.with_costs({"spam": 1e4}).set_params(decision="argmax")
    elif kind == "threshold":
        threshold = float(np.median(model.predict_proba(texts)[:, 1]))
        model = MinCostClassifier(FrozenEstimator(model), threshold=threshold)
        model.fit(texts, two_classes.labels[:50])
    elif kind == "abstentions":
        cost = float(np.median(model.expected_costs(texts).min(axis=1)))
        model = MinCostClassifier(FrozenEstimator(model), abstain_cost=cost, abstain_label="none")
        model.fit(texts, two_classes.labels[:50])
    rows = service.predictions(model, texts)
    assert as_expected(rows, model, texts)
    assert len({row["label"] for row in rows}) > 1


def test_the_page_shows_the_service_as_it_is() -> None:
    page = (ROOT / "docs" / "serving.md").read_text("utf-8")
    assert f"```python\n{APP.read_text('utf-8')}```\n" in page
