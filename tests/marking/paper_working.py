"""A network worked through step by step by somebody: the rules of backpropagation, with the mistakes made in them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from math import exp, inf, log, prod, tanh
from typing import Any

from paper_networks import Layer, Net, Row, Shape
from papers import Habit, Paper, Rows, flat
from pens import Pen


def paper(net: Net, way: Habit, plants: dict[str, str] | None = None, doubt: dict[str, Rows] | None = None) -> Paper:
    """The network worked through by somebody."""
    found = Paper(net, way, plants or {}, doubt or {})
    Working(found).all()
    return found


def explained(script: Paper) -> bool:
    """Whether a teacher can call every number right for the digits written.

    It is near the true value, or near what follows from the numbers on the paper, σ′ and the like perhaps rounded in
    the head: by one unit and a half of its last digit (and no more than there is), or by a quarter. What is farther
    off has lost its digits in steps that nobody sees. Where there are integers alone, nobody knows the digits.
    """
    net, way, hand = script.net, script.habit, script.habit.pen
    exact = paper(net, replace(way, carry="full", head="full", leaves="nothing"))
    read = {name: [[hand.value(value) for value in row] for row in script.values[name]] for name in script.written}
    teachers = [exact]
    for head in ("full", "written"):
        teacher = Paper(net, replace(way, carry="written", head=head), read=read)
        with suppress(ArithmeticError):
            Working(teacher).all()
        teachers.append(teacher)
        read = teacher.values | read
    if not any("." in text for text in script.texts()):
        return all(
            abs(hand.value(one) - other) <= WHOLE * (hand.value(one) != 0)
            for name in script.written
            for one, other in zip(flat(script.values[name]), flat(exact.values[name]), strict=True)
        )
    return all(
        any(near(text, flat(teacher.values[name])[place], hand) for teacher in teachers if name in teacher.values)
        for name in script.written
        for place, text in enumerate(map(hand.text, flat(script.values[name])))
    )


def near(text: str, other: float, hand: Pen) -> bool:
    off = abs(hand.read(text) - other)
    return off <= max(min(1.5 * hand.unit(text), abs(other)), abs(other) / 4, DUST)


WHOLE = 5e-4
"""So near must an integer be to the truth where no number beside it has a decimal."""

DUST = 1e-14
"""What a machine's numbers may leave of a zero."""

SHAKES = 8
"""So many times the numbers are moved by what their digits leave open, to see how far others are moved by it."""


def doubts(net: Net, way: Habit, right: Paper) -> dict[str, Rows]:
    """How far the numbers of this person may be from those of people who round elsewhere or not at all."""
    exact = paper(net, replace(way, carry="full", head="full", leaves="nothing"))
    ways = [replace(way, carry="shaky", leaves="nothing", seed=way.seed + shake) for shake in range(SHAKES)]
    for rounding in ("half up", "cut"):
        hand = replace(way.pen, rounding=rounding)
        ways.append(replace(way, pen=hand, carry="written", head="written", leaves="nothing"))
    others = [right]
    for other in ways:
        with suppress(ArithmeticError):  # not everybody gets through with so few digits
            others.append(paper(net, other))
    return {name: [apart(i, name, exact, others) for i in range(len(rows))] for name, rows in right.values.items()}


def apart(example: int, name: str, exact: Paper, others: list[Paper]) -> Row:
    truth = exact.values[name][example]
    found = [other.values[name][example] for other in others if name in other.values]
    return [max(abs(row[i] - truth[i]) for row in found) for i in range(len(truth))]


SATURATED = 23.0
"""Beyond this the calculator has 1 for a number just below it, and all digits of the slope are lost."""


def valued(paper: Paper, act: str, a: float) -> float:
    if (a if act == "logistic" else 2 * abs(a) if act == "tanh" else 0) > SATURATED:
        message = f"{act} of {a}"
        raise OverflowError(message)
    if act == "logistic":
        return 1 / (1 + max(paper.inner(exp(-a), more=1, significant=True), 1e-300))
    return tanh(a) if act == "tanh" else max(a, 0.0)


def sloped(act: str, a: float, h: float) -> float:
    return {"logistic": lambda: h * (1 - h), "tanh": lambda: 1 - h * h, "relu": lambda: float(a > 0)}[act]()


def softmax(a: Row) -> Row:
    e = [exp(value - max(a)) for value in a]
    return [value / sum(e) for value in e]


class Working:
    """The steps in their order."""

    def __init__(self, paper: Paper) -> None:
        self.paper, self.net = paper, paper.net
        self.batch = len(self.net.x) if self.net.batch else 0
        self.count = len(self.net.x)
        self.outs: list[Rows] = [self.net.inputs()]
        self.pres: list[Rows] = [self.net.inputs()]

    def all(self) -> None:
        for number, layer in enumerate(self.net.layers, 1):
            self.forward(number, layer)
        self.loss()
        self.backward()

    def settle(self, name: str, rows: Rows, shape: Shape, **wrong: Rows) -> Rows:
        """A quantity of each example."""
        return self.paper.settle(name, rows, (self.batch, *shape) if self.batch else shape, **wrong)

    def out_name(self, number: int) -> str:
        return "yhat" if number == len(self.net.layers) else f"h{number}"

    def forward(self, number: int, layer: Layer) -> None:
        x = self.outs[number - 1]
        right = [layer.out(row) for row in x]
        if layer.also:
            right = [[p + q for p, q in zip(*pair, strict=True)] for pair in zip(x, self.outs[layer.also], strict=True)]
        name = f"a{number}" if layer.act else self.out_name(number)
        a = self.settle(name, right, layer.shape, **self.wrong_sums(layer, x))
        self.pres.append(a)
        self.outs.append(self.activated(number, layer, a) if layer.act else a)

    def wrong_sums(self, layer: Layer, x: Rows) -> dict[str, Rows]:
        wrong = {}
        if layer.bias:
            wrong["bias forgotten"] = [layer.out(row, bias=[0.0] * len(layer.bias)) for row in x]
            wrong["sign of the bias"] = [layer.out(row, bias=[-value for value in layer.bias]) for row in x]
        if layer.letter == "W" and layer.weight_shape[0] == layer.weight_shape[1]:
            wrong["weights transposed"] = [layer.out(row, transposed(layer)) for row in x]
        if layer.letter == "K":
            wrong["kernel flipped"] = [layer.out(row, turned(layer)) for row in x]
        if layer.windows:
            wrong["mean in place of the maximum"] = [
                [sum(row[i] for i in window) / len(window) for window in layer.windows] for row in x
            ]
        return wrong

    def activated(self, number: int, layer: Layer, a: Rows) -> Rows:
        act, name = layer.act, self.out_name(number)
        wrong: dict[str, Rows] = {}
        if act == "softmax":
            right = [self.softmax(row) for row in a]
            wrong["not normalised"] = [[exp(value) for value in row] for row in a]
        else:
            right = [[valued(self.paper, act, value) for value in row] for row in a]
        if act == "logistic":
            wrong["sign in the exponent"] = [[1 / (1 + exp(value)) for value in row] for row in a]
        if act == "relu":
            wrong["negative part kept"] = [[abs(value) for value in row] for row in a]
            wrong["relu left out"] = a
        return self.settle(name, right, layer.shape, **wrong)

    def softmax(self, a: Row) -> Row:
        """By the exponentials, written or kept to one digit more than the rest."""
        if max(a) - min(a) > SATURATED:
            message = f"softmax of {a}"
            raise OverflowError(message)
        e = [self.paper.inner(exp(value), more=1, significant=True) for value in a]
        return [value / sum(e) for value in e]

    def loss(self) -> None:
        pairs = list(zip(self.outs[-1], self.net.targets(), strict=True))
        right = [[lost(self.net.loss, yhat, y)] for yhat, y in pairs]
        wrong: dict[str, Rows] = {}
        if self.net.loss == "cross_entropy":
            wrong["logarithm to base 10"] = [[value / log(10)] for (value,) in right]
            wrong["minus sign forgotten"] = [[-value] for (value,) in right]
        if self.net.loss == "squared_error":
            wrong["factor forgotten"] = [[2 * value] for (value,) in right]
        if self.net.loss == "mean_squared_error":
            wrong["sum in place of the mean"] = [
                [value * len(yhat)] for (value,), (yhat, _) in zip(right, pairs, strict=True)
            ]
        if not self.batch:
            self.paper.settle("L", right, (), **wrong)
            return
        losses = self.paper.settle("losses", right, (self.batch,), **wrong)
        self.paper.settle("L", [[sum(flat(losses)) / self.batch]], ())

    def backward(self) -> None:
        last = len(self.net.layers)
        gradients: dict[int, Rows] = {}
        jointly = self.net.joint(last) and self.paper.habit.joint
        if jointly:
            g = self.settle(f"dL/da{last}", *self.differences())
        for number in range(last, 0, -1):
            layer = self.net.layers[number - 1]
            if number == last and not jointly:
                gradients[last] = self.settle("dL/dyhat", *self.top())
            if not (number == last and jointly):
                g = self.through(number, layer, gradients[number]) if layer.act else gradients[number]
            self.parameters(number, layer, g)
            self.below(number, layer, g, gradients)

    def differences(self) -> Any:
        pairs = list(zip(self.outs[-1], self.net.targets(), strict=True))
        right = [[(p - q) / self.count for p, q in zip(*pair, strict=True)] for pair in pairs]
        return right, self.net.layers[-1].shape

    def top(self) -> Any:
        pairs = list(zip(self.outs[-1], self.net.targets(), strict=True))
        right = [[value / self.count for value in down(self.net.loss, yhat, y)] for yhat, y in pairs]
        return right, self.net.layers[-1].shape

    def through(self, number: int, layer: Layer, g: Rows) -> Rows:
        name, act, a, h = f"dL/da{number}", layer.act, self.pres[number], self.outs[number]
        if act == "softmax":
            return self.settle(name, [jacobian(y, above) for y, above in zip(h, g, strict=True)], layer.shape)
        slopes = [[sloped(act, p, q) for p, q in zip(*pair, strict=True)] for pair in zip(a, h, strict=True)]
        if self.paper.habit.slopes and not self.net.joint(number):
            slopes = self.settle(f"sigma'(a{number})", slopes, layer.shape)
        else:
            slopes = [[self.paper.inner(value) for value in row] for row in slopes]
        wrong = {"σ′ forgotten": g, "gradient from above forgotten": slopes}
        if act == "logistic":
            wrong["σ in place of σ′"] = times(g, h)
            wrong["a (1 − a) in place of h (1 − h)"] = times(g, [[p * (1 - p) for p in row] for row in a])
        if act == "tanh":
            wrong["square forgotten"] = times(g, [[1 - value for value in row] for row in h])
        return self.settle(name, times(g, slopes), layer.shape, **wrong)

    def parameters(self, number: int, layer: Layer, g: Rows) -> None:
        x = self.outs[number - 1]
        if not layer.letter:
            return
        right, wrong = layer.weight_gradient(g, x), {}
        if layer.letter == "W" and layer.weight_shape[0] == layer.weight_shape[1]:
            wrong["outer product transposed"] = [[right[k] for k in turned_round(layer)]]
        if layer.letter == "K":
            places = prod(layer.shape) // (len(layer.bias) or (layer.weight_shape[0] if len(layer.shape) > 1 else 1))
            wrong["kernel gradient flipped"] = [[right[k] for k in layer.flipped]]
            wrong["mean in place of the sum"] = [[value / places for value in right]]
        if self.batch:
            wrong["gradient of the first example alone"] = [layer.weight_gradient(g[:1], x[:1])]
        self.paper.settle(f"dL/d{layer.letter}{number}", [right], layer.weight_shape, **wrong)
        if layer.bias:
            self.paper.settle(f"dL/db{number}", [layer.bias_gradient(g)], (len(layer.bias),))

    def below(self, number: int, layer: Layer, g: Rows, gradients: dict[int, Rows]) -> None:
        """The gradient of the layer's input; what a residual sum reads has two parts."""
        if number == 1 and self.paper.habit.chance("dL/dx").random() < 0.6:
            return
        x, wrong = self.outs[number - 1], {}
        right = [layer.back(above, row) for above, row in zip(g, x, strict=True)]
        if layer.letter == "W" and layer.weight_shape[0] == layer.weight_shape[1]:
            wrong["weights not transposed"] = [
                layer.back(above, row, transposed(layer)) for above, row in zip(g, x, strict=True)
            ]
        if layer.letter == "K":
            wrong["kernel not flipped"] = [
                layer.back(above, row, turned(layer)) for above, row in zip(g, x, strict=True)
            ]
        if layer.also:
            gradients[layer.also] = g
        if number - 1 in gradients:
            right, wrong = plus(right, gradients[number - 1]), {}
        shape = self.net.input if number == 1 else self.net.layers[number - 2].shape
        gradients[number - 1] = self.settle("dL/dx" if number == 1 else f"dL/dh{number - 1}", right, shape, **wrong)


def transposed(layer: Layer) -> Row:
    return [layer.weights[k] for k in turned_round(layer)]


def turned_round(layer: Layer) -> list[int]:
    """The places of a square matrix's transpose."""
    size = layer.weight_shape[0]
    return [(k % size) * size + k // size for k in range(size * size)]


def turned(layer: Layer) -> Row:
    return [layer.weights[k] for k in layer.flipped]


def times(g: Rows, h: Rows) -> Rows:
    return [[p * q for p, q in zip(*pair, strict=True)] for pair in zip(g, h, strict=True)]


def plus(g: Rows, h: Rows) -> Rows:
    return [[p + q for p, q in zip(*pair, strict=True)] for pair in zip(g, h, strict=True)]


def jacobian(y: Row, g: Row) -> Row:
    inner = sum(p * q for p, q in zip(y, g, strict=True))
    return [p * (q - inner) for p, q in zip(y, g, strict=True)]


def lost(loss: str, yhat: Row, y: Row) -> float:
    """The loss of an example; infinity where a logarithm has none."""
    pairs = list(zip(yhat, y, strict=True))
    if loss == "softmax_cross_entropy":
        return -sum(q * log(p) for p, q in zip(softmax(yhat), y, strict=True) if q)
    if loss == "cross_entropy":
        return sum(-q * log(p) if p > 0 else inf for p, q in pairs if q)
    if loss == "binary_cross_entropy":
        return sum(-log(p if q else 1 - p) if (p if q else 1 - p) > 0 else inf for p, q in pairs)
    squares = sum((p - q) ** 2 for p, q in pairs)
    return squares / 2 if loss == "squared_error" else squares / len(pairs)


def down(loss: str, yhat: Row, y: Row) -> Row:
    """∂L/∂ŷ of an example."""
    pairs = list(zip(yhat, y, strict=True))
    if loss == "softmax_cross_entropy":
        return [p - q for p, q in zip(softmax(yhat), y, strict=True)]
    if loss == "cross_entropy":
        return [-q / p if q else 0.0 for p, q in pairs]
    if loss == "binary_cross_entropy":
        return [(p - q) / (p * (1 - p)) for p, q in pairs]
    return [(p - q) * (1 if loss == "squared_error" else 2 / len(pairs)) for p, q in pairs]
