"""Every form of every op, for the whole and for each entry, is valid MathML Core."""

from __future__ import annotations

import pytest
from evaluate import places
from test_entry_forms import letters_of, operand, rules_of

from handgrad.notation.nodes import Symbol
from handgrad.ops import LOSSES, OPS
from handgrad.ops.op import Op
from handgrad.render.mathml import math
from render.mathml_core import mistakes
from test_laws import EXACT, an_op


@pytest.mark.parametrize("kind", [*OPS.values(), *LOSSES.values()], ids=lambda kind: kind.name)
def test_each_form_is_valid(kind: type[Op]) -> None:
    for sample in kind.samples:
        op = an_op(kind, sample)
        with EXACT.working(0):
            known = letters_of(op, sample, 5)
            for rule in rules_of(op, sample):
                needed = {letter: known[letter] for letter in op.needs(rule, known)}
                if op.has_entry(rule):
                    numbers = {letter: operand(op, sample, letter, value, 0) for letter, value in needed.items()}
                    whole = rule[1:] in op.parameters
                    shape = op.apply(rule, EXACT.xp, needed).shape
                    for index in places(shape if whole else shape[1:])[:4]:
                        written = math(op.entry(rule, index, numbers))
                        assert mistakes(written) == [], (rule, written)
        for left, right in op.definitions(Symbol("a")):
            assert mistakes(math(left)) + mistakes(math(right)) == []
