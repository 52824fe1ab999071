"""What a measure is, and how long the rows take."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """A row of the table: what it says, in which unit, and what `rpm` is to reach.

    The target is a number, None, or the name of the manager whose figure of the same run is it;
    then `share` is the part of that figure which it may be.
    """

    name: str
    title: str
    unit: str
    target: object
    more_is_better: bool = False
    share: float = 1.1


@dataclass(frozen=True)
class Plan:
    """Counts and lengths of one run."""

    list_times: int = 10
    settle_s: float = 3.0
    idle_s: float = 20.0
    kills: int = 10
    lines: int = 1_000_000
    load_s: float = 4.0
    connections: int = 16
    reloads: int = 10
