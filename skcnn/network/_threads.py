"""Two threads that share one batch, while BLAS is limited to one thread.

Threads of BLAS wait for each other in a busy loop. When other processes, or TensorFlow's threads,
use the processor too, a matrix product of one millisecond then takes ten (measured, see
docs/performance.md). So each batch is cut into parts here. The number of parts is always the same,
for any number of threads, so results do not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numba
import numpy as np

from skcnn._compat import one_blas_thread

# With more parts, each would have less work and wait just as long: see "n_jobs" in
# docs/performance.md.
N_PARTS = 2


@contextmanager
def worker_threads() -> Iterator[Executor]:
    """An executor for all parts but one; BLAS has one thread while any executor is open."""
    # Numba reads the environment variable of this name, which joblib sets in its workers.
    n_others = min(N_PARTS, numba.config.NUMBA_NUM_THREADS) - 1  # type: ignore[attr-defined]
    with one_blas_thread, ThreadPoolExecutor(n_others) if n_others else _ThisThread() as executor:
        yield executor


class _ThisThread(Executor):
    """For processes that may use one thread only."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Work at once, on the calling thread."""
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
    """Cut texts into `N_PARTS` slices of about equal numbers of tokens.

    Text b has the tokens ``offsets[b]`` to ``offsets[b + 1]``.
    """
    limits = offsets[0] + (offsets[-1] - offsets[0]) * np.arange(1, N_PARTS) // N_PARTS
    cuts = [0, *np.searchsorted(offsets, limits).tolist(), len(offsets) - 1]
    return [slice(begin, end) for begin, end in pairwise(cuts)]
