"""A web service for one model file: ``SKCNN_MODEL=model.skcnn uvicorn app:app``."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

import skcnn

PATH = Path(os.environ.get("SKCNN_MODEL", "model.skcnn"))
MAX_CHARACTERS = 20_000  # of one text
MAX_TEXTS = 100  # in one request
MAX_BYTES = 1_000_000  # of the body of a request
MAX_WAITING = 1_000  # requests; the next one is told to come back later
MAX_BATCH = 64  # requests in one call of the model
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


class Batches:
    """Joins requests that come at about the same time: one call of the model for all of them."""

    def __init__(self, file: ModelFile) -> None:
        self.file = file
        self.waiting: asyncio.Queue[tuple[list[str], asyncio.Future[Any]]] = asyncio.Queue(
            MAX_WAITING
        )

    async def predict(self, texts: list[str]) -> list[dict[str, Any]]:
        """Wait for a batch that has these texts; return their predictions."""
        future = asyncio.get_running_loop().create_future()
        try:
            self.waiting.put_nowait((texts, future))
        except asyncio.QueueFull:
            raise HTTPException(
                503, "too many requests are waiting", {"Retry-After": "1"}
            ) from None
        return await future

    async def run(self) -> None:
        """Predict batch after batch."""
        while True:
            batch = [await self.waiting.get()]
            await asyncio.sleep(WAIT)
            while len(batch) < MAX_BATCH and not self.waiting.empty():
                batch.append(self.waiting.get_nowait())
            texts = [text for some, _ in batch for text in some]
            try:
                # In a thread, so that the server can receive the next requests meanwhile.
                rows = iter(await asyncio.to_thread(predictions, self.file.model, texts))
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for some, future in batch:
                result = list(islice(rows, len(some)))
                if not future.done():  # done: the client has gone
                    future.set_result(result)


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
    yield
    for task in tasks:
        task.cancel()


app = FastAPI(title="skcnn", lifespan=lifespan, max_body_size=MAX_BYTES)

Text = Annotated[str, Field(max_length=MAX_CHARACTERS)]


class Texts(BaseModel):
    """What a client sends."""

    texts: Annotated[list[Text], Field(min_length=1, max_length=MAX_TEXTS)]


@app.post("/predict")
async def predict(body: Texts) -> list[dict[str, Any]]:
    return await app.state.batches.predict(body.texts)


@app.exception_handler(RequestValidationError)
async def refuse(request: Request, error: RequestValidationError) -> JSONResponse:
    """Say what is wrong with a request, without the texts in it."""
    detail = [{"where": each["loc"], "problem": each["msg"]} for each in error.errors()]
    return JSONResponse({"detail": detail}, 422)


@app.get("/health")
async def health() -> dict[str, str]:
    """Say which model predicts, and why the newest file does not, if it does not."""
    file: ModelFile = app.state.file
    return {"status": "ok", "model": str(file.path), "error": file.error}
