"""What is valid MathML Core: elements with the children they take, attributes with the values they take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError, fromstring

LENGTH = r"-?\d+(\.\d+)?(em|ex|ch|px|%)|0"
BOOLEAN = "true|false"
TOKENS = {"mi", "mn", "mo", "ms", "mtext"}
CHILDREN = {
    "mspace": 0,
    "mfrac": 2,
    "mroot": 2,
    "msub": 2,
    "msup": 2,
    "munder": 2,
    "mover": 2,
    "msubsup": 3,
    "munderover": 3,
}
GROUPS = {"math", "mrow", "msqrt", "mstyle", "merror", "mpadded", "mphantom", "mtd"}
INSIDE = {"mtable": "mtr", "mtr": "mtd"}
GLOBAL = {"class": r"hg-\w+( hg-\w+)*", "displaystyle": BOOLEAN, "data-of": ".+"}
ATTRIBUTES = {
    "math": {"display": "block|inline", "alttext": ".+"},
    "mi": {"mathvariant": "normal"},
    "mo": {
        "form": "prefix|infix|postfix",
        "stretchy": BOOLEAN,
        "lspace": LENGTH,
        "rspace": LENGTH,
    },
    "mspace": {"width": LENGTH, "height": LENGTH, "depth": LENGTH},
    "mover": {"accent": BOOLEAN},
}


def mistakes(mathml: str) -> list[str]:
    """What is wrong with a piece of MathML; nothing if it is valid."""
    try:
        tree = fromstring(mathml)  # noqa: S314  what the renderer under test has written
    except ParseError as error:
        return [f"not well-formed: {error}"]
    return [*_of(tree), *_owned(tree, "")]


def _of(element: Element) -> Iterator[str]:
    name = element.tag
    yield from _content(element)
    for key, value in element.attrib.items():
        allowed = {**GLOBAL, **ATTRIBUTES.get(name, {})}.get(key)
        if allowed is None:
            yield f"<{name}> takes no {key}"
        elif not re.fullmatch(allowed, value, re.DOTALL):
            yield f'<{name}> takes no {key}="{value}"'
    for child in element:
        yield from _of(child)
        if child.tail:
            yield f"text in <{name}>: {child.tail!r}"


def _content(element: Element) -> Iterator[str]:
    name, count = element.tag, len(element)
    if name in TOKENS:
        if count:
            yield f"<{name}> holds elements"
        if not element.text or element.text.strip(" \t\n") != element.text:
            yield f"<{name}> holds {element.text!r}"
        return
    if element.text:
        yield f"text in <{name}>: {element.text!r}"
    if name in CHILDREN and count != CHILDREN[name]:
        yield f"<{name}> has {count} children"
    if name in INSIDE:
        yield from (f"<{child.tag}> in <{name}>" for child in element if child.tag != INSIDE[name])
        widths = {len(row) for row in element} if name == "mtable" else {0}
        if len(widths) != 1:
            yield f"rows of {sorted(widths)} cells"
    elif name not in CHILDREN and name not in GROUPS:
        yield f"<{name}> is none of MathML Core's"
    if name not in INSIDE:
        yield from (f"<{child.tag}> in <{name}>" for child in element if child.tag in {"mtr", "mtd", "math"})


def _owned(element: Element, outer: str) -> Iterator[str]:
    """An entry's value is one element: none within another."""
    own = element.get("data-of", "")
    if own and outer:
        yield f"the value of {own} within that of {outer}"
    for child in element:
        yield from _owned(child, own or outer)
