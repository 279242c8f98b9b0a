"""The same network compiled: forward, backward and update on whole batches and epochs.

compiled = hg.compile(network, "softmax_cross_entropy", batch=64, update={"op": "sgd", "rate": 0.1})
loss, gradients = compiled.value_and_grad(x, y)
losses, correct = compiled.train(x, y, order)
"""

from handgrad.engine.compiled import Compiled, compile_network

compile = compile_network  # noqa: A001  what users call it: hg.compile

__all__ = ["Compiled", "compile", "compile_network"]
