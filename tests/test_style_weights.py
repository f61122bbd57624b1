import numpy as np
import pytest
from numpy.testing import assert_array_equal

from paradiddle.errors import InvalidValueError
from paradiddle.style_weights import Style, parse_style, style_weights

STYLES = ("funk", "hiphop", "jazz", "rock")


def test_one_style_several_and_none() -> None:
    assert_array_equal(style_weights(STYLES, "jazz"), [0, 0, 1, 0])
    assert_array_equal(style_weights(STYLES, {"rock": 1, "funk": 3}), [0.75, 0, 0, 0.25])
    assert_array_equal(style_weights(STYLES, {"rock": 0, "funk": 0.1}), [1, 0, 0, 0])
    assert_array_equal(style_weights(STYLES, None), [0, 0, 0, 0])
    assert style_weights(STYLES, "jazz").dtype == np.float32


def test_shares_of_any_size() -> None:
    assert_array_equal(style_weights(STYLES, {"rock": 1e308, "funk": 1e308}), [0.5, 0, 0, 0.5])
    assert_array_equal(style_weights(STYLES, {"rock": 1e-320, "funk": 1e-320}), [0.5, 0, 0, 0.5])


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("jaz", "unknown style 'jaz'; did you mean jazz[?] the model knows funk, hiphop, jazz"),
        ("Hip-Hop", "unknown style 'Hip-Hop'; did you mean hiphop[?]"),
        ("", "unknown style ''; the model knows funk"),
        ("zydeco", "unknown style 'zydeco'; the model knows funk"),
        ({"funk": 1, "jaz": 1}, "unknown style 'jaz'; did you mean jazz"),
        ({}, r"the shares of styles must not all be zero, got \{\}; leave the style out"),
        ({"funk": 0}, "the shares of styles must not all be zero"),
        ({"funk": -1}, "share of style 'funk' must be a number from 0 up, got -1"),
        ({"funk": float("nan")}, "share of style 'funk' must be a number from 0 up, got nan"),
        ({"funk": float("inf")}, "must be a number from 0 up, got inf"),
        ({"funk": "1"}, "must be a number from 0 up, got '1'"),
        (7, r"style must be a name, or names with shares, got 7; try \"funk\""),
        (["funk"], "style must be a name, or names with shares"),
    ],
)
def test_what_is_no_style(wanted: object, message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        style_weights(STYLES, wanted)  # type: ignore[arg-type]


def test_a_model_without_styles() -> None:
    assert style_weights((), None).shape == (0,)
    with pytest.raises(InvalidValueError, match="unknown style 'funk'; the model knows none"):
        style_weights((), "funk")


@pytest.mark.parametrize(
    ("text", "style"),
    [
        (None, None),
        ("funk", "funk"),
        ("hip hop", "hip hop"),
        ("funk:0.7,jazz:0.3", {"funk": 0.7, "jazz": 0.3}),
        (" funk : 2 , jazz", {"funk": 2, "jazz": 1}),
        ("funk:1e-3", {"funk": 0.001}),
        ("funk:", {"funk": 1}),
    ],
)
def test_styles_as_typed(text: str | None, style: Style) -> None:
    assert parse_style(text) == style


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("funk:x", "the share of style 'funk' must be a number, got 'x'; write funk:0.7,jazz:0.3"),
        ("funk:1:2", "the share of style 'funk' must be a number, got '1:2'"),
        ("funk,funk", "style 'funk' is named twice in 'funk,funk'; add its shares"),
    ],
)
def test_what_was_typed_is_no_style(text: str, message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        parse_style(text)
