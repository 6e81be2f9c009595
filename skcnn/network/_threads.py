"""Two threads that share one batch, and BLAS kept from starting threads of its own meanwhile.

BLAS threads wait for each other by spinning; beside other busy processes, or TensorFlow's threads,
a matrix product of one millisecond then takes ten (measured). So the batch is cut by hand, always
into the same number of parts, whatever the number of threads: results do not depend on it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numba
import numpy as np
from threadpoolctl import ThreadpoolController

N_PARTS = 2


@contextmanager
def worker_threads() -> Iterator[Executor]:
    """An executor beside the calling thread; BLAS has one thread while any of these is open."""
    # It obeys the environment variable of that name, which joblib sets in its workers.
    n_others = min(N_PARTS, numba.config.NUMBA_NUM_THREADS) - 1  # type: ignore[attr-defined]
    with _one_blas_thread, ThreadPoolExecutor(n_others) if n_others else _ThisThread() as executor:
        yield executor


class _ThisThread(Executor):
    """For processes that may have one thread only."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Work at once."""
        future: Future[Any] = Future()
        future.set_result(work(*args, **kwargs))
        return future


def in_parts(executor: Executor, work: Callable[[slice], Any], parts: list[slice]) -> list[Any]:
    """Results of `work` on every part: the last on this thread, the others on the executor's."""
    futures = [executor.submit(work, part) for part in parts[:-1]]
    last = work(parts[-1])
    return [*(future.result() for future in futures), last]


def equal_parts(n: int) -> list[slice]:
    """Cut range(n) into `N_PARTS` slices of about equal length."""
    cuts = [n * i // N_PARTS for i in range(N_PARTS + 1)]
    return [slice(begin, end) for begin, end in pairwise(cuts)]


def parts_by_tokens(offsets: Any) -> list[slice]:
    """Cut texts into `N_PARTS` slices of about equal numbers of tokens; `offsets` as in a batch."""
    targets = offsets[0] + (offsets[-1] - offsets[0]) * np.arange(1, N_PARTS) // N_PARTS
    cuts = [0, *np.searchsorted(offsets, targets).tolist(), len(offsets) - 1]
    return [slice(begin, end) for begin, end in pairwise(cuts)]


class _OneBlasThread:
    """A context that counts its users: with fits on several threads, the last out restores."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._controller: Any = None
        self._limiter: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if self._users == 0:
                # Looking for the libraries takes milliseconds: once a process is enough.
                self._controller = self._controller or ThreadpoolController()
                self._limiter = self._controller.limit(limits=1, user_api="blas")
            self._users += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._limiter.restore_original_limits()


_one_blas_thread = _OneBlasThread()
