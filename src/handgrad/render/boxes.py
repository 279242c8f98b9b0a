"""Boxes of text: lines of equal width and the line that stands level with the rest of a formula."""

from __future__ import annotations

from itertools import pairwise
from unicodedata import category, combining, east_asian_width

from handgrad.notation.nodes import (
    BigSum,
    Cases,
    Expr,
    Fraction,
    Function,
    Hadamard,
    Matrix,
    Negative,
    Number,
    Product,
    Relation,
    Stack,
    Star,
    Sum,
    Text,
    Transpose,
    separator,
)
from handgrad.render.breaking import (
    ATOM,
    ENTRYWISE,
    PRODUCT,
    RELATION,
    STAR,
    SUM,
    Bracketed,
    bracketed,
    children,
    dotted,
    signed_terms,
)
from handgrad.render.inline import clean, condition, inline, word


def cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(map(_WIDTHS.__getitem__, text))


class _Widths(dict[str, int]):
    """The width of each sign met so far; a hat that combines with its letter takes no room."""

    def __missing__(self, c: str) -> int:
        width = self[c] = 0 if combining(c) or category(c) == "Mn" else 2 if east_asian_width(c) in "WF" else 1
        return width


_WIDTHS = _Widths()


def padded(text: str, width: int) -> str:
    """A text filled up with blanks."""
    return text + " " * (width - cells(text))


class Box:
    """Lines of one width; ``base`` is the line on the formula's level."""

    __slots__ = ("base", "lines", "width")

    def __init__(self, lines: list[str], base: int = 0) -> None:
        self.width = max((cells(line) for line in lines), default=0)
        self.lines, self.base = [padded(line, self.width) for line in lines], base


def beside(boxes: list[Box]) -> Box:
    """Boxes next to one another, level."""
    above = max(box.base for box in boxes)
    below = max(len(box.lines) - box.base for box in boxes)
    lines = ["".join(_line(box, box.base + level) for box in boxes) for level in range(-above, below)]
    return Box(lines, above)


def _line(box: Box, at: int) -> str:
    return box.lines[at] if 0 <= at < len(box.lines) else " " * box.width


def box(expression: Expr) -> Box:
    """An expression as a box; matrices, cases and fractions of formulas are tall, all else is one line."""
    if not _tall(expression):
        return Box([inline(expression)])
    drawn = _shape(expression) or _operation(expression)
    return drawn or Box([inline(expression)])


def _tall(expression: Expr) -> bool:
    match expression:
        case Matrix() | Stack() | Cases():
            return True
        case Fraction(p, q):
            return not (isinstance(p, Number) and isinstance(q, Number))
        case BigSum(_, _, lower, upper) if lower is not None or upper is not None:
            return True
    return isinstance(expression, _LEVEL) and any(_tall(inner) for inner in children(expression))


_LEVEL = (Sum, Product, Hadamard, Function, Star, Relation, Negative, Transpose, BigSum, Bracketed)
"""What may stand in more than one line when a part does; powers, roots and entries are written in one."""


def _shape(expression: Expr) -> Box | None:
    """What has a shape of its own."""
    match expression:
        case Matrix():
            return _matrix(expression)
        case Stack():
            return _stack(expression)
        case Cases():
            return _cases(expression)
        case Fraction():
            return _fraction(expression)
        case BigSum():
            return _big_sum(expression)
    return None


def _operation(expression: Expr) -> Box | None:  # noqa: PLR0911  one case for each node
    """What joins the boxes of its parts."""
    match expression:
        case Sum(terms):
            return _sum(terms)
        case Product(factors):
            return _joined(factors, [" · " if dotted(a, b) else " " for a, b in pairwise(factors)], PRODUCT)
        case Hadamard(factors):
            return _joined(factors, [" ⊙ "] * (len(factors) - 1), ENTRYWISE)
        case Star(left, right):
            return _joined((left, right), [" * "], PRODUCT)
        case Relation(left, sign, right):
            return _joined((left, right), [f" {sign} "], RELATION)
        case Negative(inner):
            return beside([Box(["−"]), part(inner, STAR, first=False)])
        case Transpose(inner):
            return beside([part(inner, ATOM), Box(["ᵀ"])])
        case Bracketed(name, inner, opens, closes, comma):
            head = Box([word(name) if opens else ""])
            held = in_brackets(box(inner), opens=opens, closes=closes)
            return beside([head, held] if closes else [head, held, Box([comma])])
        case Function(name, arguments):
            held = in_brackets(_joined(arguments, [f"{separator(arguments)} "] * (len(arguments) - 1), RELATION))
            return beside([Box([word(name)]), held])
    return None


def part(expression: Expr, whole: int, *, first: bool = True) -> Box:
    """A part of a larger whole, in brackets where it needs them; a stacked fraction needs none."""
    drawn = box(expression)
    if not bracketed(expression, whole, first=first) or (isinstance(expression, Fraction) and len(drawn.lines) > 1):
        return drawn
    return in_brackets(drawn)


def in_brackets(inner: Box, *, opens: bool = True, closes: bool = True) -> Box:
    """Round brackets as tall as what they hold."""
    left = [Box(_bracket(("(", "⎛", "⎜", "⎝"), len(inner.lines)), inner.base)] if opens else []
    right = [Box(_bracket((")", "⎞", "⎟", "⎠"), len(inner.lines)), inner.base)] if closes else []
    return beside([*left, inner, *right])


def _bracket(signs: tuple[str, str, str, str], height: int) -> list[str]:
    whole, top, middle, bottom = signs
    return [whole] if height == 1 else [top, *[middle] * (height - 2), bottom]


def _joined(parts: tuple[Expr, ...], joints: list[str], whole: int) -> Box:
    boxes = []
    for i, expression in enumerate(parts):
        if i:
            boxes.append(Box([joints[i - 1]]))
        boxes.append(part(expression, whole, first=i == 0))
    return beside(boxes)


def _sum(terms: tuple[Expr, ...]) -> Box:
    boxes = []
    for i, (sign, term) in enumerate(signed_terms(terms)):
        if sign:
            boxes.append(Box([sign if i == 0 else f" {sign} "]))
        boxes.append(part(term, STAR if sign == "−" else SUM, first=i == 0 and not sign))
    return beside(boxes)


def _fraction(fraction: Fraction) -> Box:
    top, bottom = box(fraction.numerator), box(fraction.denominator)
    width = max(top.width, bottom.width) + 2
    lines = [*centred(top.lines, width), "─" * width, *centred(bottom.lines, width)]
    return Box(lines, len(top.lines))


def _big_sum(total: BigSum) -> Box:
    """Σ with its limits above and below; without limits the index stands beside it."""
    body = part(total.body, PRODUCT)
    if total.lower is None and total.upper is None:
        return beside([Box([inline(BigSum(_NOTHING, total.index))]), body])
    low = inline(total.index) + (f"={inline(total.lower)}" if total.lower is not None else "")
    high = inline(total.upper) if total.upper is not None else ""
    width = max(cells(low), cells(high), 1)
    return beside([Box(centred([high, "Σ", low], width), 1), Box([" "]), body])


_NOTHING = Text("")


def centred(lines: list[str], width: int) -> list[str]:
    """Lines in the middle of a width."""
    return [" " * ((width - cells(line)) // 2) + line for line in lines]


def _matrix(matrix: Matrix) -> Box:
    columns = [_aligned([inline(entry) for entry in column]) for column in zip(*matrix.rows, strict=True)]
    rows = ["  ".join(cells_of_row) for cells_of_row in zip(*columns, strict=True)]
    if len(rows) == 1:
        return Box([f"[ {rows[0]} ]"])
    last = len(rows) - 1
    lines = [
        f"{'⎡' if i == 0 else '⎣' if i == last else '⎢'} {row} {'⎤' if i == 0 else '⎦' if i == last else '⎥'}"
        for i, row in enumerate(rows)
    ]
    return Box(lines, last // 2)


def _aligned(texts: list[str]) -> list[str]:
    """A column: numbers stand with their decimal points below one another, formulas to the left, dots in the middle."""
    dots = [text in ("⋯", "⋮", "⋱") for text in texts]
    plain = [text for text, is_dots in zip(texts, dots, strict=True) if not is_dots]
    if all(_is_number(text) for text in plain):
        whole = max(map(_before_point, plain), default=0)
        texts = [text if d else " " * (whole - _before_point(text)) + text for text, d in zip(texts, dots, strict=True)]
    width = max(cells(text) for text in texts)
    return [padded(centred([text], width)[0] if d else text, width) for text, d in zip(texts, dots, strict=True)]


def _before_point(text: str) -> int:
    return cells(text.replace(",", ".").partition(".")[0])


def _is_number(text: str) -> bool:
    digits = text.lstrip("−").replace(",", ".", 1)
    return digits.replace(".", "").isdigit() or digits.replace("/", "").isdigit()


def _stack(stack: Stack) -> Box:
    lines: list[str] = []
    for label, item in stack.items:
        inner = box(item)
        head = f"{clean(label)}: " if label else ""
        lines += [(head if i == inner.base else " " * cells(head)) + line for i, line in enumerate(inner.lines)]
    return Box(lines, len(lines) // 2)


def _cases(cases: Cases) -> Box:
    values = [inline(value) for value, _ in cases.branches]
    width = max(cells(value) for value in values)
    conditions = [condition(when, cases.word) for _, when in cases.branches]
    rows = [f"{padded(value, width)}  {when}" for value, when in zip(values, conditions, strict=True)]
    last = len(rows) - 1
    braces = ["⎧" if i == 0 else "⎩" if i == last else "⎨" for i in range(len(rows))] if last else ["{"]
    return Box([f"{brace} {row}" for brace, row in zip(braces, rows, strict=True)], last // 2)
