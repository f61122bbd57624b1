"""The exceptions of paradiddle, one root for all.

Every message says what was wrong, the value received, what is allowed and what to do.
"""

__all__ = [
    "AudioError",
    "CorpusError",
    "InvalidValueError",
    "MidiError",
    "MissingExtraError",
    "ModelError",
    "OutputError",
    "ParadiddleError",
    "PortError",
]


class ParadiddleError(Exception):
    """Root of everything paradiddle raises on purpose."""


class InvalidValueError(ParadiddleError, ValueError):
    """An argument lies outside its range or has the wrong shape or type.

    Parameters
    ----------
    message : str
    field : str
        The argument it is about, dotted where it is a part of one; empty where it is none.

    Examples
    --------
    >>> InvalidValueError("the pattern has no hits", field="pattern.hits").field
    'pattern.hits'
    """

    def __init__(self, message: str = "", *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class MidiError(ParadiddleError, ValueError):
    """A Standard MIDI File cannot be read, or holds no drums."""


class CorpusError(ParadiddleError, ValueError):
    """A folder of MIDI files, or what its filters leave, is unfit for the purpose."""


class ModelError(ParadiddleError, ValueError):
    """A model file is damaged, of another version, or does not fit what is asked of it."""


class AudioError(ParadiddleError, OSError):
    """Sound cannot be rendered, written or played."""


class PortError(ParadiddleError, OSError):
    """A MIDI port cannot be found, opened or heard."""


class OutputError(ParadiddleError, OSError):
    """A result cannot be written where it was asked for; nothing was left half-written."""


class MissingExtraError(ParadiddleError, ImportError):
    """A feature needs an optional dependency that is not installed.

    Parameters
    ----------
    feature : str
        What was asked for, as the start of a sentence.
    extra : str
        The extra of the package that brings the dependency.
    problem : str, default ""
        What is needed and what to do, where installing the extra would not help.

    Examples
    --------
    >>> print(MissingExtraError("training", "train"))
    training needs an extra that is not installed; run: pip install 'paradiddle[train]', ...
    """

    def __init__(self, feature: str, extra: str, problem: str = "") -> None:
        missing = (
            "an extra that is not installed;"
            f" run: pip install 'paradiddle[{extra}]', in a checkout: pip install '.[{extra}]'"
        )
        super().__init__(f"{feature} needs {problem or missing}")
