"""Formulas written as in NumPy that become the nodes of an ONNX graph.

A `Value` is the result of a node. It has a dtype and no shape: shapes depend on the texts. Numbers
and arrays beside a value become constants of the graph, numbers with the dtype of the value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

OPSET = 18
"""Version of ONNX's operators; the first one with operations on bits."""

ML_OPSET = 3
"""Version of ONNX's operators for machine learning, of which `LabelEncoder` is one."""

_IR_VERSION = 8  # of the file format; the one that belongs to OPSET
_ML = "ai.onnx.ml"
_TO_THE_END = 2**62
_BYTES_OF_PROTOBUF = 2**31 - 1

Operand: TypeAlias = "Value | NDArray[Any] | int | float | bool"


class Value:
    """A result of the graph, with the operators of an array."""

    __array_ufunc__ = None  # so that array + value is left to the value

    def __init__(self, graph: Graph, name: str, dtype: DTypeLike) -> None:
        self.graph = graph
        self.name = name
        self.dtype = np.dtype(dtype)

    def node(self, operator: str, *others: Operand, **how: Any) -> Value:
        """Return the result of an operator whose first input is this value."""
        return self.graph.node(operator, self, *others, **how)

    def __add__(self, other: Operand) -> Value:
        return self.node("Add", other)

    def __sub__(self, other: Operand) -> Value:
        return self.node("Sub", other)

    def __rsub__(self, other: Operand) -> Value:
        return self.graph.node("Sub", self.graph.constant(other, self.dtype), self)

    def __mul__(self, other: Operand) -> Value:
        return self.node("Mul", other)

    def __truediv__(self, other: Operand) -> Value:
        return self.node("Div", other)

    def __matmul__(self, other: Operand) -> Value:
        return self.node("MatMul", other)

    def __pow__(self, other: Operand) -> Value:
        return self.node("Pow", other)

    def __xor__(self, other: Operand) -> Value:
        return self.node("BitwiseXor", other)

    def __neg__(self) -> Value:
        return self.node("Neg")

    def __and__(self, other: Operand) -> Value:
        return self.node("And", other)

    def __or__(self, other: Operand) -> Value:
        return self.node("Or", other)

    def __invert__(self) -> Value:
        return self.node("Not")

    def __lt__(self, other: Any) -> Value:
        return self.node("Less", other, dtype=bool)

    def __le__(self, other: Any) -> Value:
        return self.node("LessOrEqual", other, dtype=bool)

    def __gt__(self, other: Any) -> Value:
        return self.node("Greater", other, dtype=bool)

    def __ge__(self, other: Any) -> Value:
        return self.node("GreaterOrEqual", other, dtype=bool)

    def equals(self, other: Operand) -> Value:
        """Return where both are equal."""
        return self.node("Equal", other, dtype=bool)

    def astype(self, dtype: DTypeLike) -> Value:
        """Return the value with another dtype."""
        from onnx import helper

        to = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self.node("Cast", to=to, dtype=dtype)

    def maximum(self, other: Operand) -> Value:
        """Return the larger one of both."""
        return self.node("Max", other)

    def minimum(self, other: Operand) -> Value:
        """Return the smaller one of both."""
        return self.node("Min", other)

    def log(self) -> Value:
        """Return the natural logarithm."""
        return self.node("Log")

    def sum(self, axis: int, *, keepdims: bool = False) -> Value:
        """Return the sum over an axis."""
        return self._reduced("ReduceSum", axis, keepdims)

    def max(self, axis: int, *, keepdims: bool = False) -> Value:
        """Return the largest number along an axis."""
        return self._reduced("ReduceMax", axis, keepdims)

    def min(self, axis: int, *, keepdims: bool = False) -> Value:
        """Return the smallest number along an axis."""
        return self._reduced("ReduceMin", axis, keepdims)

    def _reduced(self, operator: str, axis: int, keepdims: bool) -> Value:
        return self.node(operator, np.array([axis]), keepdims=int(keepdims))

    def argmax(self, axis: int) -> Value:
        """Return the first position of the largest number along an axis, which stays."""
        return self.node("ArgMax", axis=axis, dtype=np.int64)

    def argmin(self, axis: int) -> Value:
        """Return the first position of the smallest number along an axis, which stays."""
        return self.node("ArgMin", axis=axis, dtype=np.int64)

    def new_axis(self, axis: int) -> Value:
        """Return the value with one more axis of size 1."""
        return self.node("Unsqueeze", np.array([axis]))

    def without_axis(self, axis: int) -> Value:
        """Return the value without an axis of size 1."""
        return self.node("Squeeze", np.array([axis]))

    def reshape(self, *shape: int) -> Value:
        """Return the same numbers in another shape."""
        return self.node("Reshape", np.array(shape))

    def transpose(self, *axes: int) -> Value:
        """Return the value with its axes in another order."""
        return self.node("Transpose", perm=axes)

    def columns(self, begin: int, end: int | None = None) -> Value:
        """Return `value[:, begin:end]`."""
        return self.cut([begin], [end], [1])

    def cut(self, begins: Sequence[int], ends: Sequence[int | None], axes: Sequence[int]) -> Value:
        """Return what lies between a begin and an end on each of some axes."""
        stops = [_TO_THE_END if end is None else end for end in ends]
        return self.node("Slice", np.array(begins), np.array(stops), np.array(axes))

    def ascending(self) -> tuple[Value, Value, Value]:
        """Sort the integers of each row, (n, M).

        Returns
        -------
        the sorted integers, where they were, and the number of the run of equal ones: 0, 1, ...
        """
        size = self.node("Shape", start=1, end=2)
        ordered, order = self.graph.nodes("TopK", self, size, largest=0, axis=1)
        is_other = ~ordered.columns(0, -1).equals(ordered.columns(1))
        is_other = is_other.astype(np.int64).padded((0, 1), (0, 0))
        return ordered, order, is_other.node("CumSum", 1)

    def padded(self, before: Sequence[int], after: Sequence[int], fill: Operand = 0) -> Value:
        """Return the value with more rows, columns, ... of `fill` on both sides of each axis."""
        return self.node("Pad", np.array([*before, *after]), self.graph.constant(fill, self.dtype))

    def size(self, axis: int) -> Value:
        """Return the size of an axis, a scalar."""
        shape = self.node("Shape", start=axis, end=axis + 1, dtype=np.int64)
        return shape.without_axis(0)


class Graph:
    """An ONNX graph under construction.

    Parameters
    ----------
    prefix : str, default=""
        Begins every name, so that the names of a loop's body are not those of the graph around it.
    """

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._nodes: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._initializers: list[Any] = []
        self._n_names = 0

    def _new_name(self) -> str:
        self._n_names += 1
        return f"{self._prefix}{self._n_names}"

    def input(self, name: str, dtype: DTypeLike, shape: Sequence[str | int]) -> Value:
        """Add an input; names in the shape are sizes that depend on the texts."""
        self._inputs.append(_described(name, dtype, shape))
        return Value(self, name, dtype)

    def output(self, name: str, value: Value, shape: Sequence[str | int]) -> None:
        """Let the graph return a value under a name."""
        from onnx import helper

        self._nodes.append(helper.make_node("Identity", [value.name], [name]))
        self._outputs.append(_described(name, value.dtype, shape))

    def constant(self, value: Operand, dtype: DTypeLike | None = None) -> Value:
        """Return a value as it is, and an array or a number as a constant."""
        from onnx import numpy_helper

        if isinstance(value, Value):
            return value
        array = np.asarray(value)
        # An array keeps its dtype; a number has that of what it is combined with.
        if dtype is not None and not isinstance(value, np.ndarray):
            array = array.astype(dtype)
        name = self._new_name()
        self._initializers.append(numpy_helper.from_array(array, name))
        return Value(self, name, array.dtype)

    def node(
        self,
        operator: str,
        *inputs: Operand,
        dtype: DTypeLike | None = None,
        domain: str = "",
        **attributes: Any,
    ) -> Value:
        """Add a node and return its output.

        Parameters
        ----------
        operator : str
        *inputs : values, arrays or numbers
        dtype : of the output, default=None
            None: that of the first input.
        domain : of the operator, default=""
        **attributes : of the node
        """
        known = next(each.dtype for each in inputs if isinstance(each, Value))
        values = [self.constant(each, known) for each in inputs]
        (name,) = self._add(operator, values, 1, domain=domain, **attributes)
        return Value(self, name, known if dtype is None else dtype)

    def nodes(self, operator: str, *inputs: Value, **attributes: Any) -> tuple[Value, Value]:
        """Add a node with two outputs that have the dtype of the first input, and return both."""
        first, second = self._add(operator, inputs, 2, **attributes)
        return Value(self, first, inputs[0].dtype), Value(self, second, inputs[0].dtype)

    def _add(self, operator: str, inputs: Sequence[Value], n_outputs: int, **how: Any) -> list[str]:
        from onnx import helper

        names = [self._new_name() for _ in range(n_outputs)]
        node = helper.make_node(operator, [value.name for value in inputs], names, **how)
        self._nodes.append(node)
        return names

    def where(self, condition: Value, yes: Operand, no: Operand) -> Value:
        """Return `yes` where the condition holds, and `no` elsewhere."""
        known = next(each.dtype for each in (yes, no) if not isinstance(each, (int, float)))
        yes, no = self.constant(yes, known), self.constant(no, known)
        return self.node("Where", condition, yes, no, dtype=known)

    def concat(self, values: Sequence[Value], axis: int) -> Value:
        """Join values along an axis."""
        return values[0].node("Concat", *values[1:], axis=axis)

    def take(self, table: Operand, rows: Value, axis: int = 0) -> Value:
        """Return `table[rows]`; rows may have any shape."""
        source = self.constant(table)
        return source.node("Gather", rows, axis=axis)

    def take_along(self, values: Value, places: Value, axis: int) -> Value:
        """Return what `numpy.take_along_axis` returns."""
        return values.node("GatherElements", places, axis=axis)

    def arange(self, end: Value) -> Value:
        """Return 0, 1, ..., up to but not including an integer."""
        return self.node("Range", self.constant(0, np.int64), end, self.constant(1, np.int64))

    def place_of(self, hashes: Value, keys: NDArray[np.uint32]) -> Value:
        """Return the position of each hash among the keys (m,); m where it is not there."""
        if len(keys) == 0:
            return hashes * 0
        return hashes.node(
            "LabelEncoder",
            domain=_ML,
            keys_int64s=keys.tolist(),
            values_int64s=list(range(len(keys))),
            default_int64=len(keys),
        )

    def loop(self, count: int, state: Value, body: Callable[[Value, Value], Value]) -> Value:
        """Return what comes out if `state = body(number, state)` is done for numbers 0, 1, ..."""
        from onnx import helper

        inner = Graph(f"{self._prefix}{self._new_name()}.")
        number = inner.input(f"{inner._prefix}number", np.int64, ())
        going_on = inner.input(f"{inner._prefix}goes_on", bool, ())
        before = inner.input(f"{inner._prefix}before", state.dtype, ("n", "m", "l"))
        after = body(number, before)
        inner.output(f"{inner._prefix}still", going_on, ())
        inner.output(f"{inner._prefix}after", after, ("n", "m", "l"))
        name = self._new_name()
        inputs = [self.constant(count, np.int64).name, "", state.name]
        self._nodes.append(helper.make_node("Loop", inputs, [name], body=inner._to_proto("body")))
        return Value(self, name, state.dtype)

    def to_model(self) -> Any:
        """Return the checked `onnx.ModelProto`.

        Raises
        ------
        ValueError
            If it is too large for one file.
        """
        import onnx
        from onnx import helper

        from skcnn import __version__

        model = helper.make_model(
            self._to_proto("skcnn"),
            producer_name="skcnn",
            producer_version=__version__,
            ir_version=_IR_VERSION,
            opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(_ML, ML_OPSET)],
        )
        if model.ByteSize() > _BYTES_OF_PROTOBUF:
            raise ValueError(
                f"the graph has {model.ByteSize():,} bytes; an ONNX file holds at most "
                f"{_BYTES_OF_PROTOBUF:,}. Leave out the vectors of words that training did not "
                "see: word_vectors=False."
            )
        onnx.checker.check_model(model, full_check=True)
        return model

    def _to_proto(self, name: str) -> Any:
        from onnx import helper

        return helper.make_graph(self._nodes, name, self._inputs, self._outputs, self._initializers)


def _described(name: str, dtype: DTypeLike, shape: Sequence[str | int]) -> Any:
    from onnx import TensorProto, helper

    kind = np.dtype(dtype)
    number = TensorProto.STRING if kind.kind in "UO" else helper.np_dtype_to_tensor_dtype(kind)
    return helper.make_tensor_value_info(name, number, shape)
