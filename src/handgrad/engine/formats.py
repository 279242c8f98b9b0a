"""What differs between float32 and float64: the layout of the bits, and the constants of the elementary functions.

The polynomials are minimax in the error named beside them (Lawson's iteration, in 70 digits); their coefficients
are rounded to the format one after another, lowest first, and those above are fitted again each time.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.core.errors import TypingError


class Format(NamedTuple):
    """The constants of one format, each of its own type, so that no operation widens."""

    digits: Any
    """W, the stored bits of the significand."""
    fraction: Any
    """The mask of these bits."""
    one_bits: Any
    """The bits of 1."""
    root_half_bits: Any
    """The bits of √½: the significands of logarithms lie in [√½, √2)."""
    to_root_half: Any
    """one_bits − root_half_bits."""
    mirror: Any
    """Twice the bias of the exponents: mirror − e is the exponent of 2^−k where e is that of 2^k."""
    counter_bits: Any
    """The bits of 2^W, a number whose lowest bits count."""

    zero: Any
    half: Any
    one: Any
    two: Any
    infinity: Any
    nan: Any
    magic: Any
    """1.5 · 2^W: added to a number it rounds it to a whole one, which stands in the lowest bits."""
    counter: Any
    """2^W + bias: what a counter over the exponent of 1 says."""
    normal: Any
    """The smallest normal number."""
    lift: Any
    """2^(W+1), which makes a subnormal number normal."""
    lifted: Any
    """W + 1."""
    tiny: Any
    """|x| from which x + O(x²) is not yet x."""
    vast: Any
    """Beyond it 1 + x is x."""

    log2_e: Any
    ln2_high: Any
    """ln 2 to so few bits that its product with an exponent is exact."""
    ln2_low: Any
    exp_least: Any
    """e^x is 0 below it."""
    exp_greatest: Any
    """e^x is ∞ above it."""
    exp_far: Any
    """Below it e^x may be subnormal: there 2^n is 2^(n + 4W) · 2^(−4W), elsewhere 2^(n − 1) · 2."""
    exp_far_step: Any
    """The bits of 2^(4W)."""
    exp_far_down: Any
    """The bits of 2^(−4W)."""
    exp_far_back: Any
    """2^(−4W)."""
    exp_step: Any
    """The bits of ½."""
    expm1_least: Any
    """e^x − 1 is −1 below it."""
    sigma_greatest: Any
    """1/(1 + e^−x) is 1 above it."""
    sigma_far: Any
    """Below it 1 + e^−x is summed and inverted in a smaller scale."""
    tanh_greatest: Any
    """tanh x is 1 above it."""
    erf_greatest: Any
    """erf x is 1 above it."""

    exp_terms: tuple[Any, ...]
    """(e^r − 1 − r)/r² on |r| ≤ ½ ln 2, by the relative error of e^r − 1."""
    log_terms: tuple[Any, ...]
    """float32: (ln(1 + f) − f + f²/2)/f³; float64: (2 artanh(s) − 2 s)/s³ in s² for s = f/(2 + f), 1 + f in [√½, √2];
    by the relative error of ln(1 + f)."""
    erf_terms: tuple[Any, ...]
    """erf(x)/x − 1 in x² on [0, 1], by the relative error of erf."""
    erfc_terms: tuple[Any, ...]
    """−ln(1 − erf x) on [1, erf_greatest], by the error of erf."""


_TERMS32 = {
    "exp_terms": "0.5 0.16666667 0.041666485 0.008333196 0.0013933006 0.00019955095",
    "log_terms": """0.3333331 -0.24999987 0.20002224 -0.16669236 0.142187 -0.1238475 0.11873176 -0.11787152
        0.069113664""",
    "erf_terms": "0.12837917 -0.37612626 0.11283581 -0.026853547 0.0051877405 -0.0008004637 7.8347395e-05",
    "erfc_terms": """-0.00018803305 1.1295784 0.6332201 0.108418375 -0.025208151 0.0042045396 -0.00044133692
        2.168751e-05""",
}
_TERMS64 = {
    "exp_terms": """0.5 0.16666666666666677 0.04166666666666668 0.00833333333332145 0.0013888888888877106
        0.00019841269886528435 2.4801587341780512e-05 2.7557243844389016e-06 2.755725791362054e-07
        2.5109153399959597e-08 2.0919966644458884e-09""",
    "log_terms": """0.6666666666666731 0.3999999999943438 0.2857142873863224 0.22222198916232846 0.18183548077662023
        0.15314435512699498 0.14792341505286266""",
    "erf_terms": """0.1283791670955126 -0.37612638903184087 0.11283791670970139 -0.026866170647788918
        0.005223977649898906 -0.00085483283573643 0.00012055379229048457 -1.4926706644443915e-05
        1.6478177168640147e-06 -1.6526104637029416e-07 1.5803160838683966e-08 -1.5652852965645465e-09
        1.2977613455724965e-10""",
    "erfc_terms": """1.8437832096449663e-07 1.128377282469311 0.6366287033823563 0.10274664363561294
        -0.01907695750245507 -0.00028222520877999583 0.0017709211002455937 -0.000642829392664801 4.595254095220145e-05
        6.975257713627172e-05 -4.4770970674425224e-05 1.6421887664171992e-05 -4.301900880025405e-06
        8.452204914170461e-07 -1.2483559360040205e-07 1.3522823228204807e-08 -1.0170986473812044e-09
        4.7519806332680306e-11 -1.039117288292728e-12""",
}


def format_of(kind: Any) -> Format:
    """The constants of a Numba type; TypingError where it is neither float32 nor float64."""
    if kind not in FORMATS:
        message = f"an elementary function takes float32 or float64, not {kind}"
        raise TypingError(message)
    return FORMATS[kind]


def _format(
    real: type[np.floating[Any]], word: type[np.signedinteger[Any]], terms: dict[str, str], **bounds: float
) -> Format:
    """The layout follows from the type; the bounds and the terms of the polynomials are given."""
    info = np.finfo(real)
    digits = int(info.nmant)
    bias = int(info.maxexp) - 1

    def bits(value: float) -> int:
        return int(np.array(value, real).view(word))

    whole = {
        "digits": digits,
        "fraction": (1 << digits) - 1,
        "one_bits": bits(1.0),
        "root_half_bits": bits(0.5**0.5),
        "to_root_half": bits(1.0) - bits(0.5**0.5),
        "mirror": 2 * bias,
        "counter_bits": bits(2.0**digits),
        "exp_far_step": bits(1.0) + ((4 * digits) << digits),
        "exp_far_down": bits(0.5 ** (4 * digits)),
        "exp_step": bits(0.5),
    }
    numbers = {
        "zero": 0.0,
        "half": 0.5,
        "one": 1.0,
        "two": 2.0,
        "infinity": np.inf,
        "nan": np.nan,
        "magic": 1.5 * 2.0**digits,
        "counter": 2.0**digits + bias,
        "normal": float(info.smallest_normal),
        "lift": 2.0 ** (digits + 1),
        "lifted": float(digits + 1),
        "tiny": 0.5 ** (digits + 2),
        "vast": 2.0 ** (2 * digits),
        "exp_far_back": 0.5 ** (4 * digits),
        "log2_e": 1.4426950408889634,
        **bounds,
    }
    constants: dict[str, Any] = {name: word(value) for name, value in whole.items()}
    constants |= {name: real(value) for name, value in numbers.items()}
    constants |= {name: tuple(real(term) for term in text.split()) for name, text in terms.items()}
    return Format(**constants)


FORMATS = {
    types.float32: _format(
        np.float32,
        np.int32,
        _TERMS32,
        ln2_high=0.693145751953125,
        ln2_low=1.42860676533018e-06,
        exp_least=-104.0,
        exp_greatest=89.0,
        exp_far=-80.0,
        expm1_least=-20.0,
        sigma_greatest=20.0,
        sigma_far=-16.0,
        tanh_greatest=10.0,
        erf_greatest=3.95,
    ),
    types.float64: _format(
        np.float64,
        np.int64,
        _TERMS64,
        ln2_high=0.693147180369123816490,
        ln2_low=1.90821492927058770002e-10,
        exp_least=-746.0,
        exp_greatest=710.0,
        exp_far=-700.0,
        expm1_least=-40.0,
        sigma_greatest=40.0,
        sigma_far=-36.0,
        tanh_greatest=20.0,
        erf_greatest=6.0,
    ),
}
