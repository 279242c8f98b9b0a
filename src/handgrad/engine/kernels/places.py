"""Where the taps of a window meet an array: lists of (tap, entry) along an axis, tables of offsets for tiles."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from handgrad.engine.machine import shifted


@register_jitable
def meetings(found: Any, place: Any, taps: Any, stride: Any, dilation: Any, before: Any, size: Any, back: Any) -> Any:
    """Writes (tap, entry) for each tap of the window at a place that lies on an entry of the input; how many do.

    ``back``: for each tap under which an entry of the input lies in some window, and that window's place.
    """
    count = 0
    for t in range(taps):
        at = place + before - t * dilation if back else place * stride + t * dilation - before
        inside = at >= 0
        if back:
            inside = inside and at % stride == 0
            at //= stride
        if inside and at < size:
            found[2 * count] = t
            found[2 * count + 1] = at
            count += 1
    return count


@register_jitable
def runs(room: Any, width: Any, taps: Any, stride: Any, dilation: Any, before: Any, size: Any, back: Any) -> Any:
    """The places along an axis in runs whose taps are the same and whose entries go on by one step; how many runs.

    Each run is (first place, places, taps, then pairs of tap and entry), 3 + 2·taps words.
    """
    count, step, unit = 0, 1 if back else stride, 3 + 2 * taps
    for place in range(width):
        run = count * unit
        found = meetings(shifted(room, run + 3), place, taps, stride, dilation, before, size, back)
        room[run], room[run + 1], room[run + 2] = place, 1, found
        if count > 0:
            earlier = run - unit
            length = room[earlier + 1]
            same = room[earlier + 2] == found
            for k in range(found):
                tap, entry = room[earlier + 3 + 2 * k], room[earlier + 4 + 2 * k]
                same = same and tap == room[run + 3 + 2 * k] and entry + length * step == room[run + 4 + 2 * k]
            if same:
                room[earlier + 1] = length + 1
                continue
        count += 1
    return count
