"""Names of quantities as students write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.marking.names import resolve
from handgrad.marking.script import Readable

NETWORK = Readable(
    {
        "x": (3,), "y": (3,), "W1": (3, 3), "W2": (3, 3), "W3": (3, 3), "b1": (3,), "a1": (3,), "h1": (3,), "a2": (3,),
        "h2": (3,), "a3": (3,), "yhat": (3,), "L": (), "dL/dyhat": (3,), "dL/da3": (3,), "dL/dW3": (3, 3),
        "dL/dh2": (3,), "dL/da2": (3,), "dL/dW2": (3, 3), "dL/dh1": (3,), "dL/da1": (3,), "dL/dW1": (3, 3),
        "dL/dx": (3,), "W1'": (3, 3), "W1''": (3, 3), "W1'3": (3, 3), "sigma'(a1)": (3,), "sigma'(a2)": (3,),
    },
    {"h3": "yhat", "dL/dh3": "dL/dyhat", "b1'": "b1"},
)  # fmt: skip
CONVOLUTION = Readable(
    {
        "x": (8,), "y": (), "K1": (2,), "a1": (7,), "h1": (7,), "yhat": (), "L": (), "dL/dyhat": (), "dL/dh1": (7,),
        "dL/da1": (7,), "dL/dK1": (2,), "relu'(a1)": (7,),
    },
    {"h2": "yhat", "dL/dh2": "dL/dyhat"},
)  # fmt: skip
OWN = Readable(
    {
        "W_hh": (2, 2), "U": (1, 1), "gamma2": (2,), "m_W1'": (1, 2), "dL/dgamma2": (2,), "losses": (3,), "L0": (),
        "h1": (3,), "h11": (2,), "h12": (2,), "x": (2,), "dL/dx@h1": (2,), "dL/dx@h12": (2,), "dL/dx": (2,),
        "K1": (12, 3), "a1": (12,),
    },
    {"first": "U"},
)  # fmt: skip

WHOLE = {
    "h1": ["h1", "h_1", "h₁", "h_{1}", r"\mathbf{h}_1", r"\boldsymbol{h}_{1}", r"\vec h_1", r"\vec{h}_1", "h^{(1)}",
           "h^{[1]}", "h⁽¹⁾", "$h_1$", "**h1**", "`h1`", r"\mathbf{h}_1^T", r"\mathbf{h}_1^{\top}", "h₁ᵀ", "h1^T",
           "𝐡₁", r"\bm{h}_1", r"{\mathbf h}_1", "h<sub>1</sub>", r"h\_1", r"\left.h_1\right."],
    "yhat": ["yhat", "ŷ", "y\u0302", r"\hat{y}", r"\hat y", r"\hat{\mathbf y}", r"\hat{\mathbf{y}}",
             r"\mathbf{\hat{y}}", r"\widehat{y}", "y_hat", "h3", "h_3"],
    "L": ["L", r"\mathcal{L}", "ℒ", "loss", "Loss"],
    "W1'": ["W1'", "W_1'", "W_1^{new}", r"W_1^{\text{new}}", r"W_{1}^{\mathrm{neu}}", "W_1^+", "W_{1,new}", "W_1_new",
            r"\mathbf{W}_{1}'", "W_1^{\\prime}", "W₁′", "W1 '"],
    "W1''": ["W1''", "W_1''", "W_1^{''}", "W₁″"],
    "W1'3": ["W1'3", "W_1'''"],
    "b1": ["b1'", "b_1'"],
    "dL/dW1": ["dL/dW1", "∂L/∂W₁", "∂L/∂W1", r"\frac{\partial L}{\partial W_1}", r"\dfrac{\partial L}{\partial W_{1}}",
               r"\frac{\partial \mathcal{L}}{\partial \mathbf{W}_1}", r"\nabla_{W_1} L", "∇_{W1} L", "∇_W1 L",
               r"\nabla_{\mathbf{W}_1} \mathcal{L}", r"\partial L/\partial W_1", "(∂L)/(∂W_1)", "dW1", "dW_1",
               r"\frac{dL}{dW_1}", r"{\partial L}/{\partial W_1}", "dL / dW1"],
    "dL/dyhat": ["∂L/∂ŷ", r"\frac{\partial L}{\partial \hat{\mathbf{y}}}", "dL/dh3", "dyhat"],
    "sigma'(a2)": ["sigma'(a2)", "σ'(a_2)", r"\sigma'(\mathbf a_2)", r"\sigma'\left(\mathbf{a}_{2}\right)", "σ′(a₂)",
                   "sigmoid'(a2)", "logistic'(a2)", "f'(a2)", "g'(a_2)", r"\varphi'(a_2)"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "quantity"), [(name, q) for q, names in WHOLE.items() for name in names])
def test_a_quantity_is_known_by_many_names(name: str, quantity: str) -> None:
    assert resolve(name, NETWORK) == (quantity, None)


@pytest.mark.parametrize(
    ("name", "quantity", "index"),
    [
        ("h1[2]", "h1", (1,)),
        ("h_1(2)", "h1", (1,)),
        ("h_{1,2}", "h1", (1,)),
        ("h_{1, 2}", "h1", (1,)),
        ("h₁,₂", "h1", (1,)),
        ("h^{(1)}_2", "h1", (1,)),
        ("h_{12}", "h1", (1,)),
        ("W_{1,23}", "W1", (1, 2)),
        ("W_{1,2,3}", "W1", (1, 2)),
        ("W_{123}", "W1", (1, 2)),
        ("W^{(1)}_{23}", "W1", (1, 2)),
        ("W1[2][3]", "W1", (1, 2)),
        ("W1[2, 3]", "W1", (1, 2)),
        ("W_1^{new}[2,3]", "W1'", (1, 2)),
        ("dL/dW1[2,3]", "dL/dW1", (1, 2)),
        ("∂L/∂W₁[2,3]", "dL/dW1", (1, 2)),
        (r"\frac{\partial L}{\partial \mathbf{W}_1}[2,3]", "dL/dW1", (1, 2)),
        (r"\frac{\partial L}{\partial W_{1,23}}", "dL/dW1", (1, 2)),
        ("x_2", "x", (1,)),
        ("x2", "x", (1,)),
        ("ŷ₃", "yhat", (2,)),
        (r"\hat y_3", "yhat", (2,)),
        (r"\dfrac{\partial L}{\partial \hat y_3}", "dL/dyhat", (2,)),
        ("h3[1]", "yhat", (0,)),
        ("L[1]", "L", ()),
        ("σ'(a₂)[3]", "sigma'(a2)", (2,)),
        ("σ'(a_2[3])", "sigma'(a2)", (2,)),
        ("σ'(a_{2,3})", "sigma'(a2)", (2,)),
    ],
)
def test_an_entry_is_known_by_its_index(name: str, quantity: str, index: tuple[int, ...]) -> None:
    assert resolve(name, NETWORK) == (quantity, index)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a", ("a1", None)),
        ("h", ("h1", None)),
        ("dL/dK", ("dL/dK1", None)),
        ("K_2", ("K1", (1,))),
        ("K_{1,1}", ("K1", (0,))),
        ("a_3", ("a1", (2,))),
        ("dL/da_{1,3}", ("dL/da1", (2,))),
        ("h_2", ("yhat", None)),
        ("relu'(a)", ("relu'(a1)", None)),
        (r"\operatorname{ReLU}'(\mathbf{a}_1)", ("relu'(a1)", None)),
        ("f'(a)", ("relu'(a1)", None)),
    ],
)
def test_a_number_may_be_left_out_where_there_is_one_only(name: str, found: tuple[str, tuple[int, ...]]) -> None:
    assert resolve(name, CONVOLUTION) == found


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("W_{hh}", ("W_hh", None)),
        (r"\mathbf{W}_{hh}", ("W_hh", None)),
        ("W_hh[1,2]", ("W_hh", (0, 1))),
        ("γ_2", ("gamma2", None)),
        (r"\frac{\partial L}{\partial \gamma_2}", ("dL/dgamma2", None)),
        ("m_{W1}'", ("m_W1'", None)),
        ("first", ("U", None)),
        ("ℓ", ("losses", None)),
        ("L_0", ("L0", None)),
        ("h_{11}", ("h11", None)),
        ("h_{1,2}", ("h1", (1,))),
        ("dL/dx@h1[2]", ("dL/dx@h1", (1,))),
        (r"\left.\frac{\partial L}{\partial \mathbf{x}}\right|_{\mathbf{h}_{12}}", ("dL/dx@h12", None)),
        ("∂L/∂x|_{h1}", ("dL/dx@h1", None)),
        ("K_{1,12,3}", ("K1", (11, 2))),
        ("a_12", ("a1", None)),
    ],
)
def test_names_of_the_problem_s_own_are_known(name: str, found: tuple[str, tuple[int, ...]]) -> None:
    if name == "a_12":  # the twelfth entry of the only a, or the second of a1
        with pytest.raises(ValueError, match=r'"a_12" may be a1\[2\] or a1\[12\]'):
            resolve(name, OWN)
        return
    assert resolve(name, OWN) == found


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("z1", ("a1", None)),
        ("a1", ("h1", None)),
        ("h1", ("h1", None)),
        ("dL/dz_1", ("dL/da1", None)),
        ("dL/da_1", ("dL/dh1", None)),
        ("sigma'(z1)", ("sigma'(a1)", None)),
        ("a3", ("yhat", None)),
        ("a_{1,2}", ("h1", (1,))),
        ("z1[2]", ("a1", (1,))),
        ("dL/dz1[3]", ("dL/da1", (2,))),
        ("W1'", ("W1'", None)),
        ("W1", ("W1", None)),
    ],
)
def test_the_problem_s_notation_goes_first(name: str, found: tuple[str, tuple[int, ...]]) -> None:
    assert resolve(name, NETWORK, {"a": "z", "h": "a"}) == found


@pytest.mark.parametrize(
    ("name", "found"),
    [("net1", ("a1", None)), ("out1", ("h1", None)), ("out3", ("yhat", None)), ("E", ("L", None)),
     ("∂E/∂net₁", ("dL/da1", None)), ("net_{1,2}", ("a1", (1,)))],
)  # fmt: skip
def test_a_notation_may_be_the_problem_s_own_table(name: str, found: tuple[str, tuple[int, ...]]) -> None:
    assert resolve(name, NETWORK, {"a": "net", "h": "out", "yhat": "out", "L": "E"}) == found


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("a", '"a" may be a1 or a2 or a3'),
        ("h_4", 'unknown quantity "h_4"'),
        ("w1", 'unknown quantity "w1"; did you mean W1?'),
        ("dL/dW1'", "did you mean dL/dW1?"),
        ("∂E/∂W1", "unknown quantity"),
        ("tanh'(a1)", "did you mean sigma'(a1)?"),
        ("foo", "known are x, y, W1"),
        ("h12", 'unknown quantity "h12"'),
        ("x_5", "did you mean x?"),
        ("h1[4]", '"h1[4]": place 1 of h1 runs from 1 to 3, found 4'),
        ("h1[0]", "runs from 1 to 3, found 0"),
        ("h1[1,2]", '"h1[1,2]": the index has 2 places, h1 has 1 place (3)'),
        ("L[2]", '"L[2]": the index has 1 place, L has none (it is a single number)'),
        ("h_{1,2}[3]", "two indices"),
        (r"W_1^\top", "is transposed; write W1 itself"),
        ("h_1^2", "as the name of a quantity"),
        (r"\x", r'cannot read "\x": unknown command \x'),
        ("σ'(σ'(a1))", "as the name of a quantity"),
        ("σ'(a_1[2])[3]", "as the name of a quantity"),
        ("", 'cannot read "" as the name'),
        ("x" * 300, "a name has at most 200 characters"),
        ("{" * 150, "as the name of a quantity"),
        ("dL/dx|_{h1}", "unknown quantity"),
        ("h\u202e1\x00", r"\u202e"),
    ],
)
def test_what_means_nothing_or_two_things_is_refused(name: str, why: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  the message is looked at below
        resolve(name, NETWORK)
    assert why in str(caught.value)
    assert str(caught.value).isprintable()


def test_the_first_index_may_be_0() -> None:
    readable = Readable(NETWORK.shapes, {}, base=0)
    assert resolve("h1[0]", readable) == ("h1", (0,))
    assert resolve("W_{1,02}", readable) == ("W1", (0, 2))
    with pytest.raises(ValueError, match="from 0 to 2, found 3"):
        resolve("h1[3]", readable)


@pytest.mark.parametrize("readable", [NETWORK, CONVOLUTION, OWN])
def test_every_quantity_is_known_by_its_own_name(readable: Readable) -> None:
    for name in readable.shapes:
        assert resolve(name, readable) == (name, None)
        assert resolve(f" {name} ", readable) == (name, None)
    for name, quantity in readable.aliases.items():
        assert resolve(name, readable) == (quantity, None)


@given(st.text(alphabet="hWaLd_123{}[](),'^\\ /∂∇|σŷ$ nabl", max_size=40))
def test_no_name_makes_it_fail_otherwise(name: str) -> None:
    try:
        quantity, index = resolve(name, NETWORK)
    except ValueError as error:
        assert str(error)  # noqa: PT017  a refusal is as good as a name
    else:
        assert quantity in NETWORK.shapes
        assert index is None or len(index) == len(NETWORK.shapes[quantity])
