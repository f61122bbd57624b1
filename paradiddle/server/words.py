"""Styles and what to keep, as words: checked by hand, so that the message names what is wrong."""

from collections.abc import Sized

from paradiddle.server.bounds import BOUNDS, MAX_STYLES, MAX_WORDS
from paradiddle.server.field_errors import MOST_TEXT, FieldError, said, shown

__all__ = ["check_keep", "check_style"]

_STYLE = 'a name, or names with shares such as {"funk": 0.7, "jazz": 0.3}'
_KEEP = 'words such as "kick, snare in bar 2", or a list of them'


def check_style(style: object) -> object:
    """Let a style through, or styles with their shares.

    Raises
    ------
    FieldError
        If it is neither.

    Examples
    --------
    >>> check_style({"funk": -1})
    Traceback (most recent call last):
    paradiddle.server.field_errors.FieldError: style.funk must be a number in [0, 1000000000], ...
    """
    if isinstance(style, dict):
        _check_count("style", style, MAX_STYLES, "styles")
        for name, share in style.items():
            _check_word("style", name, "names")
            _check_share(f"style.{name}"[:MOST_TEXT], share)
        if not style or not any(style.values()):
            trouble = "the shares must not all be zero" if style else f"style must be {_STYLE}"
            text = f"{trouble}, got {said(shown(style))}; leave style out for any style"
            raise FieldError("style", shown(style), text)
    else:
        _check_word("style", style, _STYLE)
    return style


def check_keep(keep: object) -> object:
    """Let words through, or a list of them.

    Raises
    ------
    FieldError
        If it is neither.
    """
    if isinstance(keep, list):
        _check_count("keep", keep, MAX_WORDS, "words")
        for place, word in enumerate(keep):
            _check_word(f"keep[{place}]", word, _KEEP)
    else:
        _check_word("keep", keep, _KEEP)
    return keep


def _check_count(field: str, sent: Sized, most: int, things: str) -> None:
    if len(sent) > most:
        text = f"{field} must have at most {most} {things}, got {len(sent)}; send fewer"
        raise FieldError(field, shown(sent), text)


def _check_word(field: str, word: object, expected: str) -> None:
    if not isinstance(word, str):
        text = f"{field} must be {expected}, got {said(shown(word))}"
        raise FieldError(field, shown(word), text)
    if len(word) > MOST_TEXT:
        text = f"{field} must have at most {MOST_TEXT} characters, got {len(word)}; send fewer"
        raise FieldError(field, shown(word), text)
    try:
        word.encode()
    except UnicodeEncodeError:
        text = f"{field} must be text, got half a character in {said(word)}"
        raise FieldError(field, shown(word), text) from None


def _check_share(field: str, share: object) -> None:
    bound = BOUNDS["share"]
    number = isinstance(share, int | float) and not isinstance(share, bool)
    if not (number and bound.low <= share <= bound.high):  # type: ignore[operator]
        text = f"{field} must be a number in {bound}, got {said(shown(share))}; {bound.remedy}"
        raise FieldError(field, shown(share), text)
