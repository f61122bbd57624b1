from concurrent.futures import ThreadPoolExecutor

import mido
from rigs import NumberedBars, Rig
from timeless import timeless  # noqa: F401 (a fixture)

from paradiddle.bars import Wishes
from paradiddle.controls import Controls
from paradiddle.live import LiveDrummer


class Deck:
    follows = running = False

    def __init__(self, rig: Rig) -> None:
        self.set_qpm = rig.transport.set_qpm
        self.muted: list[tuple[int, bool]] = []

    def toggle(self) -> str:
        self.running = not self.running
        return ""

    def mute(self, voice: int, on: bool) -> None:
        self.muted.append((voice, on))


def controls_at(qpm: float) -> Controls:
    rig = Rig(qpm)
    drummer = LiveDrummer(NumberedBars(), rig.transport, Wishes())
    return Controls(drummer, Deck(rig), ("funk", "jazz"))


def test_a_tempo_beyond_the_range_moves_but_towards_it() -> None:
    controls = controls_at(500.0)
    controls.key("+")
    assert controls.drummer.transport.qpm == 500
    controls.key("-")
    assert controls.drummer.transport.qpm == 499
    controls = controls_at(400.0)
    controls.key("+")
    assert controls.drummer.transport.qpm == 400


def test_controllers_wait_for_nobody_and_are_done_in_turn() -> None:
    controls = controls_at(120.0)
    with ThreadPoolExecutor() as driver, controls.drummer.lock:
        for message in (
            mido.Message("control_change", control=102, value=127),
            mido.Message("control_change", control=23, value=40),
            mido.Message("note_on", note=36),
        ):
            driver.submit(controls.hear, message).result(timeout=60)
    assert not controls.muted
    controls.turn()
    assert controls.muted == {0}
    assert controls.drummer.transport.qpm == 100
