"""Normalisations over the last axes of each example: layer_norm and rms_norm."""

from __future__ import annotations

from typing import Any, ClassVar

from handgrad.notation.nodes import Expr
from handgrad.ops.normalisation import Normalisation
from handgrad.ops.op import Array, BadSample, Operand, Report, Sample, Shape, register
from handgrad.ops.textbook import described


class OverLastAxes(Normalisation, frozen=True, kw_only=True):
    """All axes from ``axis`` on are one group; a parameter has their shape, or one that stretches to it."""

    axis: int = -1
    """The first axis that is normalised, counted from 1 (−1 is the last)."""

    def parts(self, shape: Shape) -> tuple[Shape, tuple[int, ...]]:
        """A group runs over the last axes."""
        return shape, tuple(range(self._first(shape), len(shape) + 1))

    def laid(self, parameter: Shape, shape: Shape) -> Shape:
        """A parameter lies against the last axes."""
        return (*(1,) * (len(shape) - len(parameter)), *parameter)

    def expected(self, letter: str, x: Shape, known: dict[str, Shape]) -> Shape | None:
        """The normalised axes."""
        del letter, known
        return x[self._first(x) - 1 :] if self._has_axis(x) else None

    def _first(self, shape: Shape) -> int:
        return self.axis if self.axis > 0 else len(shape) + 1 + self.axis

    def _has_axis(self, shape: Shape) -> bool:
        return 1 <= self._first(shape) <= len(shape) and self.axis != 0

    def check(self, report: Report, x: Shape, **parameters: Shape | None) -> Shape | None:
        """The shape of x, where it has the axis and the parameters fit."""
        if not self._has_axis(x):
            report("axis", f"expected an axis of the input, 1 to {len(x)} or −{len(x)} to −1, found {self.axis}")
            return None
        last = x[self._first(x) - 1 :]
        for letter, found in parameters.items():
            if found is not None and not stretches(found, last):
                text = f"expected the shape of the normalised axes, {list(last)}, found {described(found)}"
                report(self.parameters[letter], text)
        return x


def stretches(parameter: Shape, axes: Shape) -> bool:
    """Whether a parameter's shape stretches to that of the axes."""
    met = axes[len(axes) - len(parameter) :] if parameter else ()
    return len(parameter) <= len(axes) and all(m in (1, n) for m, n in zip(parameter, met, strict=True))


@register
class LayerNorm(OverLastAxes, frozen=True, kw_only=True):
    """y = γ (x − μ)/√(σ² + ε) + β; dx = (g − mean g − x̂ mean(g x̂))/√(σ² + ε), g = γ dy, over the last axes.

    Shapes: x and y any; scale γ and shift β (each may be absent) as the axes from ``axis`` on, over which mean and
    variance are taken for each example by itself.
    Source: Ba, Kiros, Hinton (2016).
    """

    name: ClassVar[str] = "layer_norm"
    onnx: ClassVar[str] = "LayerNormalization"
    torch: ClassVar[str] = "nn.LayerNorm"

    def shape(self, report: Report, *, x: Shape, gamma: Shape | None = None, beta: Shape | None = None) -> Shape | None:
        """The shape of x."""
        return self.check(report, x, gamma=gamma, beta=beta)

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 3)}),
        Sample({"x": (3, 4), "gamma": (4,), "beta": (4,)}),
        Sample({"x": (2, 2, 3), "gamma": (2, 3), "beta": (3,)}, {"axis": 1}),
        Sample({"x": (2, 2, 2, 2), "gamma": (2, 1), "beta": ()}, {"axis": -2, "epsilon": "1/10"}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"scale": [1, 2]},
            (3,),
            "layer 1 (layer_norm): expected the shape of the normalised axes, [3], found a vector of 2",
        ),
        BadSample(
            {"axis": 2},
            (3,),
            "layer 1 (layer_norm): expected an axis of the input, 1 to 1 or −1 to −1, found 2",
        ),
    )


@register
class RmsNorm(OverLastAxes, frozen=True, kw_only=True):
    """y = γ x/√(mean x² + ε); dx = (g − x̂ mean(g x̂))/√(mean x² + ε), g = γ dy, over the last axes.

    As layer_norm, without mean and shift. Source: Zhang, Sennrich, NeurIPS (2019).
    """

    name: ClassVar[str] = "rms_norm"
    centred: ClassVar[bool] = False
    onnx: ClassVar[str] = "RMSNormalization"
    torch: ClassVar[str] = "nn.RMSNorm"
    convention: ClassVar[str] = "A mean square of 0 with ε = 0 is refused."
    parameters: ClassVar[dict[str, str]] = {"gamma": "scale"}
    optional: ClassVar[tuple[str, ...]] = ("gamma",)

    def shape(self, report: Report, *, x: Shape, gamma: Shape | None = None) -> Shape | None:
        """The shape of x."""
        return self.check(report, x, gamma=gamma)

    def forward(self, xp: Any, x: Array, epsilon: Array, gamma: Array | None = None) -> Array:  # type: ignore[override]  # no shift
        return super().forward(xp, x, epsilon, gamma)

    def forward_form(self, x: Expr, epsilon: Expr, gamma: Expr | None = None) -> Expr:  # type: ignore[override]  # no shift
        return super().forward_form(x, epsilon, gamma)

    def forward_entry(self, index: Shape, x: Operand, epsilon: Operand, gamma: Operand | None = None) -> Expr:  # type: ignore[override]  # no shift
        return super().forward_entry(index, x, epsilon, gamma)

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 3)}),
        Sample({"x": (3, 4), "gamma": (4,)}),
        Sample({"x": (2, 2, 3), "gamma": (2, 3)}, {"axis": 1, "epsilon": "1/10"}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"scale": [[1, 2, 3]]},
            (3,),
            "layer 1 (rms_norm): expected the shape of the normalised axes, [3], found a 1×3 matrix",
        ),
    )
