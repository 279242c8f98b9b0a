"""Normalisations over channels of each example: group_norm and instance_norm."""

from __future__ import annotations

from typing import ClassVar

from handgrad.ops.normalisation import ByChannel
from handgrad.ops.op import BadSample, Report, Sample, Shape, register


@register
class GroupNorm(ByChannel, frozen=True, kw_only=True):
    """y = γ (x − μ)/√(σ² + ε) + β; dx = (g − mean g − x̂ mean(g x̂))/√(σ² + ε), g = γ dy, in groups of channels.

    Shapes: x [c][n…], scale γ and shift β [c] (each may be absent). The channels are cut into ``groups`` of
    neighbours; mean and variance are taken over a group's channels and places, for each example by itself.
    Source: Wu, He, ECCV (2018).
    """

    name: ClassVar[str] = "group_norm"
    onnx: ClassVar[str] = "GroupNormalization"
    torch: ClassVar[str] = "nn.GroupNorm"
    groups: int = 1

    def shape(self, report: Report, *, x: Shape, gamma: Shape | None = None, beta: Shape | None = None) -> Shape | None:
        """The shape of x, whose channels divide into the groups."""
        self.check(report, x, gamma=gamma, beta=beta)
        if self.groups < 1 or x[0] % self.groups:
            report("groups", f"expected a divisor of the {x[0]} channels, found {self.groups}")
        return x

    def parts(self, shape: Shape) -> tuple[Shape, tuple[int, ...]]:
        """[groups][c/groups][n…]; a group runs over all but the first."""
        split = (self.groups, shape[0] // self.groups, *shape[1:])
        return split, tuple(range(2, len(split) + 1))

    def laid(self, parameter: Shape, shape: Shape) -> Shape:
        """[groups][c/groups][1…]."""
        return (self.groups, parameter[0] // self.groups, *(1,) * (len(shape) - 1))

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (2, 4)}, {"groups": 2}),
        Sample({"x": (2, 4, 2), "gamma": (4,), "beta": (4,)}, {"groups": 2}),
        Sample({"x": (1, 2, 2, 2), "gamma": (2,), "beta": (2,)}, {"epsilon": "1/10"}),
        Sample({"x": (2, 3, 2), "gamma": (3,)}, {"groups": 3}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"groups": 2}, (3, 2), "layer 1 (group_norm): expected a divisor of the 3 channels, found 2"),
    )


@register
class InstanceNorm(ByChannel, frozen=True, kw_only=True):
    """y = γ (x − μ)/√(σ² + ε) + β; dx = γ/√(σ² + ε) (dy − mean dy − x̂ mean(dy x̂)), each channel by itself.

    Shapes: x [c][n…] with at least one axis of places, scale γ and shift β [c] (each may be absent). Mean and
    variance are taken over the places of a channel, for each example by itself.
    Source: Ulyanov, Vedaldi, Lempitsky (2016).
    """

    name: ClassVar[str] = "instance_norm"
    one_scale: ClassVar[bool] = True
    onnx: ClassVar[str] = "InstanceNormalization"
    torch: ClassVar[str] = "nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d"

    def shape(self, report: Report, *, x: Shape, gamma: Shape | None = None, beta: Shape | None = None) -> Shape | None:
        """The shape of x, which has channels and places."""
        if len(x) < 2:
            report("op", f"expected an input with channels and places, found shape {list(x)}")
            return None
        self.check(report, x, gamma=gamma, beta=beta)
        return x

    def parts(self, shape: Shape) -> tuple[Shape, tuple[int, ...]]:
        """A group runs over the places."""
        return shape, tuple(range(2, len(shape) + 1))

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 2, 3)}),
        Sample({"x": (2, 2, 3), "gamma": (2,), "beta": (2,)}),
        Sample({"x": (2, 3, 2, 2), "gamma": (3,), "beta": (3,)}, {"epsilon": "1/10"}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({}, (3,), "layer 1 (instance_norm): expected an input with channels and places, found shape [3]"),
    )
