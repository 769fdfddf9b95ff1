"""What happens when many viewers come back at once: a simulation in events, without clocks or sockets."""

import heapq
import itertools
import random
from collections import deque
from dataclasses import dataclass
from enum import Enum, auto

#: A viewer's wait before try n is drawn from 0 to min(20 s, 0.5 s · 2ⁿ): docs/protocol.md, close codes.
FIRST_WAIT_SECS = 0.5
LONGEST_WAIT_SECS = 20.0
#: Connections that wait to be taken: BACKLOG in crates/server/src/web.
BACKLOG = 4096
#: What a node keeps free for lines that are shown meanwhile, whatever its load.
LEAST_SHARE = 0.05


@dataclass(frozen=True)
class Node:
    """A machine that serves viewers."""

    cores: float
    #: Processor time of a connection with its welcome, in seconds.
    arrival_secs: float
    #: Share of one core that a viewer who watches takes.
    viewer_share: float

    def load(self, viewers: int) -> float:
        """Share of the machine that its viewers take."""
        return viewers * self.viewer_share / self.cores

    def service_secs(self, viewers: int) -> float:
        """How long one arrival takes while so many watch and nobody else comes."""
        return self.arrival_secs / (self.cores * max(LEAST_SHARE, 1.0 - self.load(viewers)))


@dataclass(frozen=True)
class Outcome:
    """When they were back."""

    half_secs: float
    nearly_all_secs: float
    all_secs: float
    longest_queue: int
    refused: int


class Kind(Enum):
    """What happens next."""

    TRY = auto()
    SERVED = auto()


def storm(node: Node, nodes: int, staying: int, coming: int, seed: int = 1) -> Outcome:
    """`coming` viewers lose their node at once and are spread at random over `nodes` others, each of which already has
    `staying` viewers. One that finds the queue full tries again later, as a page does."""
    chance = random.Random(seed)
    order = itertools.count()
    viewers = [staying] * nodes
    waiting: list[deque[int]] = [deque() for _ in range(nodes)]
    busy = [False] * nodes
    back: list[float] = []
    longest = refused = 0
    events: list[tuple[float, int, Kind, int, int]] = []

    def later(now: float, attempt: int) -> None:
        wait = chance.uniform(0.0, min(LONGEST_WAIT_SECS, FIRST_WAIT_SECS * 2.0**attempt))
        heapq.heappush(events, (now + wait, next(order), Kind.TRY, chance.randrange(nodes), attempt))

    def serve(now: float, place: int) -> None:
        busy[place] = True
        done = now + node.service_secs(viewers[place])
        heapq.heappush(events, (done, next(order), Kind.SERVED, place, 0))

    for _ in range(coming):
        later(0.0, 0)
    while events:
        now, _, kind, place, attempt = heapq.heappop(events)
        if kind is Kind.TRY:
            if len(waiting[place]) >= BACKLOG:
                refused += 1
                later(now, attempt + 1)
                continue
            waiting[place].append(attempt)
            longest = max(longest, len(waiting[place]))
        else:
            busy[place] = False
            waiting[place].popleft()
            viewers[place] += 1
            back.append(now)
        if waiting[place] and not busy[place]:
            serve(now, place)
    return Outcome(back[len(back) // 2], back[len(back) * 99 // 100], back[-1], longest, refused)
