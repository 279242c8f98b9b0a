"""SymPy expressions as notation: w₁₂, fractions, powers, e^x, choices by cases."""

from __future__ import annotations

import re
from typing import Any

import sympy
from flint import fmpq

from handgrad.arithmetic.exact import exact_expression, quotient
from handgrad.arithmetic.symbolic_functions import size
from handgrad.notation import nodes
from handgrad.notation.nodes import Expr

LONGEST = 120
"""Nodes of an expression that is written out; of a longer one only dots are."""

_NAME = re.compile(r"([A-Za-z]+)_?([A-Za-z0-9_]*)")
_GREEK_NAMES = """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau upsilon phi
chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"""
_GREEK = dict(zip(_GREEK_NAMES.split(), "αβγδεζηθικλμνξρστυφχψωΓΔΘΛΞΠΣΦΨΩ", strict=True))
_SIGNS = {"StrictGreaterThan": ">", "GreaterThan": "≥", "StrictLessThan": "<", "LessThan": "≤", "Equality": "=",
          "Unequality": "≠"}  # fmt: skip


def shown(entry: Any, *, decimals: bool) -> Expr:
    """An expression as it is printed."""
    return _Printer(decimals=decimals).node(entry) if size(entry, LONGEST) < LONGEST else nodes.Dots()


def symbol(name: str) -> Expr:
    """A name as a symbol: w_12 and x1 have an index, alpha is α."""
    match = _NAME.fullmatch(name)
    base, sub = (match[1], match[2]) if match else (name, "")
    return nodes.Symbol(_GREEK.get(base, base), sub.replace("_", ","))


class _Printer:
    """``decimals``: terminating decimals are written as such."""

    def __init__(self, *, decimals: bool) -> None:
        self.decimals = decimals

    def node(self, entry: Any) -> Expr:
        """Any expression."""
        if entry.is_Rational:
            return self._number(entry)
        if entry.is_Symbol:
            return symbol(entry.name)
        if entry.is_Add:
            terms = sorted(entry.as_ordered_terms(), key=lambda term: term.as_coeff_Mul()[0].is_negative)
            return nodes.add(*map(self.node, terms))
        if entry.is_Mul or entry.is_Pow:
            return self._product(entry)
        rule = getattr(self, f"_{type(entry).__name__.lower()}", self._function)
        found: Expr = rule(entry)
        return found

    def _number(self, entry: Any) -> Expr:
        value = fmpq(int(entry.p), int(entry.q))
        expression = exact_expression(value, decimals=self.decimals)
        return quotient(value) if expression is None else expression

    def _product(self, entry: Any) -> Expr:
        if entry.as_coeff_Mul()[0].is_negative:
            return nodes.Negative(self.node(-entry))
        over, under = sympy.fraction(entry, exact=True)
        if under != 1:
            return nodes.Fraction(self.node(over), self.node(under))
        if entry.is_Mul:
            return nodes.product(*map(self.node, entry.as_ordered_factors()))
        base, exponent = entry.args
        if exponent == sympy.S.Half:
            return nodes.Sqrt(self.node(base))
        return nodes.Power(self.node(base), self.node(exponent))

    def _exp(self, entry: Any) -> Expr:
        return nodes.exp(self.node(entry.args[0]))

    def _log(self, entry: Any) -> Expr:
        return nodes.ln(self.node(entry.args[0]))

    def _abs(self, entry: Any) -> Expr:
        return nodes.Absolute(self.node(entry.args[0]))

    def _heaviside(self, entry: Any) -> Expr:
        return nodes.Function("step", (self.node(entry.args[0]),))

    def _pi(self, entry: Any) -> Expr:
        del entry
        return nodes.Symbol("π")

    def _exp1(self, entry: Any) -> Expr:
        del entry
        return nodes.E

    def _piecewise(self, entry: Any) -> Expr:
        return nodes.Cases(tuple((self.node(value), self._condition(when)) for value, when in entry.args))

    def _condition(self, when: Any) -> Expr:
        sign = _SIGNS.get(type(when).__name__)
        if sign is None:
            return nodes.Text("otherwise" if when == sympy.true else str(when))
        return nodes.Relation(self.node(when.lhs), sign, self.node(when.rhs))

    def _function(self, entry: Any) -> Expr:
        return nodes.Function(type(entry).__name__.lower(), tuple(map(self.node, entry.args)))
