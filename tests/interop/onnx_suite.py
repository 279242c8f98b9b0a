"""The cases of ONNX's test suite that are run, why others are not, and the page that says so."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, NamedTuple

from handgrad_training import LOSSES_RUN, UPDATES_RUN

from handgrad.interop.onnx_constants import FOLDED
from handgrad.interop.onnx_ops import CONVERTERS

KNOWN = {*CONVERTERS, *LOSSES_RUN, *UPDATES_RUN, "Gradient"}
INNER = KNOWN | FOLDED | {"Shape"}


CHOOSING = {"Less", "Greater", "And", "Or", "Where", "Equal", "Not"}


class Case(NamedTuple):
    """One case: its op (of the whole where it is expanded to a graph) and the ops of its nodes."""

    name: str
    op: str
    ops: frozenset[str]
    expanded: bool
    types: frozenset[str]


def cases_of(tests: list[Any]) -> list[Case]:
    """The cases of the suite."""
    heads = {test.name: test.model.graph.node[0].op_type for test in tests if len(test.model.graph.node) == 1}
    found = []
    for test in tests:
        ops = frozenset(node.op_type for node in test.model.graph.node)
        base = test.name.partition("_expanded")[0]
        expanded = base != test.name
        op = heads.get(base, "Gradient" if "Gradient" in ops else "a graph")
        types = frozenset(str(getattr(value, "dtype", "none")) for value in _arrays(test))
        found.append(Case(test.name, op, ops, expanded, types))
    return found


def _arrays(test: Any) -> list[Any]:
    return [value for inputs, outputs in test.data_sets or [] for value in (*inputs[:1], *outputs[:1])]


REASONS: dict[str, str] = {
    r"test_identity_(sequence|opt)": "handgrad has arrays only, no sequences of them",
    r"test_pow.*": "the exponent is an array; that of power is one number",
    r"test_(max|av).*pool.*_uint8|test_div_u?int.*": "whole numbers that wrap or round; handgrad's numbers are real",
    r"test_maxpool_with_argmax.*|test_dropout_default_mask.*|test_training_dropout_zero_ratio_mask":
        "an output of places or of a mask, which has no gradient",
    r"test_training_dropout.*": "it drops at random; handgrad's dropout has its mask given",
    r".*empty_set.*|test_split_zero_size.*|test_slice_start_out_of_bounds|test_reshape_allowzero_reordered":
        "arrays without entries",
    r"test_reduce_(max|min)_bool_inputs|test_where.*": "truth values, which have no gradient",
    r"test_wrap_pad": "a pad that wraps around",
    r"test_cast.*": "types of numbers, which the arithmetic of a problem decides",
    r"test_center_crop_pad.*|test_rotary_embedding.*|test_affine_grid.*":
        "how far it cuts or turns depends on another input",
}  # fmt: skip
"""Cases of known ops that are left out, by a pattern of their names."""


def excluded(case: Case) -> str | None:
    """Why a case is not run; None where it is."""
    missing = case.ops - (INNER if case.expanded else KNOWN)
    if missing:
        return f"{', '.join(sorted(missing)[:3])}: handgrad has no such op"
    if case.expanded and case.ops & CHOOSING:
        return "the graph compares data and chooses by a condition"
    if case.op not in KNOWN:
        return f"{case.op}: handgrad has no such op"
    return next((reason for pattern, reason in REASONS.items() if re.fullmatch(pattern, case.name)), None)


def page(cases: list[Case], passed: set[str]) -> str:
    """The page docs/onnx.md."""
    counts: dict[str, Counter[str]] = {}
    for case in cases:
        count = counts.setdefault(case.op, Counter())
        kind = "expanded" if case.expanded else "cases"
        count[kind] += 1
        count[f"{kind} passed"] += case.name in passed
    known = {op: count for op, count in sorted(counts.items()) if count["cases passed"]}
    lines = [*HEAD, *(_row(op, count) for op, count in known.items())]
    total = sum((count for count in known.values()), Counter())
    lines += [_row("**together**", total), "", "## Cases that are left out", ""]
    lines += ["| Cases | Of ops above | Why |", "|---|---:|---|"]
    reasons = Counter(excluded(case) for case in cases if case.op in known and excluded(case))
    told: dict[str, list[str]] = {}
    for case in cases:
        reason = excluded(case)
        if case.op in known and reason:
            told.setdefault(reason, []).append(case.name.removeprefix("test_"))
    for reason, names in sorted(told.items()):
        shown = ", ".join(f"`{name}`" for name in names[:3]) + (" …" if len(names) > 3 else "")
        lines.append(f"| {shown} | {reasons[reason]} | {reason} |")
    return "\n".join(lines) + "\n"


HEAD = (
    "# ONNX",
    "",
    "`hg.from_onnx(model)` reads a model (a file, bytes or an `onnx.ModelProto`) as a problem,",
    '`hg.to_onnx(problem)` writes a problem\'s network as a model. Both need `pip install "handgrad[onnx]"`.',
    "",
    "Axis 0 of the inputs is the batch. Constants are folded; what handgrad has no op for is an error that names",
    "the node. What is checked before a model is read: its size, that each tensor has as many numbers as it",
    "promises, that external data lie in the model's folder, that names are given once and before they are read.",
    "",
    "## The test suite of ONNX",
    "",
    "Every node of a case runs through the forward rule of handgrad's own op (of a loss or an update rule, through",
    "theirs; a case of Gradient through the backward rules). An expanded case is the same op as a graph of others.",
    "",
    "| Op | passed | cases | passed, expanded | cases, expanded |",
    "|---|---:|---:|---:|---:|",
)


def _row(op: str, count: Counter[str]) -> str:
    numbers = [count[key] for key in ("cases passed", "cases", "expanded passed", "expanded")]
    return f"| {op} | {' | '.join(map(str, numbers))} |"
