"""ONNX's own test suite: how many of its cases handgrad passes, op by op; docs/onnx.md is this table."""

from __future__ import annotations

import sys
import unittest
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

onnx = pytest.importorskip("onnx")

from onnx.backend.test import BackendTest
from onnx.backend.test.loader import load_model_tests

sys.path.insert(0, str(Path(__file__).parent))

from handgrad_backend import HandgradBackend
from onnx_suite import Case, cases_of, excluded, page

PAGE = Path(__file__).parents[2] / "docs" / "onnx.md"

VERSION = "1.23.2"

PASSED = 667
"""The cases that pass; fewer is a failure, and more must be written here."""


def suite_tests() -> list[Any]:
    """The cases of single nodes, and those of the op Gradient."""
    simple = [test for test in load_model_tests(kind="simple") if "gradient" in test.name]
    loaded = [replace(test, model=onnx.load(f"{test.model_dir}/model.onnx")) for test in simple]
    return [*load_model_tests(kind="node"), *loaded]


pytestmark = pytest.mark.skipif(onnx.__version__ != VERSION, reason=f"the cases are those of onnx {VERSION}")


class Results(unittest.TestResult):
    """The names of the cases that passed, and why others did not."""

    def __init__(self) -> None:
        super().__init__()
        self.passed: set[str] = set()
        self.wrong: dict[str, str] = {}

    def addSuccess(self, test: unittest.TestCase) -> None:
        self.passed.add(name_of(test))

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        self.wrong[name_of(test)] = f"{err[0].__name__}: {err[1]}"

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        self.addFailure(test, err)


def name_of(test: unittest.TestCase) -> str:
    return test.id().rpartition(".")[2].removesuffix("_cpu")


def run(cases: list[Case]) -> Results:
    """Run cases through onnx.backend.test."""
    suite = BackendTest(HandgradBackend, __name__)
    names = {f"{case.name}_cpu" for case in cases}
    results = Results()
    for kind in suite.test_cases.values():
        known = [name for name in unittest.TestLoader().getTestCaseNames(kind) if name in names]
        unittest.TestSuite(map(kind, known)).run(results)
    return results


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cases_of(suite_tests())


@pytest.fixture(scope="module")
def results(cases: list[Case]) -> Results:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return run([case for case in cases if excluded(case) is None])


def test_every_case_that_is_not_excluded_passes(results: Results) -> None:
    assert results.wrong == {}
    assert len(results.passed) == PASSED


def test_the_page_is_of_today(cases: list[Case], results: Results) -> None:
    assert PAGE.read_text() == page(cases, results.passed)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    everything = cases_of(suite_tests())
    found = run([case for case in everything if excluded(case) is None])
    PAGE.write_text(page(everything, found.passed))
    for name, reason in found.wrong.items():
        sys.stdout.write(f"{name}: {' '.join(reason.split())[:200]}\n")
    sys.stdout.write(f"{len(found.passed)} passed\n")
