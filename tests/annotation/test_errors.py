"""Messages that name what, where, expected, got and the next step."""

import importlib

import pytest
from iraqstance.annotation.errors import (
    InputError,
    IraqstanceError,
    MissingExtraError,
    SchemaError,
    UsageError,
    from_extra,
)


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({}, "the row is empty."),
        ({"where": "a.jsonl: line 3"}, "a.jsonl: line 3: the row is empty."),
        ({"expected": "an object"}, "the row is empty (expected an object)."),
        ({"got": "a list"}, "the row is empty (got a list)."),
        ({"expected": "an object", "got": "a list"}, "the row is empty (expected an object, got a list)."),
        ({"remedy": "Remove the row"}, "the row is empty. Remove the row"),
        (
            {"where": "a", "expected": "b", "got": "c", "remedy": "Do d"},
            "a: the row is empty (expected b, got c). Do d",
        ),
    ],
    ids=["what", "where", "expected", "got", "expected-and-got", "remedy", "all"],
)
def test_a_message_holds_the_parts_it_was_given_and_no_others(parts: dict[str, str], sentence: str) -> None:
    assert str(InputError("the row is empty", **parts)) == sentence


def test_the_parts_of_an_error_can_be_read_one_by_one() -> None:
    error = UsageError("w", where="x", expected="e", got="g", remedy="r")
    assert (error.what, error.where, error.expected, error.got, error.remedy) == ("w", "x", "e", "g", "r")


@pytest.mark.parametrize("kind", [InputError, SchemaError, UsageError, MissingExtraError])
def test_one_except_clause_catches_the_whole_family(kind: type[IraqstanceError]) -> None:
    assert issubclass(kind, IraqstanceError)


def test_a_missing_optional_package_is_named_with_the_extra_that_brings_it() -> None:
    with (
        pytest.raises(
            MissingExtraError, match=r"package no_such_package_at_all, .*pip install 'iraqstance\[studio\]'"
        ) as caught,
        from_extra("studio"),
    ):
        importlib.import_module("no_such_package_at_all")
    assert caught.value.__suppress_context__


def test_a_fault_inside_an_optional_package_is_not_mistaken_for_its_absence() -> None:
    """Only a module that is not there is a matter of what was installed."""
    with pytest.raises(ImportError, match="no_such_name") as caught, from_extra("studio"):
        from json import no_such_name  # type: ignore[attr-defined]  # noqa: F401
    assert not isinstance(caught.value, IraqstanceError)
