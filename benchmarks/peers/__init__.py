"""handgrad's engine beside PyTorch and JAX: ``python -m benchmarks.peers`` (see ``__main__``)."""
