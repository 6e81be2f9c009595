from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from skcnn.cli._cost_options import costs_of_labels, parse_costs
from skcnn.costs._matrix import check_cost_matrix

COSTS = st.floats(0, 1e6, allow_nan=False)
# Labels with the characters that an option is split at.
LABELS = st.lists(st.text("ab:=, ", min_size=1, max_size=4), min_size=2, max_size=4, unique=True)


def costs_of(options: list[str], classes: list[str]) -> object:
    return costs_of_labels(parse_costs(options), classes, "the table")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], None),
        (["balanced"], "balanced"),
        (["spam=5"], {"spam": 5}),
        (["a:b=5"], {"a:b": 5}),
        (["spam:ham=3"], {("spam", "ham"): 3}),
        (["a:b:ham=3"], {("a:b", "ham"): 3}),
        (["spam=5", "spam:ham=3"], {("spam", "a:b"): 5, ("spam", "ham"): 3}),
        (["spam:ham=3", "spam=5"], {("spam", "a:b"): 5, ("spam", "ham"): 3}),
    ],
)
def test_options_become_a_cost_matrix(options: list[str], expected: object) -> None:
    assert costs_of(options, ["a:b", "ham", "spam"]) == expected


def n_pairs(name: str, classes: list[str]) -> int:
    return sum(f"{true}:{predicted}" == name for true in classes for predicted in classes)


@given(LABELS, st.data())
def test_every_cost_is_where_its_option_says(classes: list[str], data: st.DataObject) -> None:
    """An option that can be read in two ways is not drawn."""
    classes = sorted(classes)
    of_labels = data.draw(st.dictionaries(st.sampled_from(classes), COSTS))
    pairs = [(a, b) for a in classes for b in classes if a != b]
    clear = [
        pair
        for pair in pairs
        if ":".join(pair) not in classes and n_pairs(":".join(pair), classes) == 1
    ]
    of_pairs = data.draw(st.dictionaries(st.sampled_from(clear), COSTS) if clear else st.just({}))
    expected = {pair: of_pairs.get(pair, of_labels.get(pair[0], 1.0)) for pair in pairs}
    assume(any(expected.values()))
    options = [f"{name}={cost!r}" for name, cost in of_labels.items()]
    options += [f"{':'.join(pair)}={cost!r}" for pair, cost in of_pairs.items()]
    found = costs_of(data.draw(st.permutations(options)), classes)
    matrix = check_cost_matrix(found, classes)  # type: ignore[arg-type]
    for (true, predicted), cost in expected.items():
        assert matrix[classes.index(true), classes.index(predicted)] == cost


@pytest.mark.parametrize(
    ("option", "complaint"),
    [
        ("spam=-5", "costs are numbers >= 0; received -5"),
        ("spam:ham=-0.5", "costs are numbers >= 0; received -0.5"),
        ("spam=inf", "costs are numbers >= 0; received inf"),
        ("spam=x", "'x' is not a number"),
        ("spam", "expected LABEL=COST"),
        ("spam=5,ham=1", "repeat --cost: --cost spam=5 --cost ham=1"),
        ("offer=5", "no such label; it has 'ham', 'spam'"),
        ("ham:ham=5", "another label"),
    ],
)
def test_a_wrong_option_is_refused_and_no_word_is_said_about_matrices(
    option: str, complaint: str
) -> None:
    with pytest.raises(ValueError, match=r"^--cost") as error:
        costs_of([option], ["ham", "spam"])
    assert complaint in str(error.value)
    assert "matrix" not in str(error.value)
    assert "transpose" not in str(error.value)
