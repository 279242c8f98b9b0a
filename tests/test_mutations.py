"""A mutation run: every backward rule, altered in several ways, is rejected by the checker of the laws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flint import arb, fmpq

from handgrad.arithmetic.exact_array import ExactArray
from handgrad.ops import LOSSES, OPS, PENALTIES
from handgrad.ops.op import Op, Sample
from test_laws import agreement, an_op, deviation, letters_of

MUTATIONS: dict[str, Callable[[ExactArray], ExactArray]] = {
    "off by a thousandth": lambda g: g + g / 1000,
    "the other sign": lambda g: -g,
    "twice": lambda g: g + g,
    "half": lambda g: g / 2,
    "moved by one place": lambda g: ExactArray(g.flat[1:] + g.flat[:1], g.shape),
    "backwards": lambda g: ExactArray(g.flat[::-1], g.shape),
    "without its first entry": lambda g: ExactArray([fmpq(0), *g.flat[1:]], g.shape),
    "one added": lambda g: g + 1,
}

CASES = [
    pytest.param(kind, kind.samples, letter, id=f"{kind.name}-{letter}")
    for kind in (*OPS.values(), *LOSSES.values(), *PENALTIES.values())
    for letter in sorted({letter for sample in kind.samples for letter in letters_of(kind, sample.shapes)})
]


def differs(before: ExactArray, after: ExactArray) -> bool:
    """Whether the altered gradient is certainly another one."""
    return any(
        (a - b != 0) if isinstance(a - b, fmpq) else not arb(a - b).contains(0)
        for a, b in zip(before.flat, after.flat, strict=True)
    )


def rejected(kind: type[Op], sample: Sample, letter: str, mutation: Callable[[Any], Any]) -> bool | None:
    """Whether the checker rejects the altered rule; None where the alteration changes nothing."""
    rule, changed = f"d{letter}", []

    class Altered(kind):  # type: ignore[misc, valid-type]  # any op
        def apply(self, name: str, xp: Any, letters: dict[str, Any]) -> Any:
            right = super().apply(name, xp, letters)
            if name != rule:
                return right
            wrong = mutation(right)
            changed.append(differs(right, wrong))
            return wrong

    verdicts = [agreement(deviation(an_op(Altered, sample), sample, letter, seed)) for seed in (1, 2)]
    return None if not any(changed) else not all(verdicts)


@pytest.mark.parametrize(("kind", "samples", "letter"), CASES)
def test_every_altered_rule_is_rejected(kind: type[Op], samples: tuple[Sample, ...], letter: str) -> None:
    sample = next(sample for sample in samples if letter in sample.shapes)
    verdicts = {name: rejected(kind, sample, letter, mutation) for name, mutation in MUTATIONS.items()}
    assert [name for name, verdict in verdicts.items() if verdict is False] == []
    assert sum(verdict is True for verdict in verdicts.values()) >= 3
