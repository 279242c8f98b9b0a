"""Tables of a problem file: the settings of an op, and what a wrong value is called in an error."""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec import Struct, ValidationError, convert
from msgspec.structs import fields

from handgrad.arithmetic.numerals import Literal
from handgrad.errors import Mistake, Path
from handgrad.ops.op import Constant

_MOST_LISTED = 24


Kind = TypeVar("Kind", bound=Struct)


def settings(
    kind: type[Kind], table: dict[str, Any], others: tuple[str, ...], path: Path, context: str, mistakes: list[Mistake]
) -> Kind | None:
    """An op (or another struct) with the settings of its table; every unknown or wrong key is a mistake."""
    own = {field.name: field for field in fields(kind)}
    unknown = [key for key in table if key not in own and key not in others]
    for key in unknown:
        text = f'{context}: unknown key "{key}"{nearest(key, [*own, *(o for o in others if o != "op")])}'
        mistakes.append(Mistake((*path, key), text))
    missing = [name for name, field in own.items() if field.required and name not in table]
    mistakes += [Mistake((*path, key), f'{context}: the key "{key}" is missing') for key in missing]
    values = {key: value for key, value in table.items() if key in own}
    for key, value in values.items():
        problem = _setting_problem(key, value, own[key].type)
        if problem:
            mistakes.append(Mistake((*path, key), f"{context}: {problem}"))
            unknown.append(key)
    return None if unknown or missing else convert(values, kind, dec_hook=_constant)


def _setting_problem(key: str, value: Any, expected: Any) -> str | None:
    try:
        convert(value, expected, dec_hook=_constant)
    except ValidationError as error:
        text = str(error).partition(" - at ")[0]
        if " got " in text:
            text = text.partition(", got ")[0].replace("`", "").replace("Expected", "expected").replace("array", "list")
            return f"{text} for {key}, found {in_words(value)}"
        choices = getattr(expected, "__args__", ())
        if "enum" in text and choices:
            return f"expected {' or '.join(in_words(choice) for choice in choices)} for {key}, found {in_words(value)}"
        return f"{key}: {text[0].lower()}{text[1:]}"
    return None


def _constant(kind: type[Constant], value: Any) -> Constant:
    """msgspec's hook for the types that it does not know: a Constant is the only one."""
    return kind(value)


def in_words(value: Any) -> str:
    """What a value of the file is, in words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Literal):
        return str(value)
    if isinstance(value, str):
        return f'"{value[:40]}"'
    if isinstance(value, (list, tuple)):
        return "a list"
    return "a table" if isinstance(value, dict) else str(value)[:40]


def nearest(word: Any, known: list[str]) -> str:
    """A hint: "; did you mean …?", the list of what is known, or of a long list the nearest."""
    from difflib import get_close_matches

    close = get_close_matches(str(word), known, n=1)
    if close:
        return f'; did you mean "{close[0]}"?'
    if not isinstance(word, str) and len(known) > _MOST_LISTED:
        return ""
    if len(known) <= _MOST_LISTED:
        return f"; known are {', '.join(sorted(known))}"
    near = sorted(get_close_matches(str(word), known, n=3, cutoff=0))
    return f"; the nearest that are known are {', '.join(near)}"
