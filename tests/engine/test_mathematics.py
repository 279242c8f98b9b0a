"""The elementary functions of kernels: errors, special values, what they compile to."""

from __future__ import annotations

import importlib.util
import re
from types import ModuleType
from typing import Any

import llvmlite.binding as llvm
import numba
import numpy as np
import pytest
from elementary import NAMES, REALS, apply, arguments, compiled, errors, loop
from numba import types
from numba.core.errors import TypingError

from handgrad.engine import formats, mathematics

BOUND = {
    np.float32: {
        "exp": 1.0, "expm1": 1.5, "log": 1.0, "log1p": 1.5, "tanh": 2.0, "logistic": 2.0, "softplus": 2.0, "erf": 1.5,
    },
    np.float64: {
        "exp": 1.1, "expm1": 2.0, "log": 1.0, "log1p": 1.5, "tanh": 2.0, "logistic": 2.0, "softplus": 2.0, "erf": 1.5,
    },
}  # fmt: skip
"""What the docstrings promise, in units in the last place."""

INF, NAN = float("inf"), float("nan")
SPECIAL = {
    "exp": [
        (0.0, 1.0),
        (-0.0, 1.0),
        (INF, INF),
        (-INF, 0.0),
        (NAN, NAN),
        (800.0, INF),
        (-800.0, 0.0),
        (1e38, INF),
        (-1e38, 0.0),
    ],
    "expm1": [
        (0.0, 0.0),
        (-0.0, -0.0),
        (INF, INF),
        (-INF, -1.0),
        (NAN, NAN),
        (800.0, INF),
        (-800.0, -1.0),
        (1e38, INF),
        (-1e38, -1.0),
    ],
    "log": [(0.0, -INF), (-0.0, -INF), (1.0, 0.0), (INF, INF), (-INF, NAN), (NAN, NAN), (-1.0, NAN), (-1e-38, NAN)],
    "log1p": [(0.0, 0.0), (-0.0, -0.0), (-1.0, -INF), (INF, INF), (-INF, NAN), (NAN, NAN), (-1.5, NAN), (-1e38, NAN)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (NAN, NAN), (1e38, 1.0), (-1e38, -1.0), (30.0, 1.0)],
    "logistic": [
        (0.0, 0.5),
        (-0.0, 0.5),
        (INF, 1.0),
        (-INF, 0.0),
        (NAN, NAN),
        (1e38, 1.0),
        (-1e38, 0.0),
        (800.0, 1.0),
        (-800.0, 0.0),
    ],
    "softplus": [(INF, INF), (-INF, 0.0), (NAN, NAN), (1000.0, 1000.0), (-1000.0, 0.0), (1e38, 1e38), (-1e38, 0.0)],
    "erf": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (NAN, NAN), (1e38, 1.0), (-1e38, -1.0), (7.0, 1.0)],
}
EACH = pytest.mark.parametrize(("name", "real"), [(name, real) for real in REALS for name in NAMES])


@EACH
def test_the_error_is_within_its_bound(name: str, real: type) -> None:
    x = arguments(name, real, 200_000 if real is np.float32 else 100_000)
    found = errors(name, x, apply(compiled(name, real), x))
    worst = int(np.argmax(found))
    assert found[worst] <= BOUND[real][name], (x[worst], found[worst])


@EACH
def test_special_values_are_exact(name: str, real: type) -> None:
    x, expected = np.array(SPECIAL[name], real).T.copy()
    y = apply(compiled(name, real), x)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(np.signbit(y[~np.isnan(y)]), np.signbit(expected[~np.isnan(y)]))


@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize("name", ["expm1", "log1p", "tanh"])
def test_the_smallest_numbers_stay_themselves(name: str, real: type) -> None:
    info = np.finfo(real)
    x = np.array([1, 3, 5, 1 << 10, (1 << info.nmant) - 1], real) * info.smallest_subnormal
    x = np.concatenate([x, -x])
    np.testing.assert_array_equal(apply(compiled(name, real), x), x)


@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize("name", ["exp", "logistic", "softplus"])
def test_values_below_the_normal_numbers_are_not_flushed(name: str, real: type) -> None:
    info = np.finfo(real)
    low, high = np.log(float(info.smallest_subnormal)), np.log(float(info.smallest_normal))
    x = np.linspace(low, high, 500).astype(real)
    y = apply(compiled(name, real), x)
    assert np.all(y[1:] > 0)
    assert np.all(y[:-1] < info.smallest_normal)
    assert errors(name, x, y).max() <= BOUND[real][name]


@EACH
def test_no_length_is_left_out(name: str, real: type) -> None:
    # a vector loop has a remainder of its own; both must say the same
    x = np.linspace(0.1, 2, 67).astype(real)
    whole = apply(compiled(name, real), x)
    for count in range(67):
        np.testing.assert_array_equal(apply(compiled(name, real), x[:count]), whole[:count])


USES = {"exp_terms": "exp", "log_terms": "log", "erf_terms": "erf", "erfc_terms": "erf"}


@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize("terms", USES)
@pytest.mark.parametrize("slip", ["changed", "cut short"])
def test_a_wrong_polynomial_is_found(slip: str, terms: str, real: type, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, name = getattr(types, real.__name__), USES[terms]
    right = formats.FORMATS[kind]
    given = getattr(right, terms)
    changed = (given[0], given[1] * real(1 + 2e4 * np.finfo(real).eps), *given[2:])
    wrong = changed if slip == "changed" else given[:-1]
    monkeypatch.setitem(formats.FORMATS, kind, right._replace(**{terms: wrong}))
    x = arguments(name, real, 4_000)
    assert errors(name, x, apply(loop(name, real, _anew()), x)).max() > BOUND[real][name]


def test_a_wrong_logarithm_of_two_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = formats.FORMATS[types.float32]
    monkeypatch.setitem(formats.FORMATS, types.float32, right._replace(ln2_low=np.float32(1.4e-6)))
    x = arguments("exp", np.float32, 4_000)
    assert errors("exp", x, apply(loop("exp", np.float32, _anew()), x)).max() > BOUND[np.float32]["exp"]


def _anew() -> ModuleType:
    """The module once more, so that its functions are made from the formats as they are now."""
    spec = importlib.util.spec_from_file_location("mathematics_anew", mathematics.__file__)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _part(kernel: Any, form: str, first: str, last: str) -> str:
    """The part of a listing that is the loop, without the wrapper that Numba puts around it."""
    name = re.escape(kernel.native_name.removeprefix("cfunc."))
    library = kernel._library
    listing = getattr(library, f"get_{form}_str")()
    found = re.search(f"{first.format(name)}.*?{last.format(name)}", listing, re.DOTALL | re.MULTILINE)
    assert found
    return found[0]


@EACH
def test_the_loop_is_a_vector_loop_of_its_own_type(name: str, real: type) -> None:
    body = _part(compiled(name, real), "llvm", r'^define [^\n]*@"?{}"?\(', "^}}")
    own, other = ("float", "double") if real is np.float32 else ("double", "float")
    assert re.search(rf"call <\d+ x {own}> @llvm\.fmuladd", body)
    assert not re.search(rf"\b{other}\b", body)
    calls = re.findall(r"\bcall\b[^\n]*?@([\w.]+)", body)
    assert {call.partition(".")[0] for call in calls} == {"llvm"}


@EACH
def test_the_machine_code_calls_nothing(name: str, real: type) -> None:
    body = _part(compiled(name, real), "asm", "^{}:", r"^\s*\.size\s+{}")
    assert not re.search(r"^\s*(call|bl)\b", body, re.MULTILINE)
    fused = llvm.get_host_cpu_features().get("fma")
    wide = r"vfn?m(add|sub)\w*p[sd]\s.*[yz]mm" if fused else r"mulp[sd]|fmla"
    assert re.search(wide, body)


@pytest.mark.parametrize("name", NAMES)
def test_whole_numbers_are_refused(name: str) -> None:
    function = getattr(mathematics, name)

    def kernel(x: Any) -> Any:
        return function(x)

    with pytest.raises(TypingError, match="an elementary function takes float32 or float64, not int64"):
        numba.njit("int64(int64)")(kernel)


@pytest.mark.parametrize("name", NAMES)
def test_python_is_told_where_the_functions_live(name: str) -> None:
    with pytest.raises(TypeError, match=f"^{name} is for kernels: call it from a function that Numba compiles$"):
        getattr(mathematics, name)(1.0)
