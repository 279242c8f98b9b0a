"""The dense layer: products of matrices, the bias left to whoever reads the layer."""

from __future__ import annotations

from typing import Any

from handgrad.engine.control import NONE
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.vectors import WIDEST, lanes
from handgrad.engine.writer import Writer
from handgrad.network import Network, Node

SMALL = 4096
"""Multiplications up to which plain loops are faster than tiles."""

TERMS = 512
"""Terms that a block takes at most."""

BLOCK = 1 << 19
"""Bytes of a block of panels: half of a second cache."""

PAGE = 4096


class Dense:
    """a [m][B] = W [m][p] · x [p][B]."""

    takes_rows = True

    def knows(self, node: Node, network: Network) -> bool:
        """Vectors; W of its own or shared, but a parameter that is read as x is not."""
        return len(node.shape) == 1 and node.reads[0] not in network.parameters

    def forward(self, writer: Writer, node: Node) -> None:
        """a = W x; the bias is pending."""
        (x,), m, p = node.reads, node.shape[0], writer.size(node.reads[0])
        add_bias(writer, x)
        first, count = writer.first, writer.last - writer.first
        a, w, rows = writer.value(node.name), writer.parameter(node.parameters["W"]), writer.rows
        # a[m,B] = W[m,p] x[p,B], or W[m,p] x[B,p]ᵀ
        by_rows = x in writer.as_rows
        at = moved(writer.value(x), first * p if by_rows else first)
        product(writer, (0, int(by_rows)), (m, count, p), (w, p), (at, p if by_rows else rows), (moved(a, first), rows))
        if "b" in node.parameters:
            writer.biases[node.name] = writer.parameter(node.parameters["b"])
            if len(writer.readers(node.name)) + (node.name == "yhat") != 1:
                add_bias(writer, node.name)

    def backward(self, writer: Writer, node: Node) -> None:
        """dx = Wᵀ da; dW = da xᵀ and db = Σ da behind the barrier."""
        (x,), m, p = node.reads, node.shape[0], writer.size(node.reads[0])
        first, count, rows = writer.first, writer.last - writer.first, writer.rows
        da, w = writer.slope(node.name), writer.parameter(node.parameters["W"])
        if writer.wants(x):
            # dx[p,B] = W[m,p]ᵀ da[m,B]
            beta = float(writer.accumulates(x))
            dx = (moved(writer.slope(x), first), rows)
            product(writer, (1, 0), (p, count, m), (w, p), (moved(da, first), rows), dx, beta=beta)
        writer.contribute(node.parameters["W"], Weights(da, writer.value(x), node, x))
        if "b" in node.parameters:
            writer.contribute(node.parameters["b"], Biases(da, node))


class Weights:
    """dW[m,p] = da[m,B] x[p,B]ᵀ, or da[m,B] x[B,p]."""

    descends = True

    def __init__(self, da: int, x: int, node: Node, read: str) -> None:
        self.da, self.x, self.node, self.read = da, x, node, read

    def __call__(self, writer: Writer, first: int, last: int, target: int, beta: float | None) -> None:
        """Rows first … last of dW; without beta, straight into W with the learning rate."""
        p, rows = writer.size(self.read), writer.rows
        by_rows = self.read in writer.as_rows
        a, b = (moved(self.da, first * rows), rows), (self.x, p if by_rows else rows)
        flips, sizes = (0, int(not by_rows)), (last - first, p, rows)
        product(writer, flips, sizes, a, b, (target + first * p, p), beta=beta)

    def single(self, writer: Writer, start: int, *, squares: bool) -> None:
        """dW[n,m,p] = da[m,n] x[p,n], or the sum of its squares."""
        p, by_rows = writer.size(self.read), int(self.read in writer.as_rows)
        span = writer.rows, writer.first, writer.last
        kernel = "squares" if squares else "weights"
        writer.emit(f"examples.{kernel}", self.da, self.node.shape[0], self.x, p, by_rows, *span, start)


class Biases:
    """db[m] = Σ_B da[m,B]."""

    descends = True

    def __init__(self, da: int, node: Node) -> None:
        self.da, self.node = da, node

    def __call__(self, writer: Writer, first: int, last: int, target: int, beta: float | None) -> None:
        """Entries first … last of db; without beta, straight into b with the learning rate."""
        kernel = "bias.descent" if beta is None else "bias.gradient"
        writer.emit(kernel, target, self.da, first, last, writer.rows, int(bool(beta)))

    def single(self, writer: Writer, start: int, *, squares: bool) -> None:
        """db[n,m] = da[m,n], or the sum of its squares."""
        span = writer.rows, writer.first, writer.last
        kernel = "squares" if squares else "biases"
        writer.emit(f"examples.{kernel}", self.da, self.node.shape[0], NONE, 0, 0, *span, start)


def product(
    writer: Writer, flips: tuple[int, int], sizes: tuple[int, int, int], a: tuple[int, int], b: tuple[int, int],
    c: tuple[int, int], *, beta: float | None = 0.0,
) -> None:  # fmt: skip
    """C [m][n] = A [m][k] B [k][n] + beta C, each with its leading dimension; without beta C −= η A B."""
    m, n, k = sizes
    if not m * n * k:
        writer.emit("running.nothing")
        return
    words = (*flips, *sizes, *a, *b, *c)
    tail: tuple[Any, ...] = (1.0, beta) if beta is not None else (0.0, 1.0)
    if m * n * k > SMALL and 2 * n >= lanes(writer.setting.dtype):
        kernel = "tiled.columns" if flips[0] else "tiled.rows"
        writer.emit(kernel, *words, *tail, int(beta is None), *_blocks(writer, flips, sizes, a[1], b[1]))
        return
    kernel = "product.small" if m * n * k <= SMALL else "product.large"
    writer.emit(kernel + ("_descent" if beta is None else ""), *words, *tail)


def _blocks(
    writer: Writer, flips: tuple[int, int], sizes: tuple[int, int, int], step_a: int, step_b: int
) -> tuple[int, ...]:
    """Terms and columns of a block, whether A's rows are brought together, whether B is laid out in panels, room."""
    _, n, k = sizes
    dtype = writer.setting.dtype
    size, width = dtype.itemsize, 2 * lanes(dtype)
    terms = -(-k // -(-k // TERMS))
    columns = min(-(-n // width), max(1, BLOCK // size // terms // width)) * width
    # rows a page apart would push one another out of the first cache
    together = n > 3 * width if flips[0] else n > width and step_a * size % PAGE == 0
    panels = flips[1] or step_b * size % (PAGE // 2) == 0 or k > terms
    room = writer.scratch("panels", (BLOCK + (TERMS + 2 * WIDEST) * 16 * 8) // size, own=True)
    return terms, columns, int(together), int(panels), room


def add_bias(writer: Writer, name: str) -> None:
    """Adds the bias that is pending for a quantity."""
    bias = writer.pending_bias(name)
    if bias != NONE:
        at, size = writer.value(name), writer.size(name)
        writer.emit("activations.identity", at, at, size, writer.rows, writer.first, writer.last, bias, 0.0)


def moved(place: int, entries: int) -> int:
    """The same kind of place, so many entries on."""
    return type(place)(place + entries)


LOWERINGS: dict[str, Lowering] = {"dense": Dense()}
