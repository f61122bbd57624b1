import fcntl
import subprocess
import sys
import time
from pathlib import Path

import jack as rig
import pytest
from jack import NAMES, Ear, Heard, NoBusError, hanging, jack_server, missing, unended

from benchmarks.live_changes import Score
from benchmarks.live_compared import Due, compared, timetable
from benchmarks.live_rig import Turn, Verdicts
from paradiddle.priority import real_time

ON, OFF, CLOCK = [0x99, 36, 90], [0x89, 36, 64], [0xF8]
SNARE, SNARE_OFF, HAT = [0x99, 38, 90], [0x89, 38, 64], [0x99, 42, 90]
ALL_OFF = [0xB9, 123, 0]
STREAM = [ON, HAT, CLOCK, CLOCK, OFF, [0x89, 42, 64], CLOCK, SNARE, CLOCK, SNARE_OFF] * 20


def heard(*rows: list[int]) -> list[Heard]:
    return [Heard(float(at), float(at), data) for at, data in enumerate(rows)]


def test_a_note_ends_by_its_own_note_off() -> None:
    assert hanging(heard(ON, OFF, SNARE, SNARE_OFF)) == set()
    assert hanging(heard(ON, [0x99, 36, 0])) == set()
    assert hanging(heard(ON, ON, OFF, OFF)) == set()


def test_a_lost_note_off_hangs_whatever_all_notes_off_came() -> None:
    assert hanging(heard(ON, ALL_OFF)) == {(9, 36)}
    assert hanging(heard(ON, SNARE, SNARE_OFF, ALL_OFF, [0xFC])) == {(9, 36)}
    assert hanging(heard(ON, [0x80, 36, 64])) == {(9, 36)}  # on another channel


def test_a_note_struck_twice_wants_two_note_offs() -> None:
    assert hanging(heard(ON, ON, OFF)) == {(9, 36)}
    assert [one.seconds for one in unended(heard(ON, OFF, OFF, ON))] == [3.0]


def test_every_note_off_lost() -> None:
    rows = [row for row in STREAM if row not in (OFF, SNARE_OFF)]
    assert len(unended(heard(*rows, ALL_OFF))) == 40


def test_what_came_as_it_was_sent() -> None:
    found = compared(STREAM, STREAM)
    assert (found.lost, found.extra, found.difference) == (0, 0, "")
    assert found.pairs == [(at, at) for at in range(len(STREAM))]
    assert compared([], []).pairs == []


@pytest.mark.parametrize("at", [0, 1, 4, 47, 137, 198, 199])
def test_a_lost_message(at: int) -> None:
    found = compared(STREAM, STREAM[:at] + STREAM[at + 1 :])
    assert (found.lost, found.extra) == (1, 0)
    assert found.difference
    assert len(found.pairs) == len(STREAM) - 1
    assert all(STREAM[a] == (STREAM[:at] + STREAM[at + 1 :])[b] for a, b in found.pairs)


@pytest.mark.parametrize("at", [0, 1, 4, 47, 137, 198, 199])
def test_a_doubled_message(at: int) -> None:
    found = compared(STREAM, STREAM[: at + 1] + STREAM[at:])
    assert (found.lost, found.extra) == (0, 1)
    assert len(found.pairs) == len(STREAM)


@pytest.mark.parametrize("at", [0, 46, 137, 198])
def test_swapped_messages(at: int) -> None:
    first, second = STREAM[at : at + 2]
    assert first != second
    found = compared(STREAM, [*STREAM[:at], second, first, *STREAM[at + 2 :]])
    assert found.lost == found.extra > 0
    assert f"message {at}: " in found.difference


def test_a_lost_kick_and_a_doubled_hat() -> None:
    found = compared([ON, HAT, CLOCK], [HAT, HAT, CLOCK])
    assert (found.lost, found.extra) == (1, 1)


def test_other_bytes() -> None:
    found = compared([ON, CLOCK], [[0x99, 36, 91], CLOCK])
    assert (found.lost, found.extra) == (1, 1)
    assert found.difference == "message 0: sent 99245a f8, heard 99245b f8"


def test_nothing_came() -> None:
    assert compared(STREAM, [])[:2] == (len(STREAM), 0)


def test_the_rest_is_missing_or_too_much() -> None:
    assert compared(STREAM, STREAM[:50])[:2] == (len(STREAM) - 50, 0)
    assert compared(STREAM[:50], STREAM)[:2] == (0, len(STREAM) - 50)


# --- when it was due ------------------------------------------------------------------------------

KICKS = [Due(float(at), tuple(ON)) for at in range(5)]
PULSES = [Due(at / 2, tuple(CLOCK)) for at in range(9)]


def sent(*dues: Due, late: float = 0.001) -> list[Due]:
    return [Due(due.seconds + late, due.data) for due in sorted(dues)]


def test_all_was_sent_when_it_was_due() -> None:
    times, wrong = timetable(KICKS + PULSES, sent(*KICKS, *PULSES), 5.0)
    assert wrong == ""
    assert sorted(times) == sorted(due.seconds for due in KICKS + PULSES)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (sent(*KICKS[:2], *KICKS[3:]), "99245a: 5 due, 4 sent"),
        (sent(*KICKS, KICKS[1]), "message 2, 99245a, 999.000 ms early"),
        (sent(*KICKS, late=-0.01), "message 0, 99245a, 10.000 ms early"),
        (sent(*KICKS, Due(1.5, tuple(SNARE))), "message 2, 99265a, nan ms early"),
        ([*sent(*KICKS), Due(4.6, tuple(CLOCK))], "message 5, f8, 4000.000 ms out of order"),
    ],
)
def test_a_hit_that_was_lost_doubled_early_foreign_or_moved(given: list[Due], said: str) -> None:
    times, wrong = timetable(KICKS + PULSES[:1] * (len(given) == 6), given, 5.0)
    assert said in wrong
    right = [at for at in times if at == at]  # until the first fault
    assert right == [0.0, 1.0, 2.0, 3.0, 4.0][: len(right)]


def test_what_was_due_last_may_be_missing() -> None:
    assert timetable(KICKS, sent(*KICKS[:4]), 3.5)[1] == ""
    assert timetable(KICKS, sent(*KICKS[:4]), 4.5)[1] == "99245a: 5 due, 4 sent"


def test_where_bars_and_hits_lie_when_tempo_and_pattern_change() -> None:
    score = Score(10.0, 120)  # a bar lasts two seconds
    score.change(11.0, 1, 60)  # after half a bar: four seconds a bar from now on
    assert score.begins == [0.0, 4.0]
    assert score.ruler.seconds(4.0) == 13.0
    assert score.ruler.quarters(14.0) == 5.0
    assert [score.pitches(slot) for slot in (0, 1, 15, 16, 17)] == [
        {36, 42},
        {36},
        {36},
        {38},
        {38, 46},
    ]
    snares = [one.seconds for one in score.due(13.6) if one.data[1:2] == (38,)]
    assert snares == [13.0, 13.25, 13.5]


@pytest.mark.parametrize(
    ("turns", "met"),
    [
        ([Turn(0, 0.5), Turn(0, 1.9)], True),
        ([Turn(0, 0.5), Turn(1, 0.5)], False),
        ([Turn(0, 2.1)], False),
        ([Turn(0, float("inf"))], False),
        ([Turn(0, 0.5, "exit code -11")], False),
        ([Turn(0, 0.5, left=["left: 7 of 1: S jackd"])], False),
        ([], False),
    ],
)
def test_verdicts(turns: list[Turn], met: bool, capsys: pytest.CaptureFixture[str]) -> None:
    verdicts = Verdicts()
    verdicts.tell("a row", turns)
    assert verdicts.all_met is met
    assert ("NOT MET" not in capsys.readouterr().out) is met


# --- the server -----------------------------------------------------------------------------------

with real_time() as allowed:  # asks only
    pass
needs_jack = pytest.mark.skipif(bool(missing()), reason=missing() or "all is there")


def test_no_free_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rig.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(rig, "_SECONDS", 0.2)
    taken = [rig._taken(NAMES) for _ in NAMES]
    assert [name for name, _ in taken] == list(NAMES)
    with pytest.raises(NoBusError, match=r"in use; .*pgrep -a jackd"):
        rig._taken(NAMES)
    fcntl.flock(taken[2][1], fcntl.LOCK_UN)
    assert rig._taken(NAMES)[0] == NAMES[2]


def test_no_slot() -> None:
    said = "JACK server starting\nToo many servers already active\nFailed to open server\n"
    assert "remove /dev/shm/jack-shm-registry" in rig._why("p", said)
    assert rig._why("p", "").startswith("jackd did not start: it said nothing; try it by hand")


@pytest.mark.jack
@needs_jack
def test_two_rigs_at_once_and_a_slot_that_is_free_again() -> None:
    with jack_server(realtime=allowed) as first:
        with jack_server(realtime=allowed) as second:
            assert first != second
            with Ear("upstairs"):
                pass
        with Ear("downstairs"):
            pass


@pytest.mark.jack
@needs_jack
def test_a_rig_that_is_killed_leaves_its_name_to_the_next() -> None:
    code = (
        "import time, jack\n"
        f"with jack.jack_server(realtime={allowed}) as name:\n"
        "    print(name, flush=True)\n"
        "    time.sleep(60)"
    )
    folder = Path(rig.__file__).parent
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    name = process.stdout.readline().strip()
    process.kill()
    process.communicate()
    until = time.monotonic() + 60
    while time.monotonic() < until:  # the server ends with its parent
        with jack_server(realtime=allowed) as other, Ear("stage"):
            if other == name or NAMES.index(other) < NAMES.index(name):
                return
    pytest.fail(f"{name} was never free again")
