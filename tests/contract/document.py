"""What `docs/openapi.yaml` says, for tests: its examples and the routes they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TOKEN = "XqCmeTVgYXrbWrZFZEymkD"
"""The session of all examples."""


class Example(NamedTuple):
    """An example, and what it answers; "5XX" is 503."""

    route: str
    status: int
    name: str
    body: Mapping[str, Any]
    schema: Mapping[str, Any]


def resolved(document: Mapping[str, Any], node: Any) -> Any:
    """Return what a node refers to, or the node."""
    while "$ref" in node:
        name, node = node["$ref"], document
        for part in name.removeprefix("#/").split("/"):
            node = node[part]
    return node


def examples(document: Mapping[str, Any]) -> Iterator[Example]:
    """Yield the examples of every answer; an answer without one raises KeyError."""
    for path, item in document["paths"].items():
        for method in item.keys() - {"parameters"}:
            for status, answer in item[method]["responses"].items():
                media = resolved(document, answer)["content"]["application/json"]
                for name, example in media["examples"].items():
                    yield Example(
                        f"{method.upper()} {path}",
                        int(status.replace("XX", "03")),
                        name,
                        resolved(document, example)["value"],
                        {**media["schema"], "components": document["components"]},
                    )
