"""Whole random graphs with branches and shared parameters: every gradient exactly, over the rationals."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import handgrad as hg

NUMBERS = st.one_of(
    st.integers(-3, 3),
    st.tuples(st.integers(-5, 5), st.integers(2, 5)).map(lambda pair: f"{pair[0]}/{pair[1]}"),
)
UNARY: list[dict[str, Any]] = [
    {"op": "relu"},
    {"op": "leaky_relu", "alpha": "1/4"},
    {"op": "hard_sigmoid"},
    {"op": "hard_tanh"},
    {"op": "softsign"},
    {"op": "square"},
    {"op": "negative"},
    {"op": "abs"},
    {"op": "scale", "factor": "2/3"},
    {"op": "clip", "low": -1, "high": 2},
    {"op": "slice", "start": [1], "stop": [1]},
    {"op": "take", "at": [1, 1]},
    {"op": "pad", "padding": [[1, 0]], "mode": "edge"},
    {"op": "mean", "keep_axes": True},
    {"op": "sum", "keep_axes": True},
    {"op": "max", "keep_axes": True},
    {"op": "reshape", "to": [-1]},
]
JOINING = ("add", "multiply", "maximum", "minimum", "concat", "subtract")
LOSSES = [
    {"op": "squared_error"},
    {"op": "mean_squared_error"},
    {"op": "absolute_error"},
    {"op": "huber", "delta": "1/2"},
    {"op": "inner_product"},
]


@st.composite
def arrays(draw: Any, *shape: int) -> Any:
    return [draw(arrays(*shape[1:])) for _ in range(shape[0])] if shape else draw(NUMBERS)


class Drawing:
    """A graph as it is drawn: the layers, the widths of the vectors they give, shared weights by their size."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.inputs = {f"x{i + 1}": draw(st.integers(1, 4)) for i in range(draw(st.integers(1, 2)))}
        self.widths: dict[str, int] = dict(self.inputs)
        self.layers: list[dict[str, Any]] = []
        self.parameters: dict[str, Any] = {}
        self.shared: dict[tuple[int, int], str] = {}
        self.used: set[str] = set()

    def add(self, layer: dict[str, Any], reads: list[str]) -> None:
        shapes = {f"i{k}": [self.widths[name]] for k, name in enumerate(dict.fromkeys(reads))}
        names = {name: f"i{k}" for k, name in enumerate(dict.fromkeys(reads))}
        weights = layer.get("weights")
        alone = {**layer, "from": [names[name] for name in reads]}
        if isinstance(weights, str):
            alone["weights"] = self.parameters[weights]
        self.widths[f"h{len(self.layers) + 1}"] = hg.Network([alone], shapes).output[0]
        self.layers.append({**layer, "from": reads})
        self.used |= set(reads)

    def weights(self, rows: int, columns: int) -> Any:
        """New weights, or those that a layer of the same size shares."""
        name = self.shared.get((rows, columns))
        if name is not None and self.draw(st.booleans()):
            return name
        written = self.draw(arrays(rows, columns))
        if name is None and self.draw(st.booleans()):
            name = self.shared[rows, columns] = f"U{rows}{columns}"
            self.parameters[name] = written
            return name
        return written

    def layer(self) -> None:
        kind = self.draw(st.sampled_from(["dense", "unary", "joining", "product"]))
        source = self.draw(st.sampled_from(list(self.widths)))
        width = self.widths[source]
        if kind == "dense":
            rows = self.draw(st.integers(1, 3))
            self.add({"op": "dense", "weights": self.weights(rows, width)}, [source])
        elif kind == "unary":
            self.add(dict(self.draw(st.sampled_from(UNARY))), [source])
        elif kind == "product":
            same = [name for name, other in self.widths.items() if other == width]
            self.add({"op": "add"}, [source, self.draw(st.sampled_from(same))])
        else:
            op = self.draw(st.sampled_from(JOINING))
            fits = [name for name, other in self.widths.items() if op == "concat" or other in (1, width) or width == 1]
            self.add({"op": op}, [source, self.draw(st.sampled_from(fits))])

    def close(self) -> None:
        """What nothing has read is joined in the last layer."""
        idle = [name for name in self.widths if name not in self.used]
        self.add({"op": "concat"}, idle)


@st.composite
def graphs(draw: Any) -> dict[str, Any]:
    drawing = Drawing(draw)
    for _ in range(draw(st.integers(2, 10))):
        drawing.layer()
    drawing.close()
    examples = draw(st.integers(1, 2))
    outs = drawing.widths[f"h{len(drawing.layers)}"]
    data: dict[str, Any] = {name: draw(arrays(examples, width)) for name, width in drawing.inputs.items()}
    network: dict[str, Any] = {"input": {name: [width] for name, width in drawing.inputs.items()}}
    used = {layer["weights"] for layer in drawing.layers if isinstance(layer.get("weights"), str)}
    if used:
        network["parameters"] = {name: drawing.parameters[name] for name in sorted(used)}
    tree: dict[str, Any] = {"network": network | {"layers": drawing.layers}, "data": data | {"batch": True}}
    if draw(st.booleans()):
        tree["loss"] = draw(st.sampled_from(LOSSES))
        tree["data"]["y"] = draw(arrays(examples, outs))
        if draw(st.booleans()):
            tree["penalties"] = [{"op": draw(st.sampled_from(["l1", "l2"])), "rate": "1/3"}]
    else:
        tree["data"]["dL/dyhat"] = draw(arrays(examples, outs))
    return tree


@settings(max_examples=80, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(graphs())
def test_every_gradient_of_a_graph_is_exact(tree: dict[str, Any]) -> None:
    problem = hg.Problem.from_dict(tree)
    assert 3 <= len(problem.network.nodes) <= 12
    checks = hg.verify(problem)
    assert {check.verdict for check in checks} <= {"equal"}, checks
    exact, floats = hg.solve(problem), hg.solve(problem, "float64")
    for check in checks:
        name = f"dL/d{check.name}"
        expected = np.asarray(exact[name], dtype=float)
        scale = max(1.0, float(abs(expected).max()))
        np.testing.assert_allclose(np.asarray(floats[name]) / scale, expected / scale, rtol=1e-7, atol=1e-7)
