"""The inner loops of training, compiled by Numba.

A convolution is linear in the word vectors: the product of a filter tap and a word vector is the
same wherever the word occurs. One matrix product therefore serves all occurrences of a word in a
batch (`projections`, of the batch's distinct ids), and a convolution only has to look up products
and add them. Max over time passes the gradient to one window per filter, so the backward pass needs
a few hundredths of the operations of a dense convolution.

`taps_by_width` holds the taps of all filters, one tap a row, filters of the same width together:
width w has w blocks of `n_filters` rows. Tap j of filter f, of a width whose taps begin at tap
`first_tap`, is row ``(first_tap + j) * n_filters + f``. It is also that column of `projections`.

Windows extend beyond both ends of a text by up to w - 1 positions, where nothing is added. An empty
text has no window.

Inner loops run over slices of rows, not over indices of the whole matrix: the compiler vectorizes
only loops over slices. They are four times faster (measured).
"""
# Numba infers the types of arguments. Nothing would check annotations.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


def _compiled(function) -> Any:
    # Sums may be reordered. Infinity and NaN must stay correct, so that divergence is noticed.
    options: dict[str, Any] = {
        "nogil": True,
        "fastmath": {"contract", "reassoc", "arcp", "nsz"},
        "error_model": "numpy",
    }
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # the cache cannot be written, for example in a read-only container
        return njit(**options)(function)


# The result of pooling an empty text: a ReLU makes it zero. Finite, because training multiplies by
# the zeros of the ReLU, and zero times infinity is NaN.
LOWEST = np.finfo(np.float32).min


@_compiled
def distinct_tokens(ids, slots, distinct, local):
    """Number the distinct ids of a batch by first appearance; return how many there are.

    slots : one element for every possible id, -1 everywhere before and after.
    distinct, local : as long as `ids`, filled so that ``ids[i] == distinct[local[i]]``.
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
    """Vector of each word: the row that is its first part, plus the mean of its other parts.

    embedding : (n_rows, d); parts : rows of `embedding`, those of all words end to end;
    offsets : (n + 1,), where each word's parts begin; vectors : (n, d), filled.
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
    """Add each word's gradient to its parts: `sum_parts` backwards.

    vectors_gradient : (n, d); parts : rows of `rows_gradient`, those of all words end to end;
    offsets : (n + 1,), where each word's parts begin; rows_gradient : (n_rows, d), added to.
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
    """Convolve every text with every filter; keep each filter's largest window and its position.

    projections : (n_distinct, n_taps * n_filters); local : (n_tokens,), rows of `projections`;
    offsets : (n_texts + 1,); pooled, winners : (n_texts, n_widths * n_filters), filled with the
    maxima and with the positions where their windows begin.
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
    pooled_gradient,
    winners,
    local,
    offsets,
    widths,
    vectors,
    taps_by_width,
    vectors_gradient,
    taps_gradient,
):
    """Add the gradients of the vectors and of the taps. Only the largest windows have gradients.

    pooled_gradient, winners : (n_texts, n_widths * n_filters); local : (n_tokens,), rows of
    `vectors`; offsets : (n_texts + 1,); vectors : (n_distinct, d);
    taps_by_width : (n_taps * n_filters, d); vectors_gradient, taps_gradient : shapes of `vectors`
    and `taps_by_width`, added to.
    """
    n_filters = pooled_gradient.shape[1] // len(widths)
    dimension = vectors.shape[1]
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
                    vector = vectors[text[start + j]]
                    tap_gradient = taps_gradient[tap]
                    for i in range(dimension):
                        tap_gradient[i] += g * vector[i]
                    vector_gradient = vectors_gradient[text[start + j]]
                    tap_vector = taps_by_width[tap]
                    for i in range(dimension):
                        vector_gradient[i] += g * tap_vector[i]
            first_tap += width


@_compiled
def adam_update(weight, gradient, mean, variance, step_size, beta_1, beta_2, epsilon):
    """One step of Adam (Kingma & Ba 2015, algorithm 1) in place, on flat float32 arrays.

    step_size : with the bias correction, ``lr * sqrt(1 - beta_2^t) / (1 - beta_1^t)``.
    """
    # With the integer 1, all that follows would be computed as float64.
    change_1, change_2 = np.float32(1) - beta_1, np.float32(1) - beta_2
    for i in range(len(weight)):
        g = gradient[i]
        mean[i] += (g - mean[i]) * change_1
        variance[i] += (g * g - variance[i]) * change_2
        weight[i] -= step_size * mean[i] / (np.sqrt(variance[i]) + epsilon)


@_compiled
def adam_update_rows(
    embedding, rows, gradient, mean, variance, last_step, step, step_size, beta_1, beta_2, epsilon
):
    """One step of Adam on some rows of a matrix. `adam_catch_up_rows` updates the others later.

    embedding, mean, variance : (n_rows, d); rows : (R,), distinct; gradient : (R, d);
    last_step : (n_rows,), the step up to which each row is updated.
    """
    change_1, change_2 = np.float32(1) - beta_1, np.float32(1) - beta_2
    for r in range(len(rows)):
        last_step[rows[r]] = step
        w = embedding[rows[r]]
        m = mean[rows[r]]
        v = variance[rows[r]]
        row_gradient = gradient[r]
        for i in range(len(w)):
            g = row_gradient[i]
            m[i] += (g - m[i]) * change_1
            v[i] += (g * g - v[i]) * change_2
            w[i] -= step_size * m[i] / (np.sqrt(v[i]) + epsilon)


@_compiled
def adam_catch_up_rows(
    embedding, rows, mean, variance, last_step, step, step_sizes, n_fading, beta_1, beta_2, epsilon
):
    """Bring rows up to `step` as if they had been in every batch, with a gradient of zero.

    Without a gradient, Adam moves on by momentum. After i steps the mean is multiplied by beta_1^i,
    the square root of the variance by beta_2^(i / 2). For a row that is updated once in a thousand
    batches, these steps make nine tenths of its total change.

    step_sizes : the size of each step; n_fading : the number of steps after which the momentum is
    used up; other arguments as in `adam_update_rows`.
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
        w = embedding[rows[r]]
        m = mean[rows[r]]
        v = variance[rows[r]]
        mean_left = np.float32(beta_1**gap)
        variance_left = np.float32(beta_2**gap)
        for i in range(len(w)):
            w[i] -= way * m[i] / (np.sqrt(v[i]) + epsilon)
            m[i] *= mean_left
            v[i] *= variance_left
