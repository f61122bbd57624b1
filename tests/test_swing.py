import pytest

from paradiddle.errors import InvalidValueError
from paradiddle.pattern import Pattern
from paradiddle.swing import check_swing


@pytest.mark.parametrize("swing", [0.49, 0.76, float("nan")])
def test_other_swing_is_refused(swing: float) -> None:
    with pytest.raises(InvalidValueError, match=r"swing must be in \[0.5, 0.75\]"):
        check_swing(Pattern.empty(1), swing)


def test_only_16ths_swing() -> None:
    check_swing(Pattern.empty(1), 0.6)
    check_swing(Pattern.empty(1, steps_per_quarter=3), 0.5)
    with pytest.raises(InvalidValueError, match="only 16ths can be swung"):
        check_swing(Pattern.empty(1, steps_per_quarter=3), 0.6)
