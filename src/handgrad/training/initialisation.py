"""First values of parameters: weights and kernels by a scheme, biases and shifts 0, scales 1.

A scheme looks at how many numbers an output is summed from (fan-in i) and into how many outputs an input goes
(fan-out o). The weights have mean 0 and the variance

    Glorot 2/(i + o)      He 2/i      LeCun 1/i

drawn uniformly from ±√(3 · variance) or normally; "orthogonal": orthonormal rows (or columns, whichever are
fewer) of the matrix [outputs][rest]. All of it times the gain.
Sources: LeCun et al. (1998); Glorot, Bengio (2010); Saxe, McClelland, Ganguli (2014); He et al. (2015).
"""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING

from handgrad.network import Network, Node
from handgrad.ops.convolution import Convolution, kernel_axes
from handgrad.ops.embedding import Embedding
from handgrad.ops.op import Shape
from handgrad.ops.transposed_convolution import TransposedConvolution
from handgrad.training.settings import Initialise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

WEIGHTS = ("W", "K")
"""The letters of what a scheme draws."""
_STREAM = 3
_CONSTANTS = {"scale": 1.0, "variance": 1.0, "slope": 0.25}
"""First values by the key of the parameter; else 0."""


def draw(
    network: Network, names: tuple[str, ...], seed: int, scheme: Initialise, own: dict[str, Initialise]
) -> dict[str, Floats]:
    """Arrays for ``Compiled.set_parameters``: these parameters by name, float64, the same for the same seed.

    ``own``: parameters with a scheme of their own. Each has its own stream of random numbers, by its place among
    the network's parameters.
    """
    import numpy as np

    places = {name: i for i, name in enumerate(network.parameters)}
    holders = {name: (node, letter) for node in network.nodes for letter, name in node.parameters.items()}
    found = {}
    for name in names:
        shape, (node, letter) = network.shape(name), holders[name]
        how = own.get(name, scheme if letter in WEIGHTS else None)
        if how is None:
            found[name] = np.full(shape, _CONSTANTS.get(node.op.parameters[letter], 0.0))
        elif how.scheme == "constant":
            found[name] = np.full(shape, how.value)
        else:
            stream = np.random.SeedSequence([seed, _STREAM, places[name]])
            found[name] = _drawn(how, node, shape, np.random.Generator(np.random.PCG64(stream)))
    return found


def _drawn(how: Initialise, node: Node, shape: Shape, random: np.random.Generator) -> Floats:
    if how.scheme == "orthogonal":
        return how.gain * _orthogonal(shape, random)
    fan_in, fan_out = fans(node, shape)
    variance = {"glorot": 2 / (fan_in + fan_out), "he": 2 / fan_in, "lecun": 1 / fan_in}[how.scheme]
    if how.distribution == "normal":
        return how.gain * sqrt(variance) * random.standard_normal(shape)
    bound = how.gain * sqrt(3 * variance)
    return random.uniform(-bound, bound, shape)


def fans(node: Node, shape: Shape) -> tuple[int, int]:
    """Fan-in and fan-out of weights or a kernel of this shape."""
    op = node.op
    if isinstance(op, TransposedConvolution):  # K [in][out/groups][k…]
        return shape[0] // op.groups * prod(shape[2:]), prod(shape[1:])
    if isinstance(op, Convolution):  # K [out][in/groups][k…]
        outs, ins, taps = kernel_axes(shape, op.rank)
        return ins * prod(taps), outs // op.groups * prod(taps)
    if isinstance(op, Embedding):  # W [count][size]: a row is picked, nothing is summed
        return 1, shape[1]
    return prod(shape[1:]), shape[0]  # W [m][p]


def _orthogonal(shape: Shape, random: np.random.Generator) -> Floats:
    """Uniform over the matrices with orthonormal rows or columns: QR of a normal matrix, the signs of R taken out."""
    import numpy as np

    rows, columns = shape[0], prod(shape[1:])
    normal = random.standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(normal)
    q = q * np.where(np.diag(r) < 0, -1.0, 1.0)
    return np.ascontiguousarray(q if rows >= columns else q.T).reshape(shape)
