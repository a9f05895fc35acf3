"""What changed between two grids of cells: spans, and rows that moved.

A grid is a sequence of rows, a row a sequence of cells; both grids have the same size.
The same code serves cells and glyphs (`draw/glyph.py`): whatever has a character, which
is "" for the right half of a wide one.

Laws:

1. `apply(diff(before, after), before) == after`, and `diff(x, x) == []`.
2. A span never cuts through a wide character, neither one of before nor one of after.
3. `find_shift` only proposes. What the rows look like after it is `Shift.apply`'s business,
   and the difference that is left is diff's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


class HasCharacter(Protocol):
    """A cell, as far as it matters here."""

    @property
    def character(self) -> str:
        """The character; "" for the right half of the wide one before it."""
        ...


C = TypeVar("C", bound=HasCharacter)


class Span(NamedTuple, Generic[C]):
    """A run of changed cells: what stands now at (row, column) and to the right of it."""

    row: int
    column: int
    cells: tuple[C, ...]


def row_diff(row: int, before: Sequence[C], after: Sequence[C]) -> list[Span[C]]:
    """Return the spans of one row, from left to right."""
    changed = [
        column for column, (old, new) in enumerate(zip(before, after, strict=True)) if old != new
    ]
    ranges: list[list[int]] = []
    for column in changed:
        if ranges and column < ranges[-1][1]:
            continue  # the right half of a wide character that was taken whole
        start, end = column, column + 1
        while start and "" in (before[start].character, after[start].character):
            start -= 1
        while end < len(after) and "" in (before[end].character, after[end].character):
            end += 1
        if ranges and start == ranges[-1][1]:
            ranges[-1][1] = end
        else:
            ranges.append([start, end])
    return [Span(row, start, tuple(after[start:end])) for start, end in ranges]


def diff(before: Sequence[Sequence[C]], after: Sequence[Sequence[C]]) -> list[Span[C]]:
    """Return what has to be written over `before` to make it `after`, row by row."""
    return [
        span
        for row, (old, new) in enumerate(zip(before, after, strict=True))
        if old is not new
        for span in row_diff(row, old, new)
    ]


def apply(spans: Iterable[Span[C]], grid: Sequence[Sequence[C]]) -> tuple[tuple[C, ...], ...]:
    """Return the grid with the spans written over it."""
    rows = [list(row) for row in grid]
    for row, column, cells in spans:
        rows[row][column : column + len(cells)] = cells
    return tuple(map(tuple, rows))


R = TypeVar("R")


class Shift(NamedTuple):
    """Rows `top` to `bottom` (inclusive) move up by `distance` rows, or down by `-distance`."""

    top: int
    bottom: int
    distance: int

    def apply(self, rows: Sequence[R], blank: R) -> list[R]:
        """Return the rows after the shift; those that come in are `blank`."""
        block = rows[self.top : self.bottom + 1]
        if self.distance > 0:
            moved = [*block[self.distance :], *[blank] * self.distance]
        else:
            moved = [*[blank] * -self.distance, *block[: self.distance]]
        return [*rows[: self.top], *moved, *rows[self.bottom + 1 :]]


def _candidate_distances(before: Sequence[R], after: Sequence[R]) -> list[int]:
    """Return by how many rows things may have moved, the likeliest first, at most three."""
    places: dict[R, list[int]] = {}
    for row, (old, new) in enumerate(zip(before, after, strict=True)):
        if old != new:
            places.setdefault(new, []).append(row)
    votes: dict[int, int] = {}
    for row, (old, new) in enumerate(zip(before, after, strict=True)):
        found = places.get(old, ())
        if old != new and len(found) < 4:  # rows that are everywhere (blank ones) tell nothing
            for place in found:
                votes[row - place] = votes.get(row - place, 0) + 1
    return sorted(votes, key=lambda distance: (-votes[distance], abs(distance)))[:3]


def _best_run(gains: Sequence[int]) -> tuple[int, int]:
    """Return (first, last) of the run with the greatest sum, the shortest of equals (Kadane)."""
    best, best_first, best_last = 0, 0, 0
    total, first = 0, 0
    for index, gain in enumerate(gains):
        if total <= 0:
            total, first = 0, index
        total += gain
        if total > best:
            best, best_first, best_last = total, first, index
    return best_first, best_last


def find_shift(
    before: Sequence[R],
    after: Sequence[R],
    blank: R,
    row_cost: Callable[[R, R], int],
    shift_cost: Callable[[Shift], int],
    edges: tuple[int, ...],
) -> Shift | None:
    """Return the one shift that saves the most bytes, or None if none saves any.

    `row_cost(old, new)` is about how many bytes turn one row into another, `shift_cost`
    how many the shift itself takes, and `edges` the rows where a region would begin or
    end cheaply (the region already set, the cursor's row); at equal cost the larger region.
    """
    height = len(before)
    best, best_saved = None, 0
    candidates = _candidate_distances(before, after)
    here = (
        [row_cost(old, new) for old, new in zip(before, after, strict=True)] if candidates else []
    )
    for distance in candidates:
        steps = abs(distance)
        # gains[index]: what is saved when `index + source` lands on `index + target`.
        source, target = (steps, 0) if distance > 0 else (0, steps)
        gains = [
            here[index + target] - row_cost(before[index + source], after[index + target])
            for index in range(height - steps)
        ]
        revealed = [cost - row_cost(blank, new) for cost, new in zip(here, after, strict=True)]
        first, last = _best_run(gains)
        for top in {0, first, *edges}:
            for bottom in {height - 1, last + steps, *edges}:
                if bottom - top < steps:
                    continue  # nothing would move
                shift = Shift(top, bottom, distance)
                comes_in = bottom - steps + 1 if distance > 0 else top
                saved = sum(gains[top : bottom + 1 - steps])
                saved += sum(revealed[comes_in : comes_in + steps]) - shift_cost(shift)
                larger = best is not None and bottom - top > best.bottom - best.top
                if saved > best_saved or (saved == best_saved and larger):
                    best, best_saved = shift, saved
    return best
