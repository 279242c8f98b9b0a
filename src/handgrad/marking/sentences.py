"""Why an entry is judged as it is, in one sentence with the numbers."""

from __future__ import annotations

from math import floor, log10

from handgrad.marking.course import Course
from handgrad.marking.judge import Status, Verdict
from handgrad.notation.words import say
from handgrad.working.data import plain

MORE = 2
"""So many digits more than the student wrote are shown of the true value."""

_LONGEST = 16
"""Decimals of a number that is not shown by a power of ten."""

_SENTENCES = {
    Status.RIGHT: "{written} is right.",
    Status.ROUNDED: "{written} is {truth} rounded.",
    Status.FOLLOWS: "{written} follows from your own values ({expected}); the true value is {truth}.",
    Status.SLIP: "{written} is off in its last digit: {aim} rounds to {rounded}.",
    Status.COARSE: "{written} rounds {truth}, but has no digit of it.",
    Status.WRONG: "{written} is wrong, it is {truth}.",
    Status.BLANK: "Left blank; it is {truth}.",
}
_BY_OWN = "{written} is {expected} rounded, from your own values."
_WITHIN = "{written} is {expected} as far as the digits before it tell."
_NEARLY = "{written} is close to {aim}, but its last digits are off."
_NO_DIGIT = "{written} has no digit of {truth}."
_DUST = "{written} is 0 but for what floating point leaves of it."
_FROM_OWN = "{written} is wrong: from your own values it is {expected}; the true value is {truth}."


def sentence(course: Course, verdict: Verdict, language: str = "en") -> str:
    """The reason for a verdict."""
    return say(language, _english(verdict), **_numbers(course, verdict))


def _english(verdict: Verdict) -> str:
    if verdict.status is Status.ROUNDED and not verdict.truth and verdict.expected is None:
        return _DUST
    if verdict.expected is None or verdict.written is None:
        return _SENTENCES[verdict.status]
    if verdict.status is Status.ROUNDED:
        return _WITHIN if verdict.radius else _BY_OWN
    if verdict.status is Status.SLIP and verdict.radius:
        return _NEARLY
    if verdict.status is Status.COARSE and abs(verdict.truth) > (verdict.written.half or 0.0):
        return _NO_DIGIT
    return _FROM_OWN if verdict.status is Status.WRONG and verdict.tainted else _SENTENCES[verdict.status]


def _numbers(course: Course, verdict: Verdict) -> dict[str, str]:
    half = 0.0 if verdict.written is None or not verdict.written.half else verdict.written.half
    truth, expected = verdict.truth, verdict.truth if verdict.expected is None else verdict.expected
    aim = expected if verdict.written is not None and _nearer(verdict.written.value, expected, truth) else truth
    return {
        "written": "" if verdict.written is None else minus(verdict.written.text),
        "truth": shown(course, verdict) if not half else _digits(truth, half, MORE),
        "expected": _digits(expected, half, MORE),
        "aim": _digits(aim, half, MORE),
        "rounded": _digits(aim, half, 0),
    }


def _nearer(value: float, one: float, other: float) -> bool:
    return abs(value - one) < abs(value - other)


def shown(course: Course, verdict: Verdict) -> str:
    """The true value as the working prints it."""
    trace = course.trace
    return minus(
        trace.decided(lambda: plain(trace.arithmetic.show(course.exact[verdict.name][verdict.place]).expression))
    )


def _digits(value: float, half: float, more: int) -> str:
    """A value to so many decimals more than a number has whose last digit is worth twice ``half``."""
    if not half:
        return minus(f"{value:.6g}")
    decimals = max(0, -floor(log10(2 * half) + 0.5)) + more
    if decimals > _LONGEST and value:
        return minus(f"{value:.{max(0, decimals + floor(log10(abs(value))))}e}")
    text = f"{value:.{min(decimals, _LONGEST)}f}"
    return minus(f"{value:.2e}" if more and not text.strip("-0.") and value else text)


def minus(text: str) -> str:
    """Text with true minus signs before digits."""
    return text[:40].replace("-", "−")
