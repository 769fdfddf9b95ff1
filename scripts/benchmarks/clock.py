"""Simulated time, as `dostyq eval speech` keeps it: it passes with the sound, and work takes its processor time."""

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


class SimulatedClock:
    """Work occupies the machine for the processor time of all its threads over the cores that they can use, which is
    what it takes on a machine that does nothing else. Shared machines stall, so wall time says little of it."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        #: Seconds since the start of the recording.
        self.now = 0.0
        #: Processor seconds of all work so far.
        self.charged = 0.0

    def wait_until(self, moment: float) -> None:
        """Lets time pass up to `moment`, if it has not come yet."""
        self.now = max(self.now, moment)

    def charge(self, work: Callable[[], Result]) -> Result:
        """Does the work, and lets pass what it takes."""
        began = time.process_time()
        result = work()
        spent = time.process_time() - began
        self.charged += spent
        self.now += spent / self._threads
        return result
