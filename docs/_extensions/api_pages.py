"""Which names have a page of their own: everything that users may import, and their methods."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

# Rooms before the package itself: a name of both has one page, in its room.
ROOMS = (
    "skcnn.costs",
    "skcnn.inspection",
    "skcnn.losses",
    "skcnn.text",
    "skcnn.datasets",
    "skcnn.network",
    "skcnn.files",
    "skcnn.mlflow",
)


def names_by_module() -> dict[str, list[str]]:
    """Return the names of all public objects, each once, by the module that lists them."""
    found: dict[str, list[str]] = {}
    seen: list[Any] = []
    for module_name in ("skcnn.costs", "skcnn", *ROOMS[1:]):
        module = import_module(module_name)
        found[module_name] = []
        for name in getattr(module, "__all__", ()):
            thing = getattr(module, name)
            if not name.startswith("__") and not any(thing is other for other in seen):
                seen.append(thing)
                found[module_name].append(name)
    return found


def public_objects() -> dict[str, Any]:
    """Return all public objects by their full names, such as ``skcnn.costs.decide``."""
    return {
        f"{module}.{name}": getattr(import_module(module), name)
        for module, names in names_by_module().items()
        for name in names
    }


def methods_by_class() -> dict[str, list[str]]:
    """Return the public methods that each public class has from skcnn, by its full name."""
    things = public_objects()
    return {name: own_methods(thing) for name, thing in things.items() if inspect.isclass(thing)}


def own_methods(cls: type) -> list[str]:
    """Return the public methods of a class, without those that a base from elsewhere has too."""
    ours = [base for base in cls.__mro__ if base.__module__.startswith("skcnn.")]
    inherited = {name for base in cls.__mro__ if base not in ours for name in vars(base)}
    methods = {
        name for base in ours for name, value in vars(base).items() if is_method(name, value)
    }
    return sorted(methods - inherited)


def is_method(name: str, value: Any) -> bool:
    """Whether a value in a class is a public method, and no function that has another name."""
    function = inspect.unwrap(getattr(value, "__func__", value))
    return inspect.isfunction(function) and function.__name__ == name and name[0] != "_"
