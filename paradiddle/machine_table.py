"""The figures of `paradiddle.machine_report` as rows to read."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from paradiddle.likeness import ITEMS

__all__ = ["HEAD", "Row", "rows"]

_NONE = "-"
_MODELS = ("machine", "latent")
HEAD = ("figure", "machine", "latent", "baseline or real", "best known before")


class Row(NamedTuple):
    """One figure of each model, and what to hold it against.

    Attributes
    ----------
    figure : str
        What it is, and which way is better.
    machine, latent : str
        Of the models measured, ``-`` where there is none.
    beside : str
        Of baselines or real music, measured in the same run.
    known : str
        As others report it; not measured here.
    """

    figure: str
    machine: str = _NONE
    latent: str = _NONE
    beside: str = _NONE
    known: str = _NONE


_LIKELIHOODS = {
    "next_step": ("next step given all before, bits/16th", "1.940 LSTM 2x256"),
    "nothing": ("two bars from nothing, bits/16th", "2.186 prototype"),
    "second_bar": ("second bar given the first, bits/16th", "2.048 prototype"),
    "tap": ("tap to drums, bits/16th", "2.819 Monotonic Groove Transformer"),
}
_TAPS = {
    "f1": ("tap to drums, {}: hit F1", ".621 Monotonic Groove Transformer"),
    "exact_steps": (
        "tap to drums, {}: exact sounding steps",
        ".310 Monotonic Groove Transformer",
    ),
}
_ERRORS = {
    "offset_mae_ms": ("offset MAE, ms", 2, "18.80 GrooVAE"),
    "offset_mse": ("offset MSE, 16ths squared", 4, ".032 GrooVAE"),
    "velocity_mae": ("velocity MAE", 3, _NONE),
}
_SPREADS = {
    "timing": ("timing KL", ".31 GrooVAE, other bins"),
    "velocity": ("velocity KL", ".08 GrooVAE, other bins"),
}
_RECONSTRUCTION = {
    "f1": ("hit F1", 3),
    "exact_all_steps": ("exact steps", 3),
    "exact_steps": ("exact sounding steps", 3),
    "velocity_mae": ("velocity MAE", 3),
    "offset_mae_ms": ("offset MAE, ms", 2),
}


def rows(report: Mapping[str, Any]) -> list[Row]:
    """Lay out a report, likelihoods first."""
    return [
        *_likelihoods(report["likelihood"]),
        *_taps(report["tap"]),
        *_humanizing(report["humanize"]),
        *_reconstructing(report["reconstruction"]),
        *_styles(report["style"]),
        *_likeness(report["likeness"]),
        Row(
            "two-bar hit patterns copied from train",
            *_both(report["copies"], _share),
            f"{_share(report['copies']['real'])} real windows",
        ),
    ]


def _likelihoods(found: Mapping[str, Any]) -> list[Row]:
    machine = found.get("machine", {})
    return [
        Row(
            title,
            _number(machine.get(name)),
            beside=_beside({by: figures.get(name) for by, figures in found.items()}),
            known=known,
        )
        for name, (title, known) in _LIKELIHOODS.items()
    ]


def _taps(found: Mapping[str, Any]) -> list[Row]:
    machine = found.get("machine", {})
    ways = ("greedy", *(way for way in ("sampled", "consensus") if way in machine))
    return [
        Row(
            title.format(way if way != "consensus" else f"consensus of {machine['samples']}"),
            _number(machine.get(way, {}).get(name)),
            beside=_beside({by: got.get(way, {}).get(name) for by, got in found.items()}),
            known=known if way != "sampled" else _NONE,
        )
        for way in ways
        for name, (title, known) in _TAPS.items()
    ]


def _humanizing(found: Mapping[str, Any]) -> list[Row]:
    machine = found.get("machine", {})
    ways = {
        "steady": "temperature 0",
        "median": "median, each given those before",
        "marginal_median": f"marginal median, {machine.get('samples')} samples",
        "sampled": "one sample",
    }
    points = {by: got["point"] for by, got in found.items() if "point" in got}
    errors = [
        Row(
            f"humanize, {title}: {unit}",
            _number(machine.get(way, {}).get(name), digits),
            beside=_beside({by: got[name] for by, got in points.items()}, digits),
            known=known,
        )
        for way, title in ways.items()
        if way in machine or (way == "steady" and not machine)
        for name, (unit, digits, known) in _ERRORS.items()
    ]
    spreads = {by: got["spread"] for by, got in found.items() if by != "machine"}
    return errors + [
        Row(
            f"humanize, sampled: {title}",
            _number(machine.get("spread", {}).get(name)),
            beside=_beside({by: got[name] for by, got in spreads.items()}),
            known=known,
        )
        for name, (title, known) in _SPREADS.items()
    ]


def _reconstructing(found: Mapping[str, Any]) -> list[Row]:
    return [
        Row(f"reconstruction: {title}", latent=_number(found["latent"].get(name), digits))
        for name, (title, digits) in _RECONSTRUCTION.items()
        if "latent" in found
    ]


def _styles(found: Mapping[str, Any]) -> list[Row]:
    real = found["real"]
    known = found.get("real, known styles", {})
    mixed = {name: got["in_the_real_mix"] for name, got in found.items() if name in _MODELS}
    return [
        Row(
            "style named rightly, each style alike",
            *_both({name: found[name]["balanced"] for name in mixed}, _share),
            f"{_share(known.get('balanced'))} real windows",
        ),
        Row(
            "style named rightly, styles in the real mix",
            *_both(mixed, _share),
            f"{_share(known.get('accuracy'))} real windows; {_share(real['accuracy'])} of all"
            f" styles; {_share(real['commonest'])} always the commonest",
        ),
    ]


def _likeness(found: Mapping[str, Any]) -> list[Row]:
    return [
        Row(
            f"overlap with train: {item}",
            *_both({name: got[item] for name, got in found.items()}, _share),
            f"{_share(found['real'][item])} real windows;"
            f" {_share(found['position marginals'][item])} position marginals",
        )
        for item in ITEMS
    ]


def _both(found: Mapping[str, Any], write: Any) -> tuple[str, str]:
    return write(found.get("machine")), write(found.get("latent"))


def _beside(found: Mapping[str, float | None], digits: int = 3) -> str:
    """Every baseline that has the figure, by name."""
    named = {name: value for name, value in found.items() if name != "machine"}
    written = [
        f"{_number(value, digits)} {name}" for name, value in named.items() if value is not None
    ]
    return "; ".join(written) or _NONE


def _number(value: float | None, digits: int = 3) -> str:
    return _NONE if value is None else f"{value:.{digits}f}"


def _share(value: float | None) -> str:
    return _NONE if value is None else f"{value:.1%}"
