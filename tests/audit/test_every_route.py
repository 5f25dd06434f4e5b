"""Every route that changes something writes into the audit log; the test reads the code of its handler."""

from __future__ import annotations

import ast
import functools
import inspect
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import gallery
from gallery.api.operations import OPERATIONS
from gallery.app import feature_routes
from gallery.audit.recording import record
from gallery.audit.verbs import KIND_WORDS, VERB_WORDS, Verb, kind_of

# Routes without an entry, because nobody would ask about them later; with the reason.
EXCEPTIONS = {
    "accounts:create_link": "only asks for a mail; whether there is an account is found out by the worker",
    "accounts:create_password": "only asks for a mail, likewise",
    "appreciations:create": "a visitor's press, of whom nothing is known",
    "appreciations:delete": "likewise",
    "uploads:delete": "a picture that no draft has yet is thrown away by whoever was sending it",
    "endUpload": "a program throws such a picture away, likewise",
    "bulk_upload:check": "only asks which files are here; their digests are too many for an address",
    "reviews:hold": "renews a lease of 90 seconds, which ends by itself",
}


def called_by(function: Any) -> Iterator[Any]:
    """The functions of the gallery that occur in the source of `function`."""
    bound_to = getattr(function, "__self__", None)
    function = inspect.unwrap(getattr(function, "__func__", function))
    source = textwrap.dedent(inspect.getsource(function))
    names = dict(vars(sys.modules[function.__module__]))
    owner = function.__qualname__.rpartition(".")[0]
    names["self"] = names.get(owner) if bound_to is None else type(bound_to)  # a method's own class
    tree = ast.parse(source)
    names.update(instances_in(tree, names))
    for node in ast.walk(tree):
        found = None
        if isinstance(node, ast.Name):
            found = names.get(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found = getattr(names.get(node.value.id), node.attr, None)
        if inspect.isfunction(found) and found.__module__.startswith("gallery."):
            yield found


def instances_in(tree: ast.AST, names: dict[str, Any]) -> dict[str, Any]:
    """Variable → its class: of parameters with an annotation, and of `with Class(...) as variable`."""
    classes: dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and isinstance(node.annotation, ast.Name):
            classes[node.arg] = names.get(node.annotation.id)
        elif (
            isinstance(node, ast.withitem)
            and isinstance(node.context_expr, ast.Call)
            and isinstance(node.context_expr.func, ast.Name)
            and isinstance(node.optional_vars, ast.Name)
        ):
            classes[node.optional_vars.id] = names.get(node.context_expr.func.id)
    return {name: each for name, each in classes.items() if inspect.isclass(each)}


@functools.cache
def verbs_written_by(function: Any) -> frozenset[str]:
    """The verbs that `function` or its callees may record."""
    seen, waiting, verbs = {function}, [function], set()
    while waiting:
        each = waiting.pop()
        called = list(called_by(each))
        if record in called:
            source = ast.walk(ast.parse(textwrap.dedent(inspect.getsource(each))))
            verbs |= {
                node.attr
                for node in source
                if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "Verb"
            } or {"one of a table"}
        for found in called:
            if found not in seen and found is not record:
                seen.add(found)
                waiting.append(found)
    return frozenset(verbs)


UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


def changing() -> list[tuple[str, str, Any]]:
    """Name, methods and handler of every route that changes something, including the API's."""
    programs = [each for each in OPERATIONS if each.method in UNSAFE]
    routes = [each for each in feature_routes() if (each.methods or set()) & UNSAFE]
    assert {each.name for each in routes if isinstance(each.endpoint, functools.partial)} == {
        each.route for each in programs
    }
    return [
        *((each.name, each.method, each.handler) for each in programs),
        *(
            (each.name, " ".join(sorted(each.methods or ())), each.endpoint)
            for each in routes
            if not isinstance(each.endpoint, functools.partial)
        ),
    ]


@pytest.mark.parametrize(
    ("name", "methods", "handler"), changing(), ids=lambda each: each if isinstance(each, str) else ""
)
def test_each_address_that_changes_something_is_logged(name: str, methods: str, handler: Any) -> None:
    written = verbs_written_by(handler)
    if name in EXCEPTIONS:
        assert not written, f"{name} is logged by now and no exception"
    else:
        assert written, (
            f"{methods} {name} changes something and records nothing: see gallery/audit/recording.py"
        )


def test_each_exception_is_a_route() -> None:
    assert set(EXCEPTIONS) <= {name for name, _, _ in changing()}


@pytest.mark.parametrize(
    "name",
    [
        "consents:slip",
        "consents:slips",
        "applications:show",
        "reports:show",
        "contact:show",
        "outbox:show",
        "supporters:show",
    ],
)
def test_each_reading_of_private_details_is_logged(name: str) -> None:
    (route,) = [each for each in feature_routes() if each.name == name and "GET" in (each.methods or set())]
    assert verbs_written_by(route.endpoint)


def test_each_verb_has_words_and_is_written_somewhere() -> None:
    assert set(VERB_WORDS) == set(Verb)
    assert set(KIND_WORDS) == {kind_of(verb) for verb in Verb}
    code = [path for path in Path(gallery.__file__).parent.rglob("*.py") if path.name != "verbs.py"]
    sources = "".join(path.read_text() for path in code)
    assert [verb for verb in Verb if f"Verb.{verb.name}" not in sources] == []
