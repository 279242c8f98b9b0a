"""The JSON Schema of a problem file, made from the tables of ops, so that editors complete and check it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.json import schema as type_schema
from msgspec.structs import fields

from handgrad.arithmetic.arithmetic import NAMES
from handgrad.network import MAX_AXES
from handgrad.notation.symbols import CHOICES, CONVENTIONS, LETTERS
from handgrad.ops import LOSSES, OPS, PENALTIES, UPDATES
from handgrad.ops.op import Constant, Constants, Op
from handgrad.plan import UPSTREAM
from handgrad.problem import MAX_STEPS
from handgrad.scheme import Marking, Worth

Schema = dict[str, Any]

NUMBER: Schema = {"$ref": "#/$defs/number"}
ARRAY: Schema = {"$ref": "#/$defs/array"}
RESERVED = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$", "maxLength": 40}


def schema() -> Schema:
    """The schema (draft 2020-12) of a problem file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "handgrad problem",
        "type": "object",
        "required": ["network", "data"],
        "additionalProperties": False,
        "properties": {
            "title": {"type": "string"},
            "notation": {
                "anyOf": [{"enum": list(CONVENTIONS)}, _table(_notation())],
                "description": "symbols: the letters of a known notation, which others of this table override",
            },
            "arithmetic": {"type": "string", "description": ", ".join(NAMES)},
            "digits": {"type": "integer", "minimum": 1, "maximum": 100},
            "network": _table(_network(), required=["input", "layers"]),
            "loss": {"oneOf": [_op(op) for op in LOSSES.values()]},
            "penalties": _list({"oneOf": [_op(op, {"parameters": _names()}) for op in PENALTIES.values()]}, least=0),
            "data": _data(),
            "update": {"oneOf": [_op(op, _update_keys()) for op in UPDATES.values()]},
            "questions": _list(_table({"ask": {"type": "string"}, **_fields(Worth)}, required=["ask"]), least=0),
            "marking": _table(_fields(Marking)),
        },
        "$defs": {"number": _number(), "array": _array()},
    }


def _notation() -> Schema:
    choices = {key: {"enum": list(known), "default": known[0]} for key, known in CHOICES.items()}
    return choices | {letter: {"type": "string", "maxLength": 12} for letter in LETTERS}


def _update_keys() -> Schema:
    return {"freeze": _names(), "steps": {"type": "integer", "minimum": 1, "maximum": MAX_STEPS}}


def _names() -> Schema:
    return _list({"type": "string"}, least=0)


def _table(properties: Schema, required: list[str] | None = None) -> Schema:
    table: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return table | {"required": required} if required else table


def _list(items: Schema, least: int = 1) -> Schema:
    return {"type": "array", "items": items, "minItems": least}


def _shape() -> Schema:
    size = {"type": "integer", "minimum": 1}
    return {"anyOf": [size, {"type": "array", "items": size, "minItems": 1, "maxItems": MAX_AXES}]}


def _network() -> Schema:
    inputs = {"type": "object", "propertyNames": RESERVED, "additionalProperties": _shape(), "minProperties": 1}
    parameters = {"type": "object", "propertyNames": RESERVED, "additionalProperties": ARRAY}
    return {"input": {"anyOf": [_shape(), inputs]}, "parameters": parameters, "layers": _list(_layer())}


def _number() -> Schema:
    written = {
        "type": "string",
        "description": '"4/7", "1e-3", "sqrt(2)", "ln(2)", "pi"; in an array also a symbol, "w"',
        "maxLength": 200,
    }
    return {"anyOf": [{"type": "number"}, written]}


def _array() -> Schema:
    source = _table({"file": {"type": "string"}, "key": {"type": "string"}}, required=["file"])
    drawn = {
        "random": {"enum": ["normal", "uniform", "integers"]},
        "seed": {"type": "integer", "minimum": 0},
        "decimals": {"type": "integer", "minimum": 0},
        "shape": _shape(),
        **dict.fromkeys(("scale", "mean", "low", "high"), NUMBER),
    }
    return {"anyOf": [NUMBER, _list(ARRAY), source, _table(drawn, required=["random", "seed"])]}


def _layer() -> Schema:
    activations = [op for op in OPS.values() if op.activates]
    activation = {"anyOf": [{"enum": [op.name for op in activations]}, {"oneOf": [_op(op) for op in activations]}]}
    reads = {"anyOf": [{"type": "string"}, _list({"type": "string"})]}
    return {"oneOf": [_op(op, {"name": RESERVED, "from": reads, "activation": activation}) for op in OPS.values()]}


def _op(op: type[Op], others: Schema | None = None) -> Schema:
    """The table of one op: its name, parameters and settings."""
    properties: Schema = {"op": {"const": op.name, "description": _first_line(op)}}
    properties |= dict.fromkeys(op.parameters.values(), ARRAY)
    properties |= {field.name: type_schema(field.type, schema_hook=_constant) for field in fields(op)}
    required = [key for letter, key in op.parameters.items() if letter not in op.optional]
    required += [field.name for field in fields(op) if field.required]
    return _table(properties | (others or {}), required=["op", *required])


def _fields(kind: type[Struct]) -> Schema:
    return {field.name: type_schema(field.type) for field in fields(kind)}


def _first_line(op: type[Op]) -> str:
    return (op.__doc__ or "").strip().partition("\n")[0]


def _constant(kind: type) -> Schema:
    if kind is Constant:
        return NUMBER
    if kind is Constants:
        return _list(NUMBER)
    message = f"no schema for {kind}"
    raise NotImplementedError(message)


def _data() -> Schema:
    properties: Schema = {"y": ARRAY, "label": {"anyOf": [{"type": "integer"}, {"type": "array"}]}}
    properties |= {"batch": {"type": "boolean"}, UPSTREAM: ARRAY}
    # every other key is an input under its name
    return {"type": "object", "properties": properties, "additionalProperties": ARRAY}
