"""Web MIDI: notes and clock out, another machine's clock in, through a stub of the ports."""

import itertools
import statistics
from contextlib import closing

import pytest
from attempts import attempts
from pages import (
    KICK,
    WEB_MIDI,
    Page,
    Visit,
    begin_empty,
    browser,
    expect,
    pad,
    press,
    said,
    server,
    set_tempo,
    until,
    visit,
    wait,
)

__all__ = ["browser", "server", "visit"]  # fixtures
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not WEB_MIDI.exists(), reason="web-midi-test is missing; npm install --prefix tests/web"
    ),
]

# One port out, that keeps what it is sent and what arrives, and one in.
STUDIO = """
window.sent = [];
window.received = [];
const [drum, boss] = [new WMT.MidiDst("Drum module"), new WMT.MidiSrc("Sequencer")];
drum.receive = (bytes) => received.push({ bytes: [...bytes], at: performance.now() });
window.boss = boss;
drum.connect();
boss.connect();
const noted = (port) => ({
  get id() { return port.id; },
  get name() { return port.name; },
  get state() { return port.state; },
  clear: window.cannotClear ? undefined : () => port.clear(),
  send(bytes, time = performance.now()) {
    const now = performance.now();
    sent.push({ bytes: [...bytes], time, now, played: window.played?.() });
    port.send(bytes, Math.max(time, now + 1)); // in its queue: nothing overtakes what waits there
  },
});
navigator.requestMIDIAccess = async (options) => {
  const { inputs, outputs } = await WMT.requestMIDIAccess(options);
  const wrapped = new Map();
  outputs.forEach((port, id) => wrapped.set(id, noted(port)));
  return { inputs, outputs: wrapped };
};
window.ticks = [];
window.Worker = class extends Worker {
  constructor(...how) {
    super(...how);
    this.addEventListener("message", () => ticks.push(performance.now()));
  }
};
"""
# Time of sound that runs as evenly as the page's, whatever holds up the audio; `played` is where
# the audio is.
EVEN = """
let zero = null;
AudioContext.prototype.getOutputTimestamp = function () {
  const now = performance.now();
  if (this.currentTime > 0) zero ??= now - 1000 * this.currentTime;
  if (zero === null) return {};
  window.played = () => zero + 1000 * this.currentTime;
  return { contextTime: (now - zero) / 1000, performanceTime: now };
};
"""
NOTE_ON, NOTE_OFF, CONTROL = 0x99, 0x89, 0xB9
PULSE, START, STOP = 0xF8, 0xFA, 0xFC


def studio(visit: Visit, *, can_clear: bool = True, even: bool = True) -> Page:
    """Open the page with ports."""
    stub = WEB_MIDI.read_text(encoding="utf-8")
    forget = "" if can_clear else "window.cannotClear = true;"
    return begin_empty(visit(scripts=(stub, forget + STUDIO, EVEN if even else "")))


def connect(page: Page, *, clock_out: bool = False, clock_in: bool = False) -> None:
    press(page, "MIDI ports")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Output").select_option("Drum module")
    if clock_in:
        dialog.get_by_label("Clock and taps from").select_option("Sequencer")
    if clock_out:
        dialog.get_by_label("Send clock").check()
    dialog.get_by_role("button", name="Close").click()


def received(page: Page, *statuses: int) -> list[dict]:
    return [one for one in page.evaluate("received") if one["bytes"][0] in statuses]


def sent(page: Page, *statuses: int) -> list[dict]:
    return [one for one in page.evaluate("sent") if one["bytes"][0] in statuses]


def draw(page: Page, *steps: int) -> None:
    """Draw kicks, and forget their notes once sound is awake."""
    for step in steps:
        pad(page, step, KICK).click()
    until(lambda: len(received(page, NOTE_OFF)) >= len(steps), "the notes of the clicks")
    wait(page, "paradiddle.heardAt(performance.now()) > 0")
    page.evaluate("received.length = sent.length = 0")


def all_received(page: Page, *statuses: int) -> None:
    """Wait until no such message is on its way."""
    until(lambda: len(received(page, *statuses)) == len(sent(page, *statuses)), "the last one")


def punctual(events: list[dict]) -> list[dict]:
    """All but what a stall held up: that goes out at once, off the grid."""
    return [one for one in events if one["time"] > one["played"] + 1]


def gaps(events: list[dict]) -> list[float]:
    """The ms between events."""
    return [later["time"] - one["time"] for one, later in itertools.pairwise(events)]


def farthest(page: Page) -> float:
    """How far ahead the page may send, in ms, with ticks as late as they have come."""
    moments = page.evaluate("[sent[0].now, ...ticks]")
    latest = max(later - first for first, later in itertools.pairwise(moments))
    return 600 if latest < 200 else 3500


def test_hits_go_out_as_notes_each_with_its_end(visit: Visit) -> None:
    page = studio(visit)
    connect(page)
    set_tempo(page, 240)
    draw(page, *range(0, 32, 4))
    press(page, "Play")
    until(lambda: len(received(page, NOTE_ON)) >= 5, "five notes")
    until(lambda: steady(sent(page, NOTE_ON), 250) >= 4, "notes at the tempo")
    press(page, "Stop")
    all_received(page, CONTROL)
    assert {tuple(one["bytes"]) for one in received(page, NOTE_ON)} == {(NOTE_ON, 36, 102)}
    times = [one["time"] for one in punctual(sent(page, NOTE_ON))]
    offs = [off_grid(time - times[0], 250) for time in times]
    assert offs == pytest.approx([0] * len(offs), abs=5)
    last = received(page, NOTE_ON, NOTE_OFF)[-1]
    assert last["bytes"][0] == NOTE_OFF
    assert [CONTROL, 123, 0] in [one["bytes"] for one in received(page, CONTROL)]


def steady(events: list[dict], each: float) -> int:
    """How many gaps are as long as they should be; a stall makes others of some."""
    return sum(abs(gap - each) < 5 for gap in gaps(events))


def test_a_port_that_takes_nothing_back_is_silenced_after_the_last_note(visit: Visit) -> None:
    page = studio(visit, can_clear=False)
    connect(page)
    set_tempo(page, 300)
    for step in range(4):
        pad(page, step, KICK).click()
    press(page, "Halve")
    press(page, "Play")
    until(lambda: len(sent(page, NOTE_ON)) >= 8, "some notes")
    press(page, "Stop")
    all_received(page, NOTE_ON, NOTE_OFF, CONTROL)
    last = max(one["at"] for one in received(page, NOTE_ON))
    silence = max(one["at"] for one in received(page, CONTROL))
    assert silence >= last
    assert received(page, NOTE_ON, NOTE_OFF)[-1]["bytes"] == [NOTE_OFF, 36, 0]


def test_clock_goes_out_at_24_to_the_quarter_and_ends_with_stop(visit: Visit) -> None:
    page = studio(visit)
    connect(page, clock_out=True)
    draw(page, 4)
    set_tempo(page, 150)
    press(page, "Play")
    until(lambda: len(received(page, PULSE)) >= 100, "a hundred pulses")
    stopped = page.evaluate("""() => {
        document.getElementById("play").click();
        return performance.now();
    }""")
    until(lambda: received(page, STOP), "the end")
    page.wait_for_timeout(300)
    everything = [one["bytes"][0] for one in received(page, START, PULSE, STOP)]
    assert everything[0] == START
    assert everything[-1] == STOP
    pulses = [one["at"] for one in received(page, PULSE)]
    assert max(pulses) <= stopped
    planned = sent(page, PULSE)
    assert statistics.median(gaps(planned)) == pytest.approx(60_000 / (24 * 150), rel=0.05)
    everything = sent(page, NOTE_ON, PULSE)
    ahead = max(one["time"] - one["now"] for one in everything)
    assert NOTE_ON in {one["bytes"][0] for one in everything}
    assert ahead <= farthest(page)
    assert planned[-1]["time"] <= stopped + farthest(page)


def off_grid(time: float, each: float) -> float:
    """How far a time lies from the nearest multiple."""
    return time - each * round(time / each)


def test_notes_and_pulses_lie_on_the_grid(visit: Visit) -> None:
    page = studio(visit)
    connect(page, clock_out=True)
    set_tempo(page, 150)
    draw(page, *range(0, 32, 2))
    press(page, "Play")
    until(lambda: len(punctual(sent(page, NOTE_ON))) >= 20, "twenty notes")
    press(page, "Stop")
    each = 60_000 / (24 * 150)
    pulses = sent(page, PULSE)
    for first, later in itertools.pairwise(pulses):
        gap = later["time"] - first["time"]
        stalled = later["played"] - first["played"] > 100  # what was missed for good is left out
        assert (off_grid(gap, each) if stalled else gap - each) == pytest.approx(0, abs=3)
    notes = [one["time"] for one in punctual(sent(page, NOTE_ON))]
    offs = [off_grid(note - pulses[0]["time"], 12 * each) for note in notes]
    assert offs == pytest.approx([0] * len(offs), abs=3)


def test_the_first_notes_are_in_time_on_a_busy_machine(visit: Visit) -> None:
    def trial() -> None:
        with closing(studio(visit)) as page:
            first_notes_are_in_time(page)

    attempts(trial)


def first_notes_are_in_time(page: Page) -> None:
    connect(page, clock_out=True)
    set_tempo(page, 300)
    draw(page, *range(0, 32, 2))
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 6})
    press(page, "Play")
    until(lambda: len(sent(page, NOTE_ON)) >= 4, "four notes")
    press(page, "Stop")
    begin = sent(page, PULSE)[0]["time"]
    first = [one for one in sent(page, NOTE_ON, PULSE) if one["time"] < begin + 310]
    assert [one["bytes"][0] for one in first].count(NOTE_ON) == 4
    assert [one for one in first if one["time"] < one["now"]] == []
    assert [off_grid(one["time"] - begin, 1000 / 120) for one in first] == pytest.approx(
        [0] * len(first), abs=2
    )


def test_a_note_goes_out_when_its_sound_is_heard(visit: Visit) -> None:
    page = studio(visit, even=False)
    connect(page)
    set_tempo(page, 120)
    draw(page, *range(0, 32, 4))
    press(page, "Play")
    until(lambda: sent(page, NOTE_ON), "a note")
    # sound and MIDI agree again soon after audio woke up or was held up
    until(lambda: abs(off_grid(page.evaluate(PLACE), 500)) < 3, "a note with its sound")
    press(page, "Stop")


# Where the clock is as the last note goes out, in ms.
PLACE = """() => {
    const { time } = sent.findLast(({ bytes }) => bytes[0] === 0x99);
    return paradiddle.clock.position(paradiddle.heardAt(time)) * 125;
}"""


def test_the_page_follows_another_machine(visit: Visit) -> None:
    page = studio(visit)
    connect(page, clock_in=True)
    set_tempo(page, 100)
    draw(page, *range(0, 32, 2))
    before = page.evaluate("paradiddle.store.labels.undo")
    field = page.get_by_role("spinbutton", name="Tempo in bpm")
    each = 60_000 / (180 * 24)
    page.evaluate(FOLLOW, each)
    wait(page, "pulses >= 40")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(field).to_have_value("100")
    page.evaluate("boss.emit([0xfa]); begun = pulses")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    said(page, "Following")
    until(lambda: abs(float(field.input_value()) - 180) < 2, "the other's tempo")
    until(lambda: len(punctual(sent(page, NOTE_ON))) >= 16, "sixteen notes")
    assert page.evaluate("paradiddle.store.doc.qpm") == 100
    assert page.evaluate("paradiddle.store.labels.undo") == before
    start = page.evaluate("begin") + page.evaluate("begun") * each
    notes = [one["time"] - start for one in punctual(sent(page, NOTE_ON))]
    offs = [off_grid(note, 12 * each) for note in notes]
    assert offs == pytest.approx([0] * len(offs), abs=10)
    places = [round(note / (12 * each)) for note in notes]
    assert places == sorted(set(places))
    assert 0 <= places[0] < 16  # at once, or missed by an audio that wakes slowly
    page.evaluate("leading = false")
    expect(field).to_have_value("100")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    page.evaluate("boss.emit([0xfc])")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


# Sends pulses for as long as `leading`, stamped with their times as by a driver.
FOLLOW = """(each) => {
    window.leading = true;
    window.pulses = 0;
    window.begin = performance.now();
    const beat = () => {
        const now = performance.now();
        for (; leading && now >= begin + pulses * each; pulses += 1) {
            WMT.now = () => begin + pulses * each;
            boss.emit([0xf8]);
        }
        WMT.now = () => performance.now();
        if (leading) setTimeout(beat, 1);
    };
    beat();
}"""


def test_leaving_the_page_silences_what_sounds(visit: Visit) -> None:
    page = studio(visit)
    connect(page, clock_out=True)
    pad(page, 0, KICK).click()
    press(page, "Play")
    until(lambda: received(page, NOTE_ON), "a note")
    page.evaluate("""() => {
        sent.length = 0;
        window.dispatchEvent(new PageTransitionEvent("pagehide"));
    }""")
    assert [CONTROL, 123, 0] in [one["bytes"] for one in sent(page, CONTROL)]
    assert sent(page, STOP)
    press(page, "Stop")


def test_channel_notes_and_map_are_kept(visit: Visit) -> None:
    page = studio(visit)
    press(page, "MIDI ports")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Notes of").select_option("yamaha-dtx")
    dialog.get_by_label("Channel").fill("3")
    dialog.get_by_label("note of snare").fill("40")
    page.keyboard.press("Tab")
    expect(dialog.get_by_label("Notes of")).to_have_value("")
    dialog.get_by_role("button", name="Close").click()
    page.reload()
    wait(page, "Boolean(window.paradiddle)")
    assert page.evaluate("[paradiddle.midi.channel, paradiddle.midi.notes]") == [
        3,
        [36, 40, 42, 46, 43, 47, 48, 49, 51],
    ]
    wait(page, "document.querySelectorAll('#style option').length > 1")


def test_ports_that_are_found_late_do_not_overwrite_what_is_typed(visit: Visit) -> None:
    page = studio(visit)
    page.evaluate("""() => {
        const gate = new Promise((open) => (window.find = open));
        paradiddle.midi.connect = () => gate;
    }""")
    press(page, "MIDI ports")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Channel").fill("3")
    page.evaluate("find()")
    expect(dialog.locator("[aria-live]")).to_contain_text("No MIDI port")
    page.keyboard.press("Tab")
    assert page.evaluate("paradiddle.midi.channel") == 3


def test_without_web_midi_the_dialog_says_so(visit: Visit) -> None:
    page = begin_empty(visit(scripts=("navigator.requestMIDIAccess = undefined;",)))
    press(page, "MIDI ports")
    expect(page.get_by_role("dialog")).to_contain_text("this browser has no Web MIDI")
