"""The answer to one question: its value, and the minimal chain of steps that leads to it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from handgrad.query import Query
from handgrad.trace import Trace
from handgrad.working.builder import document
from handgrad.working.data import nest, plain
from handgrad.working.document import Document


class AnswerStep:
    """One step of the chain: ``name`` of the quantity, ``value``, and ``text``, its line of working."""

    def __init__(self, name: str, value: Any, text: str) -> None:
        self.name, self.value, self.text = name, value, text

    def __repr__(self) -> str:
        return f"AnswerStep({self.name})"

    def __str__(self) -> str:
        return self.text


class Answer:
    """``value``, ``text`` ("dL/dW1[2,3] ≈ -0.002419"), ``steps``; ``float(answer)`` for a single number."""

    def __init__(self, trace: Trace, query: Query) -> None:
        self._trace, self.query = trace, query
        self.question = query.text
        self.value: Any = trace.value(query)

    def __float__(self) -> float:
        return float(self.value)

    def __repr__(self) -> str:
        return self.text

    @cached_property
    def text(self) -> str:
        """The question and its value as printed, ≈ before a rounded one."""
        return self._trace.decided(self._text)

    def _text(self) -> str:
        function = bool(self.query.function)
        value, same = self._trace.function(self.query) if function else (self._trace.value(self.query), True)
        if isinstance(value, (int, tuple)):
            return f"{self.question} = {value}"
        raw = getattr(value, "value", value)
        shape = tuple(getattr(raw, "shape", ()))
        entries = list(raw.flat) if shape else [raw]
        shown = [self._trace.arithmetic.show(entry) for entry in entries]
        texts = nest([plain(one.expression) for one in shown], shape)
        same = same and (function or self._trace.exact(self.query.name))
        sign = "=" if same and all(one.exact for one in shown) else "≈"
        return f"{self.question} {sign} {_listed(texts)}"

    @cached_property
    def working(self) -> Document:
        """The working that leads to the answer."""
        return self._trace.decided(lambda: document(self._trace, [self.query]))

    @cached_property
    def steps(self) -> tuple[AnswerStep, ...]:
        """The steps from what is given to the answer, in order."""
        from handgrad.notation.document import Equation
        from handgrad.render.terminal import render_block

        equations = {
            block.name: block
            for section in self.working.sections
            if section.key not in ("given", "answers")
            for block in section.blocks
            if isinstance(block, Equation) and block.name
        }
        return tuple(AnswerStep(name, self._trace[name], render_block(block)) for name, block in equations.items())

    def _repr_markdown_(self) -> str:
        return self.working.to_markdown()

    def _repr_html_(self) -> str:
        from handgrad.render.summary import answer

        return answer(self)


def _listed(texts: Any) -> str:
    return texts if isinstance(texts, str) else "(" + ", ".join(_listed(text) for text in texts) + ")"
