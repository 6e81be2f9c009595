"""The inner loops of training, compiled by Numba.

A convolution over word vectors is linear in them, so what filter tap j makes of a word depends on
the word alone. One matrix product therefore serves every occurrence of a word in a batch
(`projections`, of the batch's distinct words), and what is left of a convolution is to look up and
to add; max over time then passes gradient to one window per filter, so that the way back touches
some hundredths of what a dense convolution would.

The taps of all filter widths stand side by side: width w owns w blocks of `n_filters` columns, and
tap j of filter f of the width that begins at tap `first_tap` is column
``(first_tap + j) * n_filters + f``.

Windows hang over both ends of a text by up to w - 1 positions, where there is nothing to add; an
empty text has no window.

Inner loops run over row slices, not over indices into the whole matrix: only then does the
compiler vectorise them (measured: four times faster).
"""
# Numba infers the types; annotations here would be decoration that nothing checks.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


def _compiled(function) -> Any:
    # Sums may be reordered; infinities and NaN stay what they are, so that divergence shows.
    options: dict[str, Any] = {
        "nogil": True,
        "fastmath": {"contract", "reassoc", "arcp", "nsz"},
        "error_model": "numpy",
    }
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # nowhere to write the cache, as in a read-only container
        return njit(**options)(function)


# What an empty text pools to, so that a ReLU makes zero of it; finite, as fast arithmetic requires.
LOWEST = np.finfo(np.float32).min


@_compiled
def distinct_tokens(ids, slots, distinct, local):
    """Number the distinct ids of a batch by first appearance; return how many there are.

    `slots` (vocabulary size,) must be -1 everywhere and is left so; `distinct` and `local` are
    filled: ``ids[i] == distinct[local[i]]``.
    """
    n_distinct = 0
    for i in range(len(ids)):
        if slots[ids[i]] < 0:
            slots[ids[i]] = n_distinct
            distinct[n_distinct] = ids[i]
            n_distinct += 1
        local[i] = slots[ids[i]]
    for u in range(n_distinct):
        slots[distinct[u]] = -1
    return n_distinct


@_compiled
def sum_parts(embedding, parts, offsets, vectors):
    """Vector of each word: its own row, which is its first part, and the mean of the other parts.

    embedding : (rows, d); parts : rows of all words' parts, end to end; offsets : (words + 1,);
    vectors : (words, d), filled.
    """
    for u in range(len(offsets) - 1):
        first, end = offsets[u], offsets[u + 1]
        vector = vectors[u]
        vector[:] = 0.0
        for p in range(first + 1, end):
            row = embedding[parts[p]]
            for i in range(len(vector)):
                vector[i] += row[i]
        share = np.float32(1.0 / max(1, end - first - 1))
        own = embedding[parts[first]]
        for i in range(len(vector)):
            vector[i] = own[i] + share * vector[i]


@_compiled
def backpropagate_parts(vectors_gradient, parts, offsets, rows_gradient):
    """Add each word's gradient to its parts: the way back of `sum_parts`.

    vectors_gradient : (words, d); parts : places in `rows_gradient` (rows, d), added to.
    """
    for u in range(len(offsets) - 1):
        first, end = offsets[u], offsets[u + 1]
        gradient = vectors_gradient[u]
        own = rows_gradient[parts[first]]
        for i in range(len(gradient)):
            own[i] += gradient[i]
        share = np.float32(1.0 / max(1, end - first - 1))
        for p in range(first + 1, end):
            row = rows_gradient[parts[p]]
            for i in range(len(gradient)):
                row[i] += share * gradient[i]


@_compiled
def convolve_and_pool(projections, local, offsets, widths, pooled, winners):
    """Convolve every text with every filter; keep each filter's largest window and its place.

    projections : (distinct words, taps * n_filters); local : (tokens,); offsets : (texts + 1,);
    pooled, winners : (texts, widths * n_filters), filled with the maxima and where they begin.
    """
    n_filters = pooled.shape[1] // len(widths)
    window = np.empty(n_filters, np.float32)
    largest = np.empty(n_filters, np.float32)
    place = np.empty(n_filters, np.int32)
    first_tap = 0
    for k in range(len(widths)):
        width = widths[k]
        for b in range(len(offsets) - 1):
            text = local[offsets[b] : offsets[b + 1]]
            length = len(text)
            largest[:] = LOWEST
            place[:] = 0
            for start in range(1 - width if length > 0 else 0, length):
                window[:] = 0.0
                for j in range(max(0, -start), min(width, length - start)):
                    column = (first_tap + j) * n_filters
                    row = projections[text[start + j], column : column + n_filters]
                    for f in range(n_filters):
                        window[f] += row[f]
                for f in range(n_filters):
                    if window[f] > largest[f]:
                        largest[f] = window[f]
                        place[f] = start
            pooled[b, k * n_filters : (k + 1) * n_filters] = largest
            winners[b, k * n_filters : (k + 1) * n_filters] = place
        first_tap += width


@_compiled
def backpropagate_pool(
    pooled_gradient, winners, local, offsets, widths, words, taps, words_gradient, taps_gradient
):
    """Add the gradients of the word vectors and of the filter taps, from the winning windows alone.

    pooled_gradient, winners : (texts, widths * n_filters); words : (distinct words, d);
    taps : (taps * n_filters, d); words_gradient, taps_gradient : added to, of the same shapes.
    """
    n_filters = pooled_gradient.shape[1] // len(widths)
    dimension = words.shape[1]
    for b in range(len(offsets) - 1):
        text = local[offsets[b] : offsets[b + 1]]
        length = len(text)
        first_tap = 0
        for k in range(len(widths)):
            width = widths[k]
            for f in range(n_filters):
                g = pooled_gradient[b, k * n_filters + f]
                if g == 0.0:
                    continue
                start = winners[b, k * n_filters + f]
                for j in range(max(0, -start), min(width, length - start)):
                    tap = (first_tap + j) * n_filters + f
                    word = words[text[start + j]]
                    tap_gradient = taps_gradient[tap]
                    for i in range(dimension):
                        tap_gradient[i] += g * word[i]
                    word_gradient = words_gradient[text[start + j]]
                    tap_vector = taps[tap]
                    for i in range(dimension):
                        word_gradient[i] += g * tap_vector[i]
            first_tap += width


@_compiled
def adam_update(parameter, gradient, mean, variance, step_size, beta_1, beta_2, epsilon):
    """One step of Adam (Kingma & Ba 2015, algorithm 1) in place, on flat float32 arrays.

    `step_size` already holds the bias correction, ``lr * sqrt(1 - beta_2^t) / (1 - beta_1^t)``.
    """
    for i in range(len(parameter)):
        g = gradient[i]
        mean[i] += (g - mean[i]) * (1 - beta_1)
        variance[i] += (g * g - variance[i]) * (1 - beta_2)
        parameter[i] -= step_size * mean[i] / (np.sqrt(variance[i]) + epsilon)


@_compiled
def adam_update_rows(
    parameter, rows, gradient, mean, variance, last_step, step, step_size, beta_1, beta_2, epsilon
):
    """Adam on the named rows of a matrix alone; `adam_catch_up_rows` does the others later.

    parameter, mean, variance : (vocabulary, d); rows : (distinct words,); gradient : (rows, d);
    last_step : (vocabulary,), the step up to which each row is done.
    """
    for r in range(len(rows)):
        last_step[rows[r]] = step
        p = parameter[rows[r]]
        m = mean[rows[r]]
        v = variance[rows[r]]
        row_gradient = gradient[r]
        for i in range(len(p)):
            g = row_gradient[i]
            m[i] += (g - m[i]) * (1 - beta_1)
            v[i] += (g * g - v[i]) * (1 - beta_2)
            p[i] -= step_size * m[i] / (np.sqrt(v[i]) + epsilon)


@_compiled
def adam_catch_up_rows(
    parameter, rows, mean, variance, last_step, step, step_sizes, n_fading, beta_1, beta_2, epsilon
):
    """Bring rows up to `step` as if they had been in every batch, with a gradient of zero.

    Without a gradient, Adam moves on by momentum: i steps later the mean is beta_1^i of what it
    was, the square root of the variance beta_2^(i / 2). A word that is met once in a thousand
    batches owes nine tenths of its way to these steps. `step_sizes` holds the step size of each
    step; after `n_fading` of them the momentum is spent.
    """
    ratio = beta_1 / np.sqrt(beta_2)
    for r in range(len(rows)):
        last = last_step[rows[r]]
        gap = step - last
        if gap <= 0 or last == 0:
            continue
        last_step[rows[r]] = step
        way = np.float32(0.0)
        fading = np.float32(1.0)
        for i in range(1, min(gap, n_fading) + 1):
            fading *= ratio
            way += step_sizes[last + i] * fading
        p = parameter[rows[r]]
        m = mean[rows[r]]
        v = variance[rows[r]]
        mean_left = np.float32(beta_1**gap)
        variance_left = np.float32(beta_2**gap)
        for i in range(len(p)):
            p[i] -= way * m[i] / (np.sqrt(v[i]) + epsilon)
            m[i] *= mean_left
            v[i] *= variance_left
