"""What is asked of another captioner, in an environment of its own, and what it answers."""

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from .views import View


@dataclass(frozen=True)
class Job:
    """A recording to be captioned."""

    recording: str
    #: The folder of the Whisper weights, in CTranslate2's form.
    weights: str
    lang: str
    threads: int
    #: The file for the outcome.
    outcome: str
    #: What differs from one configuration of a captioner to the next.
    options: dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What it showed, and what that took."""

    views: list[View]
    #: Processor seconds of all threads and child processes, without loading the model.
    cpu_secs: float
    #: Seconds of sound.
    length_secs: float
    #: Packages and their versions.
    versions: dict[str, str]
    #: What only the program itself knows of its configuration.
    facts: dict[str, str]


def versions_of(*packages: str) -> dict[str, str]:
    """The versions of installed packages."""
    return {package: version(package) for package in packages}
