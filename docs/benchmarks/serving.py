"""Requests a second and 99th percentile of the web service of docs/serving/app.py, on loopback.

skcnn against all-MiniLM-L6-v2 + logistic regression, each with and without batches. The texts are
headlines of BBC News and the first words of their articles, 20 words together; a request has one
text. The servers take turns, and the client runs on the same processors.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import pickle
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from skcnn import CostSensitiveTextCNN
from skcnn.datasets import load_bbc_headlines
from skcnn.text._minilm import load_minilm

HERE = Path(__file__).parent
COSTS = {"tech": 5}
MAX_REQUESTS = 20_000  # in one measurement
START = 120  # seconds in which a server has to start


def save_models(folder: Path) -> list[str]:
    """Write both models to files; return texts to predict."""
    os.environ["BATCHES"] = "1"
    sys.path.append(str(HERE.parent / "serving"))
    from _serving_app import MiniLMClassifier

    news = load_bbc_headlines()
    pairs = zip(news.data, news.bodies, strict=True)
    texts = [" ".join(f"{headline}. {body}".split()[:20]) for headline, body in pairs]
    y = np.where(news.target == "tech", "tech", "other")
    train, test = texts[::2], texts[1::2]
    cnn = CostSensitiveTextCNN(COSTS, random_state=0).fit(train, y[::2])
    cnn.save(folder / "model.skcnn")
    regression = LogisticRegression(C=10, max_iter=1000).fit(load_minilm().encode(train), y[::2])
    rival = MiniLMClassifier(regression, cnn.cost_matrix_)
    (folder / "model.pickle").write_bytes(pickle.dumps(rival))
    return test


def started(stack: ExitStack, model: Path, batches: bool) -> int:
    """Start a server that ends with the stack; return its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    path = os.pathsep.join(map(str, [HERE, HERE.parent / "serving", *filter(None, sys.path)]))
    environment = os.environ | {
        "SKCNN_MODEL": str(model),
        "BATCHES": str(int(batches)),
        "PYTHONPATH": path,
    }
    command = [sys.executable, "-m", "uvicorn", "_serving_app:app", "--port", str(port)]
    options = ["--no-access-log", "--log-level", "warning"]
    server = stack.enter_context(subprocess.Popen([*command, *options], env=environment))
    stack.callback(server.terminate)
    end = time.monotonic() + START
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return port
        except ConnectionRefusedError:
            if server.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.1)


def requests(texts: list[str]) -> list[bytes]:
    """Return a request for each text."""
    bodies = (json.dumps({"texts": [text]}).encode() for text in texts)
    head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return [f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies]


async def client(port: int, sent: list[bytes], end: float, times: list[float]) -> None:
    """Send one request after the other on one connection until the time is over."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in sent:
        begin = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        times.append(time.perf_counter() - begin)
        if time.perf_counter() > end:
            break
    writer.close()


async def measured(
    port: int, sent: list[bytes], n_clients: int, seconds: float
) -> tuple[float, list[float]]:
    """Return requests a second, and the seconds of each request, of some clients at once."""
    times: list[float] = []
    begin = time.perf_counter()
    end = begin + seconds
    repeated = sent * (MAX_REQUESTS // n_clients // len(sent) + 1)
    shares = [repeated[k : k + MAX_REQUESTS // n_clients] for k in range(n_clients)]
    await asyncio.gather(*(client(port, share, end, times) for share in shares))
    return len(times) / (time.perf_counter() - begin), times


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of one measurement")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        sent = requests(save_models(folder))
        servers = {
            (model, batches): started(stack, folder / file, batches)
            for model, file in (("skcnn", "model.skcnn"), ("MiniLM", "model.pickle"))
            for batches in (True, False)
        }
        found: dict[tuple[tuple[str, bool], int], list[tuple[float, list[float]]]] = {}
        for port in servers.values():
            asyncio.run(measured(port, sent, 2, 1.0))  # threads and caches are ready now
        for _ in range(arguments.rounds):
            for n_clients in arguments.clients:
                for server, port in servers.items():
                    result = asyncio.run(measured(port, sent, n_clients, arguments.seconds))
                    found.setdefault((server, n_clients), []).append(result)
    print_table(found, list(servers), arguments.clients)


def print_table(
    found: dict[tuple[tuple[str, bool], int], list[tuple[float, list[float]]]],
    servers: list[tuple[str, bool]],
    clients: list[int],
) -> None:
    """Print the median of requests a second over the rounds, and p99 over all requests."""
    print("| requests a second, p99 in ms |", *(f"{n} client{'s' * (n > 1)} |" for n in clients))
    print("|---|" + "---|" * len(clients))
    for server in servers:
        cells = []
        for n_clients in clients:
            rounds = found[server, n_clients]
            rate = statistics.median(rate for rate, _ in rounds)
            p99 = 1000 * np.percentile(np.concatenate([times for _, times in rounds]), 99)
            cells.append(f"{rate:,.0f}, {p99:.0f} |")
        model, batches = server
        print(f"| {model}, {'with' if batches else 'without'} batches |", *cells)


if __name__ == "__main__":
    main()
