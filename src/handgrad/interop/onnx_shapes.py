"""Converters of nodes that move entries without changing them."""

from __future__ import annotations

from math import prod

from handgrad.interop.onnx_layers import Call, Tensor
from handgrad.interop.onnx_model import MAX_ENTRIES
from handgrad.interop.onnx_ops import converts, moved, number_of, plain, reshaped

KEPT = -2
"""Stands for a length that stays as it is: the batch."""

MAX_REPEATS = 64
"""How often an axis is repeated at most."""


def _same(call: Call, x: Tensor, after: Tensor) -> Tensor:
    return call.layer("identity", x) if after is x else after


@converts("Flatten")
def _flatten(call: Call) -> Tensor:
    x = call.quantity()
    rank = call.rank(x)
    axis = call.setting("axis", 1)
    if not -rank <= axis <= rank:
        call.fail(f"it has no axis {axis}: its input has {rank}")
    axis += rank if axis < 0 else 0
    if call.batched:
        if axis != 1:
            call.fail("it would flatten the batch into the examples")
        return call.layer("flatten", x)
    return _same(call, x, reshaped(call, x, (prod(x.shape[:axis]), prod(x.shape[axis:]))))


@converts("Reshape")
def _reshape(call: Call) -> Tensor:
    x = call.quantity()
    wanted = call.integers(1, "shape") or []
    if not call.setting("allowzero", 0):
        whole = [KEPT, *x.shape] if call.batched else list(x.shape)
        wanted = [n if n or k >= len(whole) else whole[k] for k, n in enumerate(wanted)]
    if any(n < -1 for n in wanted[call.batched :]) or wanted.count(-1) > 2 or any(n > MAX_ENTRIES for n in wanted):
        call.fail(f"no array has the shape {wanted}")
    shape = _after_batch(call, wanted, prod(x.shape)) if call.batched else _solved(call, wanted, prod(x.shape))
    return _same(call, x, reshaped(call, x, shape))


def _after_batch(call: Call, wanted: list[int], entries: int) -> tuple[int, ...]:
    """The shape of an example: axis 0 stays the batch."""
    first, rest = wanted[0] if wanted else 0, wanted[1:]
    known = prod(n for n in rest if n != -1)
    open_ = rest.count(-1) == 1 and known > 0 and entries % known == 0
    fits = open_ or (-1 not in rest and known == entries)
    if not fits or first not in {KEPT, -1, call.layers.batch}:
        call.fail(
            f"the shape {[max(n, -1) for n in wanted]} does not keep axis 0, the batch ({entries} entries an example)"
        )
    return _solved(call, rest, entries)


def _solved(call: Call, wanted: list[int], entries: int) -> tuple[int, ...]:
    known = prod(n for n in wanted if n != -1)
    shape = tuple(entries // known if n == -1 and known else n for n in wanted)
    if wanted.count(-1) > 1 or prod(shape) != entries:
        call.fail(f"{entries} entries do not have the shape {wanted}")
    return shape


@converts("Squeeze", "Unsqueeze")
def _squeeze(call: Call) -> Tensor:
    x = call.quantity()
    axes = call.integers(1, "axes")
    rank = call.rank(x)
    if call.node.op == "Unsqueeze":
        given = axes or []
        places = {call.axis(axis, rank + len(given)) for axis in given}
        rest = iter(x.shape)
        shape = tuple(1 if k + 1 in places else next(rest) for k in range(len(x.shape) + len(places)))
        return _same(call, x, reshaped(call, x, shape))
    gone = {call.axis(axis, rank) for axis in axes} if axes else {k + 1 for k, n in enumerate(x.shape) if n == 1}
    if any(x.shape[axis - 1] != 1 for axis in gone):
        call.fail(f"an axis of {list(x.shape)} that it takes away is longer than 1")
    return _same(call, x, reshaped(call, x, tuple(n for k, n in enumerate(x.shape) if k + 1 not in gone)))


@converts("Transpose")
def _transpose(call: Call) -> Tensor:
    x = call.quantity()
    rank = call.rank(x)
    order = list(call.setting("perm", list(range(rank))[::-1]))
    if sorted(order) != list(range(rank)):
        call.fail(f"perm {order} is no order of {rank} axes")
    if call.batched and order[0] != 0:
        call.fail("it moves the batch away from axis 0")
    axes = order[1:] if call.batched else [axis + 1 for axis in order]
    return call.layer("identity", x) if axes == sorted(axes) else moved(call, x, axes)


@converts("Slice")
def _slice(call: Call) -> Tensor:
    x = call.quantity()
    starts, ends = call.integers(1, "starts") or [], call.integers(2, "ends") or []
    rank = call.rank(x)
    axes = call.integers(3, "axes") or list(range(rank))[: len(starts)]
    steps = call.integers(4, "steps") or [1] * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps):
        call.fail("its starts, ends, axes and steps differ in number")
    cut: dict[int, list[int]] = {}
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        place = call.axis(axis, rank)
        length = x.shape[place - 1]
        if step == 0:
            call.fail("its step is 0")
        kept = range(*slice(start, end, step).indices(length))
        if not kept:
            call.fail(f"nothing is left of axis {axis}")
        if kept != range(length):
            cut[place] = [kept[0] + 1, kept[-1] + 1, step]
    if not cut:
        return call.layer("identity", x)
    columns = [list(column) for column in zip(*cut.values(), strict=True)]
    step_ = {} if set(columns[2]) == {1} else {"step": columns[2]}
    return call.layer("slice", x, axes=list(cut), start=columns[0], stop=columns[1], **step_)


@converts("Split")
def _split(call: Call) -> tuple[Tensor, ...]:
    x = call.quantity()
    axis = call.axis(call.setting("axis", 0), call.rank(x))
    length, count = x.shape[axis - 1], len(call.node.gives)
    share = -(-length // count)
    sizes = call.integers(1, "split") or [min(share, length - k * share) for k in range(count)]
    if sum(sizes) != length or len(sizes) != count or min(sizes) < 1:
        call.fail(f"parts of {sizes} do not make up the {length} entries of axis {axis}")
    parts, start = [], 0
    for size in sizes:
        parts.append(call.layer("slice", x, axes=[axis], start=[start + 1], stop=[start + size]))
        start += size
    return tuple(parts)


@converts("Gather")
def _gather(call: Call) -> Tensor:
    table, index = call.tensor(0), call.tensor(1)
    if table.value is not None and index.value is None:
        if call.setting("axis", 0) or table.value.ndim != 2:
            call.fail("expected rows of a matrix (axis 0)")
        return call.layer("embedding", index, weights=table.value, base=0)
    x, place = call.quantity(), call.constant(1)
    axis = call.axis(call.setting("axis", 0), call.rank(x))
    length = x.shape[axis - 1]
    at = [int(n) for n in place.reshape(-1)]
    if not at or min(at) < -length or max(at) >= length:
        call.fail(f"its places {at[:8]} are not all among {length}")
    picked = call.layer("take", x, at=[n % length + 1 for n in at], axis=axis)
    return reshaped(call, picked, (*x.shape[: axis - 1], *place.shape, *x.shape[axis:]))


@converts("Pad")
def _pad(call: Call) -> Tensor:
    x = call.quantity()
    rank, mode = call.rank(x), call.setting("mode", "constant")
    pads = call.integers(1, "pads") or []
    axes = call.integers(3, "axes") or list(range(rank))
    if len(pads) != 2 * len(axes) or mode not in {"constant", "edge", "reflect"}:
        call.fail(f"expected {2 * len(axes)} pads in the mode constant, edge or reflect, found {pads[:8]}, {mode}")
    pairs = [[0, 0] for _ in range(rank)]
    for k, axis in enumerate(axes):
        pairs[call.place(axis, rank)] = [pads[k], pads[k + len(axes)]]
    if min(pads, default=0) < 0:
        call.fail("it cuts away (negative pads); expected a slice")
    if call.batched and pairs.pop(0) != [0, 0]:
        call.fail("it pads the batch")
    if any(n + sum(pair) > MAX_ENTRIES for n, pair in zip(x.shape, pairs, strict=True)):
        call.fail(f"its output would have more than {MAX_ENTRIES} entries")
    value = number_of(call.constant(2)) if call.has(2) else plain(call.setting("value", 0.0))
    return call.layer("pad", x, padding=pairs, mode=mode, value=value if mode == "constant" else None)


@converts("Expand")
def _expand(call: Call) -> Tensor:
    x, wanted = call.quantity(), call.integers(1, "shape") or []
    have = [1, *x.shape] if call.batched else list(x.shape)
    if len(wanted) > len(have) and call.batched:
        call.fail("it would put axes before the batch")
    rank = max(len(wanted), len(have))
    pairs = list(zip([1] * (rank - len(have)) + have, [1] * (rank - len(wanted)) + wanted, strict=True))
    if call.batched and pairs.pop(0)[1] != 1:
        call.fail("it stretches the batch")
    if any(n != m and 1 not in (n, m) for n, m in pairs) or any(m < 1 for _, m in pairs):
        call.fail(f"{have} does not stretch to {wanted}")
    return call.layer("expand", x, to=[max(pair) for pair in pairs])


@converts("Tile")
def _tile(call: Call) -> Tensor:
    x, repeats = call.quantity(), call.integers(1, "repeats") or []
    rank = call.rank(x)
    if len(repeats) != rank or min(repeats, default=1) < 1 or max(repeats, default=1) > MAX_REPEATS:
        call.fail(f"expected {rank} repeats from 1 to {MAX_REPEATS}, found {repeats[:8]}")
    y = call.layer("identity", x)
    for axis, count in enumerate(repeats):
        if count > 1:
            y = call.layer("concat", *[y] * count, axis=call.axis(axis, rank))
    return y
