"""Which names a route gives to what it is asked: those may be said back to the sender, who made up all others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

from fastapi.dependencies.models import Dependant
from fastapi.params import Form
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

PLACES = frozenset({"body", "query", "path", "header", "cookie"})
_known: WeakKeyDictionary[Callable[..., Any], frozenset[str]] = WeakKeyDictionary()


def names_of(route: object) -> frozenset[str]:
    """The names of a route's parameters and of all fields of its body, and the places where they stand."""
    if not isinstance(route, APIRoute):
        return PLACES
    if route.endpoint not in _known:
        _known[route.endpoint] = PLACES | frozenset(_parameters(route.dependant)) | frozenset(_fields(route))
    return _known[route.endpoint]


def takes_json(route: object) -> bool:
    """Whether the route reads a JSON body."""
    if not isinstance(route, APIRoute) or route.body_field is None:
        return False
    return not isinstance(route.body_field.field_info, Form)


def _parameters(dependant: Dependant) -> Iterator[str]:
    for kind in (
        dependant.path_params,
        dependant.query_params,
        dependant.header_params,
        dependant.cookie_params,
        dependant.body_params,
    ):
        yield from (parameter.alias for parameter in kind)
    for inner in dependant.dependencies:
        yield from _parameters(inner)


def _fields(route: APIRoute) -> Iterator[str]:
    if route.body_field is not None:
        shape: Any = route.body_field.field_info.annotation
        yield from _names_in(TypeAdapter(shape).json_schema())


def _names_in(schema: Any) -> Iterator[str]:
    """The properties of a JSON schema, and the constants by which its alternatives are told apart."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        if isinstance(schema.get("const"), str):
            yield schema["const"]
        for inner in schema.values():
            yield from _names_in(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _names_in(inner)
