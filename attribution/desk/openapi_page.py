"""The OpenAPI document as a page of our own: the usual ones load scripts from elsewhere."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

_REFERENCE = "#/components/schemas/"
_DEEPEST = 4


@dataclass(frozen=True)
class Entry:
    """A parameter or field: its name, type, whether it is needed, and what it means."""

    name: str
    type: str
    required: bool
    text: str


@dataclass(frozen=True)
class Endpoint:
    """One way to ask the API.

    Attributes
    ----------
    method, path, title, text
        What to send where, and what for.
    parameters, body, answer
        What it takes in the address and in the body, and what it gives.
    example
        A body to begin with, "" for none.
    """

    method: str
    path: str
    title: str
    text: str
    parameters: tuple[Entry, ...]
    body: tuple[Entry, ...]
    answer: tuple[Entry, ...]
    example: str


_EXAMPLES: dict[str, object] = {
    "/api/what-if": {
        "incident_id": "20210215-erbil-airport",
        "columns": {"weapon_type": "drone"},
        "claims": [],
        "keep_labels": True,
    },
    "/api/attribute": {
        "incidents": [
            {
                "incident_id": "mine-1",
                "date": "2021-02-15",
                "country": "Iraq",
                "province": "Erbil",
                "weapon_type": "rocket",
                "target_type": "us_coalition_base",
                "claims": ["Saraya Awliya al-Dam"],
            }
        ]
    },
}


def endpoints(document: dict[str, Any]) -> tuple[Endpoint, ...]:
    """Read the endpoints of an OpenAPI document.

    Parameters
    ----------
    document
        OpenAPI 3.1.
    """
    schemas = document.get("components", {}).get("schemas", {})
    found = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            answer = operation["responses"]["200"]["content"]["application/json"]
            example = _EXAMPLES.get(path)
            found.append(
                Endpoint(
                    method.upper(),
                    path,
                    operation.get("summary", ""),
                    operation.get("description", ""),
                    tuple(_parameter(each) for each in operation.get("parameters", ())),
                    _fields(body["schema"], schemas) if body else (),
                    _fields(answer["schema"], schemas),
                    "" if example is None else json.dumps(example, indent=2),
                )
            )
    return tuple(found)


def _parameter(parameter: dict[str, Any]) -> Entry:
    schema = parameter.get("schema", {})
    text = parameter.get("description", "") or schema.get("description", "")
    return Entry(parameter["name"], _type(schema), parameter.get("required", False), text)


def _fields(
    schema: dict[str, Any], schemas: dict[str, Any], prefix: str = "", depth: int = 0
) -> tuple[Entry, ...]:
    """List the fields of an object, those of objects in it behind their own."""
    resolved = _resolved(schema, schemas)
    required = resolved.get("required", ())
    found: list[Entry] = []
    for name, inner in resolved.get("properties", {}).items():
        path = f"{prefix}{name}"
        found.append(Entry(path, _type(inner), name in required, inner.get("description", "")))
        item = inner.get("items", inner)
        if depth < _DEEPEST and "$ref" in item:
            mark = "[]." if "items" in inner else "."
            found += _fields(item, schemas, f"{path}{mark}", depth + 1)
    return tuple(found)


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref", "")
    found: dict[str, Any] = schemas.get(reference.removeprefix(_REFERENCE), schema)
    return found


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REFERENCE)
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if "enum" in schema:
        return " or ".join(json.dumps(each) for each in schema["enum"])
    return str(schema.get("type", "anything"))
