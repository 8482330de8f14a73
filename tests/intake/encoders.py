"""A very small file of the encoder's kind: two layers, a few pieces."""

import struct
from pathlib import Path

import numpy as np

PIECES = ("<s>", "<pad>", "</s>", "<unk>", "\u2581", "\u2581my", "\u2581cat", "s", "c", "a", "t")
SCORES = (0.0, 0.0, 0.0, 0.0, -3.0, -2.0, -2.0, -3.0, -4.0, -4.0, -4.0)
WIDTH, HEADS, INNER, LAYERS = 32, 2, 64, 2


def write(path: Path) -> None:
    """The same bytes each time."""
    chance = np.random.default_rng(5)
    arrays = {"emb.word": _packed(chance, (len(PIECES), WIDTH))}
    for name, size in (("pos", 512 * WIDTH), ("type", WIDTH), ("ln.w", WIDTH), ("ln.b", WIDTH)):
        arrays[f"emb.{name}"] = chance.normal(size=size).astype("<f4").tobytes()
    for layer in range(LAYERS):
        for name, outputs, inputs in (
            ("q", WIDTH, WIDTH),
            ("k", WIDTH, WIDTH),
            ("v", WIDTH, WIDTH),
            ("ao", WIDTH, WIDTH),
            ("fi", INNER, WIDTH),
            ("fo", WIDTH, INNER),
        ):
            arrays[f"l{layer}.{name}.w"] = _packed(chance, (outputs, inputs))
            arrays[f"l{layer}.{name}.b"] = np.zeros(outputs, "<f4").tobytes()
        for name in ("aln", "oln"):
            arrays[f"l{layer}.{name}.w"] = np.ones(WIDTH, "<f4").tobytes()
            arrays[f"l{layer}.{name}.b"] = np.zeros(WIDTH, "<f4").tobytes()
    path.write_bytes(_file(arrays))


def _packed(chance: np.random.Generator, shape: tuple[int, int]) -> bytes:
    """Four bits each, every 32 with a scale: the first sixteen in the low halves of the bytes."""
    small = chance.integers(0, 16, (shape[0] * shape[1] // 32, 32)).astype(np.uint8)
    scale = np.full((len(small), 1), 0.125, "<f2").view(np.uint8)
    return np.concatenate([scale, small[:, :16] | small[:, 16:] << 4], axis=1).tobytes()


def _file(arrays: dict[str, bytes]) -> bytes:
    head = b"E5S1" + struct.pack("<i", 1)
    head += struct.pack("<7i", WIDTH, LAYERS, HEADS, INNER, len(PIECES), 512, 1)
    head += struct.pack("<fi", 1e-12, 32)
    blob = [piece.encode() for piece in PIECES]
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, blob)))
    places = np.cumsum([0, *map(len, blob)])
    head += places.astype("<u4").tobytes() + np.array(SCORES, "<f4").tobytes() + b"".join(blob)
    head += struct.pack("<iI", 1, 4) + b"skip"
    at = len(head) + 4 + sum(2 + len(name.encode()) + 21 for name in arrays)
    listed = struct.pack("<i", len(arrays))
    for name, content in arrays.items():
        listed += struct.pack("<H", len(name)) + name.encode()
        listed += struct.pack("<BIQQ", 0, 0, at, len(content))
        at += len(content)
    return head + listed + b"".join(arrays.values())
