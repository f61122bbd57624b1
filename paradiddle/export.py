"""The *bin* form: a drummer's bare matrices for other programs, and theirs for ours.

ONNX and Core ML have modules of their own, `paradiddle.onnx_export` and `paradiddle.coreml_export`.

This form is that of the published LSTM drummer: ``Wx.bin`` holds the gates' matrix, ``Wy.bin``
the output's, float32, little-endian, row-major. Rows of ``Wx`` are the inputs (one a value of each
field, and last of each place in the bar where the model reads it), the hidden state and a bias; its
column blocks are the gates f, i, o, g. Rows of ``Wy`` are the hidden state and a bias. Stacked
layers follow as ``Wx2.bin``, ``Wx3.bin`` and so on.
"""

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.drummer_file import read_model, write_model
from paradiddle.encoding import Vocabulary
from paradiddle.engine import LstmShape
from paradiddle.errors import InvalidValueError, ModelError, ParadiddleError
from paradiddle.export_files import staged

__all__ = ["VOCABULARY", "export_bin", "import_bin", "read_table"]

VOCABULARY = "vocabulary.json"

_FORMAT = 1
_FLOAT = np.dtype("<f4")


def export_bin(model: str | Path, folder: Path, force: bool = False) -> list[Path]:
    """Write a drummer's matrices and tables.

    Parameters
    ----------
    model : str or Path
        A drummer's model file.
    folder : Path
        Made when missing.
    force : bool, default False
        Whether to replace files that are there.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    ModelError
        If the model cannot be read, or reads backwards, which this form cannot express.
    OutputError
        If a file exists and `force` is not given, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from paradiddle.drummer import DEFAULT_MODEL
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = export_bin(DEFAULT_MODEL, Path(folder))
    >>> [path.name for path in written]
    ['Wx.bin', 'Wy.bin', 'vocabulary.json']
    """
    shape, vocabulary, file = read_model(model)
    if shape.bidirectional:
        raise ModelError(f"{model} is bidirectional; the bin form has no backward half")
    contents = {
        _layer_name(layer): _bytes(file.tensors[f"lstm.{layer}.forward"])
        for layer in range(shape.layers)
    }
    contents["Wy.bin"] = _bytes(file.tensors["dense"])
    tables = _tables(shape, vocabulary, file.document)
    contents[VOCABULARY] = (json.dumps(tables, indent=1) + "\n").encode()
    with staged(folder, list(contents), force) as hidden:
        for name, data in contents.items():
            (hidden / name).write_bytes(data)
    return [folder / name for name in contents]


def import_bin(
    files: Sequence[Path],
    target: str | Path,
    notes: Sequence[int] | None = None,
    ticks: Sequence[int] | None = None,
) -> LstmShape:
    """Read matrices in the bin form and write a model file.

    Parameters
    ----------
    files : sequence of Path
        A folder that `export_bin` wrote, or ``Wx.bin`` and ``Wy.bin`` of a one-layer drummer.
    target : str or Path
        Model file to write.
    notes, ticks : sequence of int, optional
        MIDI pitch and ticks of each index; needed for two bare matrices.

    Returns
    -------
    LstmShape
        What was found.

    Raises
    ------
    ModelError
        If a file is missing, of the wrong size for the tables, or holds NaN.
    InvalidValueError
        If the tables are missing or make no sense.

    Examples
    --------
    >>> import tempfile
    >>> from paradiddle.drummer import DEFAULT_MODEL
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = export_bin(DEFAULT_MODEL, Path(folder))
    ...     import_bin([Path(folder)], Path(folder, "again.safetensors")).hidden
    288
    """
    if len(files) == 1 and files[0].is_dir():
        if notes or ticks:
            raise InvalidValueError(f"{files[0]} brings its own tables; leave out notes and ticks")
        return _import_folder(files[0], target)
    if len(files) != 2:
        raise InvalidValueError(
            f"give a folder, or Wx.bin and Wy.bin; got {', '.join(map(str, files))}"
        )
    if not notes or not ticks:
        raise InvalidValueError("two bare matrices need their tables: give notes and ticks")
    vocabulary = Vocabulary(tuple(notes), tuple(ticks))
    hidden = _hidden_units(files[0], sum(vocabulary.sizes))
    shape = LstmShape(vocabulary.sizes, hidden)
    _import(shape, vocabulary, {}, {"lstm.0.forward": files[0], "dense": files[1]}, target)
    return shape


def read_table(text: str) -> list[int]:
    """Read a table of whole numbers: a list such as ``36,38,42``, or the name of a file of one.

    A file may hold numbers parted by commas or white space, a JSON list, or a JSON object from
    index to number.

    Returns
    -------
    list of int

    Raises
    ------
    InvalidValueError
        If it holds anything else.

    Examples
    --------
    >>> read_table("36, 38 42")
    [36, 38, 42]
    """
    try:
        # not Path.is_file, which raises where a list is too long for a name
        is_file = os.path.isfile(text)  # noqa: PTH113
        content = Path(text).read_text(encoding="utf-8") if is_file else text
        if content.lstrip().startswith("{"):
            by_index = {int(index): int(value) for index, value in json.loads(content).items()}
            return [by_index[index] for index in range(len(by_index))]
        return [int(value) for value in content.strip(" \n[]").replace(",", " ").split()]
    except (ValueError, KeyError, TypeError, OSError):
        raise InvalidValueError(
            f"not a table of whole numbers: {text[:80]!r}; give 36,38,42 or a file of such"
        ) from None


def _layer_name(layer: int) -> str:
    """File of a layer's matrix."""
    return "Wx.bin" if layer == 0 else f"Wx{layer + 1}.bin"


def _bytes(array: NDArray[np.float32]) -> bytes:
    return array.astype(_FLOAT).tobytes()


def _tables(
    shape: LstmShape, vocabulary: Vocabulary, document: Mapping[str, Any]
) -> dict[str, Any]:
    """Collect what another program needs to use the matrices."""
    encoding = document.get("encoding", {})
    return {
        "format": _FORMAT,
        "notes": list(vocabulary.notes),
        "ticks": list(vocabulary.ticks),
        "velocities": list(vocabulary.velocities),
        "places": vocabulary.places,
        "ticks_per_bar": vocabulary.ticks_per_bar,
        "hidden": shape.hidden,
        "layers": shape.layers,
        "gates": "fiog",
        "ticks_per_quarter": encoding.get("ticks_per_quarter"),
        "qpm": encoding.get("qpm"),
        "resolution": encoding.get("resolution"),
        "attribution": document.get("training", {}).get("attribution", ""),
    }


def _import_folder(folder: Path, target: str | Path) -> LstmShape:
    """Import what `export_bin` wrote."""
    path = folder / VOCABULARY
    try:
        tables = json.loads(path.read_text(encoding="utf-8"))
        if tables["format"] != _FORMAT:
            raise ModelError(f"{path} is of format {tables['format']!r}; format {_FORMAT} is known")
        vocabulary = Vocabulary(
            tuple(tables["notes"]),
            tuple(tables["ticks"]),
            tuple(tables["velocities"]),
            int(tables["places"]),
            int(tables["ticks_per_bar"]),
        )
        shape = LstmShape(
            vocabulary.sizes,
            int(tables["hidden"]),
            int(tables["layers"]),
            extra_inputs=vocabulary.extra_inputs,
        )
    except ParadiddleError:
        raise
    except OSError as error:
        raise ModelError(
            f"cannot read {path}: {error.strerror}; bare matrices need notes and ticks"
        ) from None
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ModelError(f"the tables {path} are damaged: {error!r}; export them again") from None
    files = {f"lstm.{layer}.forward": folder / _layer_name(layer) for layer in range(shape.layers)}
    encoding = {name: tables[name] for name in ("qpm", "resolution") if tables.get(name)}
    document = {
        "encoding": encoding,
        "training": {"attribution": tables.get("attribution", "")},
    }
    _import(shape, vocabulary, document, files | {"dense": folder / "Wy.bin"}, target)
    return shape


def _import(
    shape: LstmShape,
    vocabulary: Vocabulary,
    document: Mapping[str, Any],
    files: Mapping[str, Path],
    target: str | Path,
) -> None:
    """Read each matrix, check it and write the model file."""
    tensors = {name: _matrix(files[name], size) for name, size in shape.tensors().items()}
    write_model(target, shape, vocabulary, document, tensors)


def _matrix(path: Path, size: tuple[int, int]) -> NDArray[np.float32]:
    """Read one matrix of a known size."""
    data = _read(path)
    wanted = size[0] * size[1] * _FLOAT.itemsize
    if len(data) != wanted:
        raise ModelError(
            f"{path} has {len(data):,} bytes; {size[0]} x {size[1]} float32 are {wanted:,};"
            " check that tables and matrices belong together"
        )
    matrix = np.frombuffer(data, _FLOAT).reshape(size).astype(np.float32)
    if not np.isfinite(matrix).all():
        raise ModelError(f"{path} holds NaN or infinity; export it again")
    return matrix


def _hidden_units(path: Path, inputs: int) -> int:
    """Solve (inputs + H + 1) * 4H * 4 bytes for H."""
    size = len(_read(path))
    half = (inputs + 1) / 2
    hidden = round(math.sqrt(half * half + size / 16) - half)
    if hidden < 1 or (inputs + hidden + 1) * 16 * hidden != size:
        raise ModelError(
            f"{path} has {size:,} bytes, which fits no number of units with {inputs} inputs;"
            " check the tables of notes and ticks"
        )
    return hidden


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}") from None
