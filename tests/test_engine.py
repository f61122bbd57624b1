"""The NumPy engine against the formula written out, and at its edges."""

import numpy as np
import pytest
from models import random_tensors

from paradiddle.engine import Lstm, LstmShape
from paradiddle.errors import InvalidValueError

SIZES = (5, 7, 3)


def random_indices(sizes, steps, streams, seed=1):
    rng = np.random.default_rng(seed)
    return np.stack([rng.integers(0, size, (steps, streams)) for size in sizes], axis=-1)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def one_hot_row(event, sizes):
    row = np.zeros(sum(sizes))
    for field, index in enumerate(event):
        row[sum(sizes[:field]) + index] = 1
    return row


def reference_layer(weights, inputs, hidden, reverse=False):
    """gates = [x, h, 1] W in blocks f, i, o, g, in float64; (T, W) in, (T, H) out."""
    h, c = np.zeros(hidden), np.zeros(hidden)
    outputs = np.zeros((len(inputs), hidden))
    order = range(len(inputs))
    for t in reversed(order) if reverse else order:
        f, i, o, g = np.split(np.concatenate([inputs[t], h, [1]]) @ weights, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        outputs[t] = h
    return outputs


def reference_logits(shape, tensors, events):
    sequence = np.stack([one_hot_row(event, shape.input_sizes) for event in events])
    for layer in range(shape.layers):
        sequence = np.hstack(
            [
                reference_layer(
                    tensors[f"lstm.{layer}.{direction}"].astype(np.float64),
                    sequence,
                    shape.hidden,
                    reverse=direction == "backward",
                )
                for direction in shape.directions
            ]
        )
    dense = tensors["dense"].astype(np.float64)
    return sequence @ dense[:-1] + dense[-1]


def softmaxes(logits, sizes):
    fields = np.split(logits, np.cumsum(sizes)[:-1], axis=-1)
    exponentials = [np.exp(field - field.max(-1, keepdims=True)) for field in fields]
    return [e / e.sum(-1, keepdims=True) for e in exponentials]


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("streams", [1, 4])
def test_logits_equal_the_formula(layers, bidirectional, streams):
    shape = LstmShape(SIZES, 6, layers, bidirectional)
    tensors = random_tensors(shape)
    indices = random_indices(SIZES, 12, streams)

    logits = Lstm(shape, tensors).logits(indices)

    assert logits.shape == (12, streams, sum(SIZES))
    for stream in range(streams):
        expected = reference_logits(shape, tensors, indices[:, stream])
        np.testing.assert_allclose(logits[:, stream], expected, atol=2e-5)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("streams", [1, 2, 9])
def test_steps_equal_whole_sequences(layers, streams):
    shape = LstmShape(SIZES, 6, layers)
    lstm = Lstm(shape, random_tensors(shape))
    indices = random_indices(SIZES, 20, streams)
    expected = softmaxes(lstm.logits(indices), SIZES)

    session = lstm.session(streams)
    for t in range(20):
        for probabilities, field in zip(session.step(indices[t]), expected, strict=True):
            np.testing.assert_allclose(probabilities, field[t], atol=1e-6)


@pytest.mark.parametrize("streams", [1, 3])
def test_fields_that_are_only_read_have_rows_but_no_softmax(streams):
    shape = LstmShape(SIZES, 6, extra_inputs=(4,))
    tensors = random_tensors(shape)
    assert tensors["lstm.0.forward"].shape == (sum(SIZES) + 4 + 6 + 1, 24)
    indices = random_indices((*SIZES, 4), 8, streams)
    lstm = Lstm(shape, tensors)

    logits = lstm.logits(indices)

    assert logits.shape == (8, streams, sum(SIZES))
    for stream in range(streams):
        expected = reference_logits(shape, tensors, indices[:, stream])
        np.testing.assert_allclose(logits[:, stream], expected, atol=2e-5)
    session = lstm.session(streams)
    for t in range(8):
        probabilities = session.step(indices[t])
    assert [field.shape for field in probabilities] == [(streams, size) for size in SIZES]
    for ours, field in zip(probabilities, softmaxes(logits[-1], SIZES), strict=True):
        np.testing.assert_allclose(ours, field, atol=1e-6)


def test_state_carries_over_between_calls_and_sessions():
    shape = LstmShape(SIZES, 6, layers=2)
    lstm = Lstm(shape, random_tensors(shape))
    indices = random_indices(SIZES, 10, 3)
    whole = lstm.logits(indices)

    first = lstm.session(3)
    np.testing.assert_array_equal(lstm.logits(indices[:4], first), whole[:4])
    second = lstm.session(3, first.h, first.c)
    np.testing.assert_allclose(lstm.logits(indices[4:], second), whole[4:], atol=1e-6)


def test_state_is_what_the_formula_says():
    shape = LstmShape((2,), 3)
    tensors = random_tensors(shape)
    session = Lstm(shape, tensors).session(1)
    session.step(np.array([[1]]))

    inputs = one_hot_row([1], (2,))[None]
    np.testing.assert_allclose(
        session.h[0], reference_layer(tensors["lstm.0.forward"], inputs, 3), atol=1e-6
    )
    assert session.c.shape == (1, 1, 3)


def test_sessions_do_not_share_state():
    shape = LstmShape(SIZES, 6)
    lstm = Lstm(shape, random_tensors(shape))
    indices = random_indices(SIZES, 5, 1)
    alone = lstm.logits(indices)
    other = lstm.session(1)
    for t in range(5):
        other.step(indices[t])
    np.testing.assert_array_equal(lstm.logits(indices), alone)


def test_weights_given_are_not_changed():
    shape = LstmShape(SIZES, 6, layers=2)
    tensors = random_tensors(shape)
    before = {name: array.copy() for name, array in tensors.items()}
    lstm = Lstm(shape, tensors)
    lstm.session(1).step(random_indices(SIZES, 1, 1)[0])
    for name, array in tensors.items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize("streams", [1, 5])
@pytest.mark.parametrize("level", [-300.0, 300.0])
def test_softmax_survives_extreme_logits(streams, level):
    shape = LstmShape((3, 2), 4)
    tensors = random_tensors(shape)
    tensors["dense"][-1] = [level, level + 1, level, -level, -level]

    note, ticks = Lstm(shape, tensors).session(streams).step(random_indices((3, 2), 1, streams)[0])

    for probabilities in (note, ticks):
        assert np.isfinite(probabilities).all()
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert (note.argmax(axis=1) == 1).all()


def test_published_sizes():
    classic = LstmShape((17, 209), 200).tensors()
    assert classic == {"lstm.0.forward": (427, 800), "dense": (201, 226)}
    bidirectional = LstmShape((15, 147), 200, bidirectional=True)
    assert bidirectional.parameters == 580_800 + 64_962


@pytest.mark.parametrize(
    ("sizes", "hidden", "layers", "match"),
    [
        ((), 4, 1, "every field size must be at least 1, got 0"),
        ((3, 0), 4, 1, "every field size must be at least 1, got 0"),
        ((3,), 0, 1, r"hidden must be in \[1, 8192\], got 0"),
        ((3,), 4, 0, r"layers must be in \[1, 64\], got 0"),
    ],
)
def test_impossible_sizes_are_refused(sizes, hidden, layers, match):
    with pytest.raises(InvalidValueError, match=match):
        LstmShape(sizes, hidden, layers)


def test_wrong_tensors_are_refused():
    shape = LstmShape(SIZES, 6)
    tensors = random_tensors(shape)
    with pytest.raises(InvalidValueError, match=r"dense must have shape \(7, 15\), got nothing"):
        Lstm(shape, {"lstm.0.forward": tensors["lstm.0.forward"]})
    tensors["dense"] = tensors["dense"][:-1]
    with pytest.raises(InvalidValueError, match=r"dense must have .* got \(6, 15\)"):
        Lstm(shape, tensors)


def test_wrong_states_and_streams_are_refused():
    shape = LstmShape(SIZES, 6)
    lstm = Lstm(shape, random_tensors(shape))
    with pytest.raises(InvalidValueError, match=r"h must have shape \(1, 2, 6\), got \(1, 6\)"):
        lstm.session(2, np.zeros((1, 6), np.float32))
    with pytest.raises(InvalidValueError, match="streams must be at least 1, got 0"):
        lstm.session(0)


@pytest.mark.parametrize("streams", [1, 2])
def test_indices_out_of_range_are_refused_by_whole_sequences(streams):
    shape = LstmShape(SIZES, 6)
    lstm = Lstm(shape, random_tensors(shape))
    indices = random_indices(SIZES, 4, streams)
    indices[2, 0, 1] = 7
    with pytest.raises(InvalidValueError, match=r"field 1 must be in \[0, 7\), got 7"):
        lstm.logits(indices)
