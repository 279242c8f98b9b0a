"""The machine's own float32 peak: a loop of fused multiply-adds in registers, and the best large matrix product.

The loop is written in LLVM's own language (llvmlite): so many vectors c ← c · a + b that each unit always has
one to work on, nothing is read from memory. The product is 2048³ by NumPy's OpenBLAS as it comes and with its
AVX-512 kernels, by PyTorch and by JAX; the best counts. Each in a process of its own on the cores of its threads.

    python -m benchmarks.peers.peak fma|numpy|torch|jax THREADS
"""

from __future__ import annotations

import ctypes
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.peers.load import quiet
from benchmarks.peers.team import started

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 2048
REPEATS = 7


def loop_text(lanes: int, vectors: int) -> str:
    """A function float f(int64 n): n rounds of one multiply-add on each of the vectors."""
    kind = f"<{lanes} x float>"
    entries = ", ".join(["float %s"] * lanes)

    def of(values: list[str]) -> str:
        return entries % tuple(values)

    a, b = "<" + of(["0x3FEFF7CEE0000000"] * lanes) + ">", "<" + of(["0x3F50624DE0000000"] * lanes) + ">"
    phis, steps, sums = [], [], []
    for i in range(vectors):
        first = "<" + of([f"{1 + i}.0"] * lanes) + ">"
        phis.append(f"  %c{i} = phi {kind} [ {first}, %entry ], [ %d{i}, %loop ]")
        steps.append(f"  %d{i} = call {kind} @llvm.fma.v{lanes}f32({kind} %c{i}, {kind} {a}, {kind} {b})")
        before = f"%s{i - 1}" if i else "zeroinitializer"
        sums.append(f"  %s{i} = fadd {kind} {before}, %d{i}")
    return f"""
declare {kind} @llvm.fma.v{lanes}f32({kind}, {kind}, {kind})
define float @f(i64 %n) {{
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %j, %loop ]
{chr(10).join(phis)}
{chr(10).join(steps)}
  %j = add i64 %i, 1
  %more = icmp slt i64 %j, %n
  br i1 %more, label %loop, label %done
done:
{chr(10).join(sums)}
  %r = extractelement {kind} %s{vectors - 1}, i32 0
  ret float %r
}}
"""


def compiled(lanes: int, vectors: int) -> tuple[Any, Callable[[int], float]]:
    """The loop as machine code: what holds it, and the function."""
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    features = binding.get_host_cpu_features().flatten()
    if lanes > 8:
        features += ",-prefer-256-bit"
    machine = binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(), features=features, opt=3
    )
    engine = binding.create_mcjit_compiler(binding.parse_assembly(loop_text(lanes, vectors)), machine)
    engine.finalize_object()
    return engine, ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_int64)(engine.get_function_address("f"))


def fma(threads: int, rounds: int = 10_000_000) -> float:
    """FLOP/s of the loop on so many threads."""
    lanes, vectors = (16, 24) if avx512() else (8, 12)
    _held, loop = compiled(lanes, vectors)
    with ThreadPoolExecutor(threads) as pool:
        spent = best(lambda: list(pool.map(loop, [rounds] * threads)), threads)
    return 2.0 * lanes * vectors * rounds * threads / spent


def avx512() -> bool:
    """Whether the processor has vectors of 16 reals."""
    return "avx512f" in Path("/proc/cpuinfo").read_text()


def best(act: Callable[[], Any], sharers: int) -> float:
    """The shortest of some runs, each begun in a quiet moment where there is one.

    Of threads that never wait (``sharers``; 0 if they do) the CPU time counts, which others hardly change.
    """
    act()
    times = []
    for _ in range(REPEATS):
        quiet(1.0)
        start, cpu = time.perf_counter(), time.process_time()
        act()
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
        times.append(min(wall, cpu / sharers) if sharers else wall)
    return min(times)


def product(library: str, threads: int) -> float:
    """FLOP/s of a large matrix product."""
    import numpy as np

    alone = 1 if threads == 1 else 0
    a = np.random.default_rng(1).random((SIZE, SIZE), dtype=np.float32)
    if library == "numpy":
        out = np.empty_like(a)
        spent = best(lambda: np.matmul(a, a, out=out), alone)
    elif library == "torch":
        import torch

        torch.set_num_threads(threads)
        tensor = torch.from_numpy(a)
        result = torch.empty_like(tensor)
        spent = best(lambda: torch.mm(tensor, tensor, out=result), alone)
    else:
        import jax

        array, multiply = jax.numpy.asarray(a), jax.jit(jax.numpy.matmul)
        spent = best(lambda: multiply(array, array).block_until_ready(), alone)
    return 2.0 * SIZE**3 / spent


WAYS = {
    "multiply-add loop": ("fma", {}),
    "NumPy": ("numpy", {}),
    "NumPy, AVX-512 kernels": ("numpy", {"OPENBLAS_CORETYPE": "SKYLAKEX"}),
    "PyTorch": ("torch", {}),
    "JAX": ("jax", {}),
}


def measured(threads: int) -> dict[str, float]:
    """FLOP/s of each way that could be measured."""
    found = {}
    for name, (way, variables) in WAYS.items():
        if variables and not avx512():
            continue
        process = started(["-m", "benchmarks.peers.peak", way, str(threads)], threads, variables)
        output, _ = process.communicate()
        if process.returncode == 0:
            found[name] = float(json.loads(output))
    return found


if __name__ == "__main__":
    chosen, count = sys.argv[1], int(sys.argv[2])
    print(json.dumps(fma(count) if chosen == "fma" else product(chosen, count)))
