"""A web service for one model file: ``SKCNN_MODEL=model.skcnn uvicorn app:app``."""

import asyncio
import logging
import os
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import fastapi
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

import skcnn

PATH = Path(os.environ.get("SKCNN_MODEL", "model.skcnn"))
MAX_CHARACTERS = 20_000  # of one text
MAX_TEXTS = 100  # in one request
MAX_BYTES = 1_000_000  # of the body of a request
MAX_WAITING = Counter(texts=5_000, characters=5_000_000)  # beyond: come back later
MAX_BATCH = Counter(texts=64, characters=200_000)  # in one call, unless one request has more
WAIT = 0.002  # seconds that the first request of a batch waits for others
LOOK_EVERY = 1.0  # seconds from one look at the model file to the next

log = logging.getLogger("uvicorn.error")


class ModelFile:
    """The model in a file, and the next model when the file is replaced."""

    def __init__(self, path: Path) -> None:
        self.path, self.error = path, ""
        self.stamp = self.look()
        self.model = skcnn.load(path)

    def look(self) -> tuple[int, ...]:
        """Return numbers that change when the file is replaced."""
        try:
            found = self.path.stat()
        except OSError:
            return ()
        return found.st_ino, found.st_mtime_ns, found.st_size

    def refresh(self) -> None:
        """Load the file if it was replaced. If that fails, keep the model, and say why."""
        stamp = self.look()
        if stamp == self.stamp:
            return
        self.stamp = stamp  # a bad file is tried once
        try:
            self.model, self.error = skcnn.load(self.path), ""
            log.info("loaded %s", self.path)
        except Exception as error:
            self.error = str(error)
            log.error("kept the old model: %s", error)


@dataclass
class Waiting:
    """A request that waits for its predictions."""

    texts: list[str]
    has_gone: Callable[[], Awaitable[bool]]  # whether the client closed the connection
    size: Counter[str]
    future: asyncio.Future[Any] = field(default_factory=asyncio.Future)

    def fail(self, status: int, detail: str) -> None:
        """Give the client an error of its own."""
        if not self.future.done():
            self.future.set_exception(HTTPException(status, detail))


class Batches:
    """Joins requests that come at about the same time: one call of the model for all of them."""

    def __init__(self, file: ModelFile) -> None:
        self.file = file
        self.waiting: deque[Waiting] = deque()
        self.size: Counter[str] = Counter()  # of all that wait
        self.arrived = asyncio.Event()

    async def predict(
        self, texts: list[str], has_gone: Callable[[], Awaitable[bool]]
    ) -> list[dict[str, Any]]:
        """Wait for a batch that has these texts; return their predictions."""
        size = Counter(texts=len(texts), characters=sum(map(len, texts)))
        if not self.size + size <= MAX_WAITING:
            raise HTTPException(503, "too many texts are waiting", {"Retry-After": "1"})
        request = Waiting(texts, has_gone, size)
        self.waiting.append(request)
        self.size += size
        self.arrived.set()
        return await request.future

    async def run(self) -> None:
        """Predict batch after batch."""
        while True:
            await self.arrived.wait()
            await asyncio.sleep(WAIT)
            if batch := await self.take():
                await self.call(batch)
            if not self.waiting:
                self.arrived.clear()

    async def take(self) -> list[Waiting]:
        """Return the next batch, without requests whose client has gone."""
        batch: list[Waiting] = []
        size: Counter[str] = Counter()
        while self.waiting:
            request = self.waiting[0]
            if request.future.done() or await request.has_gone():
                request.fail(499, "the client has gone")
            elif not batch or size + request.size <= MAX_BATCH:
                batch.append(request)
                size += request.size
            else:
                break
            self.waiting.popleft()
            self.size -= request.size
        return batch

    async def call(self, batch: list[Waiting]) -> None:
        """Predict the texts of a batch in one call."""
        texts = [text for request in batch for text in request.texts]
        try:
            # In a thread, so that the server can receive the next requests meanwhile.
            rows = iter(await asyncio.to_thread(predictions, self.file.model, texts))
        except Exception:
            log.exception("the model failed")
            for request in batch:
                request.fail(500, "the model failed; the log of the service says why")
            return
        for request in batch:
            result = list(islice(rows, len(request.texts)))
            if not request.future.done():  # done: the client has gone
                request.future.set_result(result)


def predictions(model: Any, texts: list[str]) -> list[dict[str, Any]]:
    """Return the label and the probability of each class for each text."""
    P = model.predict_proba(texts)  # (n, K)
    names = [str(label) for label in model.classes_]
    return [
        {"label": label, "probabilities": dict(zip(names, row, strict=True))}
        for label, row in zip(labels(model, texts, P).tolist(), P.tolist(), strict=True)
    ]


def labels(model: Any, texts: list[str], P: Any) -> Any:
    """Return the labels that the model predicts, without a second look at the texts if possible."""
    if isinstance(model, skcnn.MinCostClassifier) or model.decision == "argmax":
        return model.predict(texts)
    return skcnn.decide(P, model.cost_matrix_, model.classes_)


async def follow(file: ModelFile) -> None:
    """Look at the file again and again."""
    while True:
        await asyncio.sleep(LOOK_EVERY)
        await asyncio.to_thread(file.refresh)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Load the model before the first request. Without a model the service does not start."""
    app.state.file = file = ModelFile(PATH)
    app.state.batches = batches = Batches(file)
    tasks = [asyncio.create_task(each) for each in (batches.run(), follow(file))]
    app.state.makes_batches = tasks[0]
    yield
    for task in tasks:
        task.cancel()


if tuple(map(int, fastapi.__version__.split(".")[:2])) < (0, 164):
    raise ImportError("this service needs FastAPI 0.164, the first with max_body_size")
app = FastAPI(title="skcnn", lifespan=lifespan, max_body_size=MAX_BYTES)

Text = Annotated[str, Field(max_length=MAX_CHARACTERS)]


class Texts(BaseModel):
    """What a client sends."""

    texts: Annotated[list[Text], Field(min_length=1, max_length=MAX_TEXTS)]


@app.post("/predict")
async def predict(body: Texts, request: Request) -> list[dict[str, Any]]:
    return await app.state.batches.predict(body.texts, request.is_disconnected)


@app.exception_handler(RequestValidationError)
async def refuse(request: Request, error: RequestValidationError) -> JSONResponse:
    """Say what is wrong with a request, without the texts in it."""
    detail = [{"where": each["loc"], "problem": each["msg"]} for each in error.errors()]
    return JSONResponse({"detail": detail}, 422)


@app.get("/health")
async def health(response: Response) -> dict[str, str]:
    """Say which model predicts, and why the newest file does not, if it does not."""
    file: ModelFile = app.state.file
    status = "ok"
    if app.state.makes_batches.done():
        response.status_code, status = 503, "no batches are made any more: restart the service"
    return {"status": status, "model": str(file.path), "error": file.error}
