"""Convolution and its transpose: sizes, conventions, refusals, and entry forms that say what the rules compute."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import pytest
from flint import fmpq
from windows_evaluate import Given, value_of

import handgrad as hg
from handgrad.arithmetic.arithmetic import arithmetic
from handgrad.arithmetic.exact_array import ExactArray
from handgrad.ops import OPS
from handgrad.ops.op import Op, Sample
from test_laws import an_op, values_of

XP = arithmetic("exact").xp
FAMILY = [kind for name, kind in OPS.items() if name.startswith("conv")]
CASES = [pytest.param(kind, sample, id=f"{kind.name}-{i}") for kind in FAMILY for i, sample in enumerate(kind.samples)]


def array(*rows: Any) -> ExactArray:
    return XP.asarray(list(rows))


def refusal(op: Op, **shapes: tuple[int, ...]) -> list[str]:
    found: list[str] = []
    op.shape(lambda key, text: found.append(f"{key}: {text}"), **shapes)
    return found


@pytest.mark.parametrize(("kind", "sample"), CASES)
def test_an_entry_form_says_what_the_rule_computes(
    kind: type[Op], sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handgrad.ops.textbook.LONGEST_SUM", 10**6)
    op, random = an_op(kind, sample), Random(1)
    values = values_of(sample, random)
    y = op.apply("forward", XP, values)
    dy = ExactArray([fmpq(random.randint(-9, 9), 4) for _ in y.flat], y.shape)
    known: dict[str, Any] = {**values, "dy": dy}
    shapes = {f"{letter}_shape": value.shape[int(letter == "x") :] for letter, value in values.items()}
    for rule in ("forward", *(f"d{letter}" for letter in values)):
        needed = {letter: (known | shapes)[letter] for letter in op.letters(rule) if letter in known | shapes}
        result = op.apply(rule, XP, needed)
        batched = rule in ("forward", "dx")
        for n in range(y.shape[0] if batched else 1):
            operands = {
                letter: value
                if isinstance(value, tuple)
                else Given(value, letter in ("x", "dy"), n if batched else None)
                for letter, value in needed.items()
            }
            for index in product(*(range(size) for size in result.shape[int(batched) :])):
                expected = (result[(n, *index)] if batched else result[index]) if result.shape else result.flat[0]
                assert value_of(op.entry(rule, index, operands)) == expected


def test_same_puts_what_is_left_at_the_end_and_same_lower_at_the_start() -> None:
    x, K = array([1, 2, 3]), array(1, 10)
    assert OPS["conv1d"](padding="same").forward(XP, x, K).tolist() == [[21, 32, 3]]  # type: ignore[call-arg]
    assert OPS["conv1d"](padding="same_lower").forward(XP, x, K).tolist() == [[10, 21, 32]]  # type: ignore[call-arg]
    assert OPS["conv1d"](padding="valid").forward(XP, x, K).tolist() == [[21, 32]]  # type: ignore[call-arg]


def test_a_group_sees_its_own_channels_alone() -> None:
    x, K = array([[1, 2], [10, 20]]), array([[1]], [[2]], [[3]], [[4]])
    y = OPS["conv1d"](groups=2).forward(XP, x, K)  # type: ignore[call-arg]
    assert y.tolist() == [[[1, 2], [2, 4], [30, 60], [40, 80]]]


def test_a_transposed_convolution_lays_the_kernel_down() -> None:
    x, K = array([[1, 2]]), array([[1, 10, 100]])
    lay = OPS["conv_transpose1d"]
    assert lay().forward(XP, x, K).tolist() == [[[1, 12, 120, 200]]]
    assert lay(stride=2, output_padding=1).forward(XP, x, K).tolist() == [[[1, 10, 102, 20, 200, 0]]]  # type: ignore[call-arg]
    assert lay(padding=[[1, 0]]).forward(XP, x, K).tolist() == [[[12, 120, 200]]]  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("padding", "kept"),
    [("same", [1, 12, 120]), ("same_lower", [12, 120, 200]), (0, [12, 120, 200]), ("valid", [12, 120, 200])],
)
def test_an_output_shape_cuts_more_at_the_start_unless_same(padding: Any, kept: list[int]) -> None:
    x, K = array([[1, 2]]), array([[1, 10, 100]])
    op = OPS["conv_transpose1d"](padding=padding, output_shape=[3])  # type: ignore[call-arg]
    assert op.forward(XP, x, K).tolist() == [[kept]]


def test_same_alone_makes_the_transposed_output_s_times_n_long() -> None:
    x, K = array([[1, 2]]), array([[1, 10, 100]])
    op = OPS["conv_transpose1d"](padding="same", stride=2)  # type: ignore[call-arg]
    assert op.forward(XP, x, K).tolist() == [[[1, 10, 102, 20]]]


def test_an_output_shape_beyond_the_whole_is_filled_with_zeros() -> None:
    op = OPS["conv_transpose1d"](output_shape=[6])  # type: ignore[call-arg]
    x, K, b = array([[1, 2]]), array([[1, 10, 100]]), array(7)
    assert op.forward(XP, x, K, b).tolist() == [[[8, 19, 127, 207, 7, 7]]]


def test_random_kernels_know_their_shapes() -> None:
    conv = OPS["conv2d"](groups=2, channels=6, size=3)  # type: ignore[call-arg]
    assert conv.expected("K", (4, 8, 8), {}) == (6, 2, 3, 3)
    assert conv.expected("b", (4, 8, 8), {"K": (6, 2, 3, 3)}) == (6,)
    lay = OPS["conv_transpose2d"](groups=2, channels=6, size=[3, 1])  # type: ignore[call-arg]
    assert lay.expected("K", (4, 8, 8), {}) == (4, 3, 3, 1)
    assert lay.expected("b", (4, 8, 8), {"K": (4, 3, 3, 1)}) == (6,)
    assert lay.expected("b", (4, 8, 8), {}) is None
    assert OPS["conv_transpose2d"]().expected("K", (4, 8, 8), {}) is None


def test_refusals() -> None:
    conv, lay = OPS["conv1d"], OPS["conv_transpose1d"]
    assert refusal(conv(), x=(2, 2, 2), K=(1,)) == [
        "op: expected an input of 1 or, with channels, 2 axes, found shape [2, 2, 2]"
    ]
    assert refusal(conv(), x=(2,), K=(1, 1, 1, 1)) == [
        "kernel: expected [out][in][k] or a short form for one channel, found [1, 1, 1, 1]"
    ]
    assert refusal(conv(), x=(4,), K=(2, 2), b=(3,)) == [
        "bias: expected one entry for each of the 2 output channels, found a vector of 3"
    ]
    assert refusal(lay(), x=(1, 3), K=(1, 2, 2), b=(3,)) == [
        "bias: expected one entry for each of the 2 output channels, found a vector of 3"
    ]
    assert refusal(lay(stride=0), x=(1, 3), K=(1, 2, 2)) == ["stride: expected a positive integer, found 0"]  # type: ignore[call-arg]
    assert refusal(lay(groups=0), x=(1, 3), K=(1, 2, 2)) == ["groups: 1 input channels do not split into 0 groups"]  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("layer", "size"),
    [
        ({"op": "conv1d", "kernel": [[[1, 2]], [[3, 1]]], "groups": 2, "bias": [1, 2]}, [2, 3]),
        ({"op": "conv3d", "kernel": [[[1, 2]]], "stride": [1, 1, 2]}, [1, 2, 4]),
        ({"op": "conv_transpose1d", "kernel": [[[1, 2]], [[3, 1]]], "stride": 2, "bias": [1]}, [2, 3]),
        ({"op": "conv_transpose2d", "kernel": [[[[1, 2]]]], "padding": "same"}, [1, 1, 3]),
    ],
)
def test_the_working_is_written_in_every_format(layer: dict[str, Any], size: list[int]) -> None:
    places = iter(range(1, 100))

    def filled(lengths: list[int]) -> Any:
        return [filled(lengths[1:]) for _ in range(lengths[0])] if lengths else next(places)

    problem = hg.Problem.from_dict(
        {
            "network": {"input": size, "layers": [layer, {"op": "mean"}]},
            "loss": {"op": "squared_error"},
            "data": {"x": filled(size), "y": 1},
        }
    )
    document = hg.solve(problem).working()
    assert document.to_terminal()
    assert document.to_latex()
    assert f'"op": "{layer["op"]}"' in document.to_json()
    assert all(check.verdict == "equal" for check in hg.verify(problem))
