"""The numbers and symbols of a trace as a picture shows them: short, of the first example."""

from __future__ import annotations

from math import inf, isfinite
from typing import Any

from handgrad.arithmetic.value import comparable
from handgrad.notation.conforming import conformed
from handgrad.notation.nodes import Dots, Expr, Fraction, Negative, Number, entry_of
from handgrad.notation.symbols import convention
from handgrad.ops.op import Op, Shape
from handgrad.ops.places import ravel
from handgrad.trace import Trace, flat

LONGEST = 96.0
FRACTION = 48.0
"""Points that a decimal and a fraction may be wide; a longer one is shown with four digits."""

FORMULA = 150.0
"""Points that a formula may be wide; a longer one is left out."""


class Values:
    """What is printed for the entries of a trace.

    ``rounded`` turns true when a number is shown that is not the very value.
    """

    def __init__(self, trace: Trace, *, numbers: bool = True, gradients: bool = True) -> None:
        self.trace, self.plan = trace, trace.plan
        self.numbers, self.gradients = numbers, gradients
        self.rounded = False
        self._convention = convention(trace.problem.notation, trace.problem.network.last.layer)
        self.language = self._convention.language
        self._seen: dict[tuple[str, Shape], Expr] = {}

    def symbol(self, name: str) -> Expr:
        """What is printed for a quantity: bold unless it is one number."""
        like = name.removeprefix("dL/d")
        return self._convention.symbol(name, bold=bool(self.plan.shape(like) if self._known(like) else ()))

    def _known(self, name: str) -> bool:
        return name in self.plan.given or name in self.plan.steps

    def gradient(self, name: str) -> str:
        """The name of the gradient of a quantity where it is shown, else ""."""
        gradient = f"dL/d{name}"
        return gradient if self.gradients and self.trace.has(gradient) else ""

    def called(self, name: str, index: Shape) -> str:
        """An entry as a question names it: h1[2], of a batch yhat[1,2]."""
        places = (0, *index) if self.plan.batch and name in self.plan.batched else index
        return f"{name}[{','.join(str(i + self._convention.indices) for i in places)}]" if places else name

    def entry(self, name: str, index: Shape) -> Expr:
        """An entry as it is printed, short."""
        key = (name, index)
        if key not in self._seen:
            self._seen[key] = self._entry(name, index)
        return self._seen[key]

    def _entry(self, name: str, index: Shape) -> Expr:
        from handgrad.render.lettering import width

        place = ravel(index, self.plan.shape(name))
        shown = self.trace.show(name, place)
        self.rounded = self.rounded or not shown.exact
        expression = shown.expression
        if width(expression, VALUE) > (FRACTION if _fraction(expression) else LONGEST):
            short = _short(self.raw(name, index))
            if short is None and width(expression, VALUE) > FORMULA:
                return Dots()
            self.rounded = self.rounded or short is not None
            expression = short or expression
        return conformed(entry_of(expression, self.called(name, index)), self._convention)

    def constant(self, op: Op, name: str) -> Expr:
        """A setting of an op as it is printed."""
        value = self.trace.arithmetic.array(getattr(op, name).written)
        return conformed(self.trace.arithmetic.show(flat(value)[0], given=True).expression, self._convention)

    def raw(self, name: str, index: Shape) -> Any:
        """The entry as the arithmetic holds it."""
        return flat(self.trace.raw(name))[ravel(index, self.plan.shape(name))]

    def compared(self, name: str, index: Shape) -> Any:
        """The entry as a number that compares; None for a formula."""
        raw = self.raw(name, index)
        return None if getattr(raw, "free_symbols", None) else comparable(raw)


VALUE = 12.0
"""The size of the type in points, of everything but edges and what is raised or lowered."""


def _short(raw: Any) -> Number | None:
    """Four digits of a number; None for a formula or what no float holds."""
    value = inf if getattr(raw, "free_symbols", None) else float(comparable(raw))
    if not isfinite(value):
        return None
    mantissa, _, power = f"{value:.4g}".partition("e")
    return Number(f"{mantissa}e{int(power)}" if power else mantissa, value)


def _fraction(expression: Expr) -> bool:
    return isinstance(expression, Fraction) or (
        isinstance(expression, Negative) and isinstance(expression.value, Fraction)
    )
