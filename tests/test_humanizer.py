"""The humanizer: middling strokes from the hits alone, the mean of several networks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from humanizers import random_tensors, tiny_humanizer, tiny_shape, write_humanizer
from machines import groove_of, questions, random_cells, tiny_machine, write_machine
from numpy.testing import assert_allclose, assert_array_equal

from paradiddle import weights
from paradiddle.errors import InvalidValueError, ModelError
from paradiddle.fill_inputs import encoder_inputs
from paradiddle.given import V, condition
from paradiddle.humanizer import DEFAULT_HUMANIZER, Humanizer
from paradiddle.humanizer_file import KIND, humanizer_shape
from paradiddle.humanizer_net import HumanizerNet
from paradiddle.machine import DEFAULT_MACHINE, Machine
from paradiddle.pattern_cells import cells_of
from paradiddle.pattern_questions import question
from paradiddle.quanta import VELOCITY_BINS

CELLS = random_cells(3, 2)
ALL = np.ones((3, 32, V), bool)
STROKES = CELLS[..., :V] > 0


def test_distributions_are_the_mean_of_those_of_each_network() -> None:
    inputs = encoder_inputs(questions(CELLS, ALL))
    shape = tiny_shape()
    tensors = random_tensors(shape)
    alone = [
        {name.replace(f"{k}.", "0.", 1): tensors[name] for name in tensors if name[0] == str(k)}
        for k in range(2)
    ]
    one = replace(shape, members=1)
    found = [HumanizerNet(one, each).distributions(inputs, STROKES) for each in alone]
    both = HumanizerNet(shape, tensors).distributions(inputs, STROKES)
    assert both.shape == (STROKES.sum(), shape.categories)
    assert_allclose(both, (found[0] + found[1]) / 2, atol=1e-6)
    assert np.abs(found[0] - found[1]).max() > 0.1
    assert_allclose(both[:, :VELOCITY_BINS].sum(1), 1, atol=1e-5)
    assert_allclose(both[:, VELOCITY_BINS:].sum(1), 1, atol=1e-5)


def test_strokes_are_asked_in_their_order() -> None:
    inputs = encoder_inputs(questions(CELLS, ALL))
    net = HumanizerNet(tiny_shape(), random_tensors(tiny_shape()))
    every = net.distributions(inputs, STROKES)
    for place in (0, 7, int(STROKES.sum()) - 1):
        single = np.zeros_like(STROKES)
        single[tuple(axis[place] for axis in np.nonzero(STROKES))] = True
        assert_allclose(net.distributions(inputs, single)[0], every[place], atol=1e-6)


def test_medians_depend_on_hits_alone_and_keep_them() -> None:
    humanizer = tiny_humanizer()
    struck = humanizer.medians(questions(CELLS, ALL))
    assert_array_equal(struck[..., :V], CELLS[..., :V])
    assert (struck[..., V:][~np.tile(STROKES, 2)] == 0).all()
    other = CELLS.copy()
    other[..., V:] = random_cells(3, 2, seed=5)[..., V:]
    assert_array_equal(humanizer.medians(questions(other, ALL, ALL)), struck)
    fewer = CELLS.copy()
    fewer[:, 5] = 0
    assert (humanizer.medians(questions(fewer, ALL))[:, 6] != struck[:, 6]).any()


def test_a_rest_that_might_be_a_hit_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="medians need all hits and rests known; fill in"):
        tiny_humanizer().medians(questions(CELLS, ~ALL))


def test_at_temperature_nought_the_machine_asks_its_humanizer(tmp_path: Path) -> None:
    machine = Machine.load(
        write_machine(tmp_path / "m.safetensors"), write_humanizer(tmp_path / "h")
    )
    pattern = groove_of(3)
    human = machine.humanize(pattern, style="jazz", temperature=0, seed=1)
    assert human == machine.humanize(pattern, style="jazz", temperature=0, seed=2)
    assert_array_equal(human.hits, pattern.hits)
    known = np.ones(pattern.hits.shape, bool)
    wishes = condition([0, 1, 0], pattern.qpm, None, "beat")
    [struck] = tiny_humanizer().medians(question(cells_of(pattern), wishes, known))
    assert_array_equal(human.velocities, struck[:, V : 2 * V])
    assert_array_equal(human.offsets, struck[:, 2 * V :])
    half = machine.humanize(pattern, 0.5, "jazz", temperature=0)
    assert_allclose(half.velocities, (pattern.velocities + human.velocities) / 2, atol=1e-6)


def test_a_machine_without_a_humanizer_is_steady_by_itself() -> None:
    pattern = groove_of(2)
    human = tiny_machine().humanize(pattern, temperature=0, seed=1)
    assert human == tiny_machine().humanize(pattern, temperature=0, seed=2)
    assert human != pattern
    assert_array_equal(human.hits, pattern.hits)


def test_long_pieces_are_struck_in_parts_as_if_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = questions(random_cells(2, 9), np.ones((2, 144, V), bool))
    whole = tiny_humanizer().medians(asked)
    monkeypatch.setattr("paradiddle.humanizer._CHUNK_BARS", 2)
    assert_allclose(tiny_humanizer().medians(asked), whole, atol=1e-5)


def test_a_pattern_that_ends_in_a_bar_keeps_its_length() -> None:
    pattern = groove_of(2)
    cut = replace(
        pattern,
        hits=pattern.hits[:20],
        velocities=pattern.velocities[:20],
        offsets=pattern.offsets[:20],
    )
    assert tiny_machine().humanize(cut, temperature=0).steps == 20
    human = Machine.load().humanize(cut, temperature=0)
    assert_array_equal(human.hits, cut.hits)
    assert human != cut


@pytest.mark.parametrize("wrong", [-1, 0.05, float("nan"), 11])
def test_temperatures_that_are_neither_steady_nor_drawn(wrong: float) -> None:
    with pytest.raises(
        InvalidValueError, match=r"temperature must be in \[0\.1, 10\].*0 is steadi"
    ):
        tiny_machine().humanize(groove_of(1), temperature=wrong)


def test_a_seed_is_checked_where_it_is_not_needed() -> None:
    with pytest.raises(InvalidValueError, match="seed"):
        tiny_machine().humanize(groove_of(1), temperature=0, seed=-1)


def test_a_humanizer_of_other_styles_is_refused(tmp_path: Path) -> None:
    other = write_humanizer(tmp_path / "h", styles=["polka", "rumba", "tango"])
    machine = Machine.load(write_machine(tmp_path / "m"), other)
    with pytest.raises(ModelError, match=r"polka, rumba, tango.*funk, jazz, rock; train both"):
        machine.humanize(groove_of(1), temperature=0)


def test_files_that_are_no_humanizer(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is a machine model; a humanizer model is wanted"):
        Humanizer.load(DEFAULT_MACHINE)
    path = write_humanizer(tmp_path / "h")
    file = weights.read(path, KIND)
    tensors = {name: array for name, array in file.tensors.items() if name != "1.head.out"}
    weights.write(path, KIND, file.document, tensors)
    with pytest.raises(ModelError, match=r"tensor 1\.head\.out is missing"):
        Humanizer.load(path)
    sizes = {**file.document["architecture"], "inputs": 5}
    weights.write(path, KIND, {**file.document, "architecture": sizes}, file.tensors)
    with pytest.raises(ModelError, match="inputs is 5, for 3 styles and 9 voices it is"):
        Humanizer.load(path)


@pytest.mark.parametrize("sizes", [{"members": 0}, {"members": 65}, {"dilations": (0,)}])
def test_sizes_that_make_no_sense(sizes: dict[str, object]) -> None:
    with pytest.raises(InvalidValueError, match=next(iter(sizes))):
        humanizer_shape(3, **sizes)


def test_the_one_that_comes_along_plays_like_a_drummer() -> None:
    humanizer = Humanizer.load(DEFAULT_HUMANIZER)
    machine = Machine.load()
    assert humanizer.styles == machine.styles
    [groove] = machine.generate("rock", bars=4, seed=3)
    human = machine.humanize(groove, style="rock", temperature=0)
    velocities = human.velocities[human.hits]
    assert 0.3 < velocities.mean() < 0.8
    assert velocities.std() > 0.1
    offsets = human.offsets[human.hits]
    assert 0.01 < offsets.std() < 0.2
    assert np.abs(offsets - groove.offsets[groove.hits]).mean() < 0.2
