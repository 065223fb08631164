"""Small line charts as real PNG files, written with zlib and nothing else."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

WIDTH, HEIGHT, MARGIN = 320, 128, 12
# Palette: paper, grid, line, target.
PALETTE = bytes.fromhex("fdfbf7e4ddd16b42262f7d6d")
GRID, LINE, TARGET = 1, 2, 3


def chart(values: Sequence[float], target: float) -> bytes:
    """A line through `values` (at least two) with the target as a dotted rule; PNG bytes."""
    low, high = min(*values, target), max(*values, target)
    span = (high - low) or 1.0
    rows = [bytearray(WIDTH) for _ in range(HEIGHT)]

    def height(value: float) -> int:
        return round(HEIGHT - MARGIN - (value - low) / span * (HEIGHT - 2 * MARGIN))

    for step in range(5):
        y = MARGIN + step * (HEIGHT - 2 * MARGIN) // 4
        rows[y][MARGIN : WIDTH - MARGIN] = bytes([GRID]) * (WIDTH - 2 * MARGIN)
    for x in range(MARGIN, WIDTH - MARGIN, 4):
        rows[height(target)][x] = TARGET
    before = height(values[0])
    for x in range(MARGIN, WIDTH - MARGIN):
        place = (x - MARGIN) / (WIDTH - 2 * MARGIN - 1) * (len(values) - 1)
        left = min(int(place), len(values) - 2)
        now = height(values[left] + (values[left + 1] - values[left]) * (place - left))
        for y in range(min(before, now), max(before, now) + 2):
            rows[y][x] = LINE
        before = now
    return _png(rows)


def empty_panel() -> bytes:
    """The picture a dashboard sends when it has no renderer: a frame and a cross, always the same bytes."""
    rows = [bytearray(WIDTH) for _ in range(HEIGHT)]
    for x in range(WIDTH):
        rows[0][x] = rows[-1][x] = GRID
        rows[x * (HEIGHT - 1) // (WIDTH - 1)][x] = LINE
        rows[HEIGHT - 1 - x * (HEIGHT - 1) // (WIDTH - 1)][x] = LINE
    return _png(rows)


def _png(rows: list[bytearray]) -> bytes:
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows), 6)
    chunks = ((b"IHDR", header), (b"PLTE", PALETTE), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
