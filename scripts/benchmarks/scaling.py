"""From one laptop to 100,000 phones: measures what a viewer costs here, and works out what follows from it."""

import argparse
import json
import os
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import page, sections
from .child import CouldNotRun, run
from .environment import ROOT, say
from .storm import Node, storm

DOSTYQ = ROOT / "target" / "release" / "dostyq"
START_LIMIT_SECS = 60.0
#: A node is filled to this share of its processor time, so that it can take over the viewers of another.
FILLED = 0.5
#: What TCP, IP and Ethernet add to a message that goes out in a packet of its own, in bytes; the acknowledgement as much again.
PACKET_BYTES = 66
FRAME_BYTES = 4
NOFILE_SPARE = 1000


@dataclass(frozen=True)
class Traffic:
    """What one viewer is sent while somebody speaks."""

    title: str
    messages_a_sec: float
    bytes_a_sec: float

    @property
    def wire_bytes_a_sec(self) -> float:
        """With the headers of WebSocket, TCP, IP and Ethernet."""
        return self.bytes_a_sec + self.messages_a_sec * (FRAME_BYTES + PACKET_BYTES)


@dataclass(frozen=True)
class Costs:
    """What a viewer costs the server."""

    frame_us: float
    arrival_us: float
    kb: float


def add_options(command: argparse.ArgumentParser) -> None:
    """The options of `scripts/bench scaling`."""
    command.add_argument("--dostyq", type=Path, default=DOSTYQ, help="the program, a release build")
    command.add_argument("--viewers", type=int, default=5000, help="for the measurement of what a viewer costs")
    command.add_argument("--seconds", type=int, default=114, help="how long the demo room is listened to")
    command.add_argument("--cores", type=int, default=4, help="of a node in the cloud")
    command.add_argument("--core-hour", type=float, default=0.02, help="assumed price of a core for an hour")
    command.add_argument("--gigabyte", type=float, default=0.05, help="assumed price of a gigabyte that is sent")
    command.add_argument("--out", type=Path, default=ROOT / "docs" / "scaling.md", help="the page")


def compare(options: argparse.Namespace) -> int:
    """Measures, works out and writes the section."""
    load_before = os.getloadavg()[0]
    try:
        say("What a viewer costs")
        costs = measured(options)
        say(f"  {costs}")
        say("What a viewer is sent")
        traffic = listened(options)
        say("  " + ", ".join(f"{of.title}: {of.messages_a_sec:.2f}/s, {of.bytes_a_sec:.0f} B/s" for of in traffic))
    except CouldNotRun as error:
        say(f"bench: {error}")
        return 2
    sections.put(options.out, "scaling", section(options, page.machine(load_before), costs, traffic))
    say(f"Written: {options.out}")
    return 0


def measured(options: argparse.Namespace) -> Costs:
    """Of one viewer, by `dostyq bench hub`."""
    command = [options.dostyq, "bench", "hub", "--json", "--viewers", str(options.viewers), "--seconds", "15"]
    found = json.loads(run(command, 600.0).output)
    return Costs(found["cpu_us_per_frame"], found["cpu_us_per_arrival"], found["kb_per_viewer"])


def listened(options: argparse.Namespace) -> list[Traffic]:
    """What viewers of three kinds are sent by the demo room."""
    kinds = (
        ("both languages, as they are spoken", "l=kk,ru&tail=true"),
        ("Russian, as it is spoken", "l=ru&tail=true"),
        ("Kazakh, mostly translated", "l=kk&tail=true"),
        ("Kazakh, finished lines only", "l=kk&tail=false"),
    )
    heard: dict[str, tuple[int, int]] = {}
    with demo(options.dostyq) as address:

        def listen(title: str, query: str) -> None:
            heard[title] = listened_to(f"{address}/api/v1/rooms/demo/sse?{query}", options.seconds)

        threads = [threading.Thread(target=listen, args=kind) for kind in kinds]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if len(heard) < len(kinds):
        raise CouldNotRun("the demo room could not be listened to")
    return [Traffic(title, heard[title][0] / options.seconds, heard[title][1] / options.seconds) for title, _ in kinds]


def listened_to(url: str, seconds: float) -> tuple[int, int]:
    """Messages and their bytes over a time, the welcome left out."""
    messages = size = 0
    deadline = time.monotonic() + seconds
    with urllib.request.urlopen(url, timeout=30) as answer:
        for line in answer:
            if line.startswith(b"data:") and b'"t":"welcome"' not in line:
                messages += 1
                size += len(line) - len(b"data: \n")
            if time.monotonic() > deadline:
                break
    return messages, size


@contextmanager
def demo(dostyq: Path) -> Iterator[str]:
    """A server with the demo room, which has begun to speak."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        text = (ROOT / "scripts" / "demo.toml").read_text(encoding="utf8")
        text = text.replace("0.0.0.0:8080", f"127.0.0.1:{port}").replace("../.dostyq/demo", f"{folder}/data")
        path = Path(folder) / "demo.toml"
        path.write_text(text.replace("../tests", f"{ROOT}/tests"), encoding="utf8")
        with open(Path(folder) / "told", "w", encoding="utf8") as told:
            child = subprocess.Popen([dostyq, "serve", "--config", path], stdout=told, stderr=told)
        try:
            wait_for(f"http://127.0.0.1:{port}/api/v1/rooms", child)
            yield f"http://127.0.0.1:{port}"
        finally:
            child.terminate()
            child.wait()


def wait_for(url: str, child: subprocess.Popen[bytes]) -> None:
    """Waits until the server answers."""
    deadline = time.monotonic() + START_LIMIT_SECS
    while time.monotonic() < deadline and child.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise CouldNotRun("the demo server does not start: run ./scripts/run once")


def node(costs: Costs, cores: float, traffic: Traffic) -> Node:
    """A machine of so many cores like those that were measured."""
    return Node(cores, costs.arrival_us / 1e6, traffic.messages_a_sec * costs.frame_us / 1e6)


def capacity(of: Node) -> int:
    """Viewers that fill it as far as it should be."""
    return int(FILLED * of.cores / of.viewer_share)


def section(options: argparse.Namespace, at: page.Machine, costs: Costs, traffic: list[Traffic]) -> str:
    """The text of the section."""
    usual = traffic[0]
    cloud = node(costs, options.cores, usual)
    parts = [
        "## Figures",
        "```sh\nscripts/bench scaling\n```",
        f"{page.today()}, {at.name}, {at.cores} cores; load {at.load_before:.1f} before and {at.load_after:.1f} after.",
        *at.warning,
        "### Measured",
        page.table(
            ("a viewer's", "cost"),
            [
                ["frame, processor time of the server", f"{costs.frame_us:.1f} µs"],
                ["arrival with the longest welcome, processor time", f"{costs.arrival_us:.0f} µs"],
                ["memory", f"{costs.kb:.1f} KB, and what the kernel keeps for a socket"],
            ],
        ),
        "What a viewer is sent while the demo plays, two thirds of which is speech, most of it Russian:",
        page.table(
            ("viewer", "messages a second", "bytes a second", "with all headers"),
            [
                [of.title, f"{of.messages_a_sec:.2f}", f"{of.bytes_a_sec:.0f}", f"{of.wire_bytes_a_sec:.0f}"]
                for of in traffic
            ],
        ),
        "### Worked out: how many a machine serves",
        f"Filled to {FILLED:.0%} of its processor time, each viewer reading both languages as they are spoken. Beyond some ten thousand "
        "viewers a machine this is arithmetic: it was not run.",
        page.table(
            ("machine", "viewers", "memory", "out of its socket"),
            [row(costs, usual, cores) for cores in (1, 2, 4, 8)],
        ),
        "### Simulated: everybody comes back at once",
        "`scripts/benchmarks/storm.py`: each waits as docs/protocol.md says, machines serve one arrival after another beside their "
        "lines, and refuse what does not fit into the queue of the kernel.",
        page.table(
            ("what happens", "half are back after", "99 %", "all", "longest queue on a machine", "turned away"),
            list(storms(options, costs, usual, cloud)),
        ),
        "### Worked out: 100,000 phones in ten cities, eight hours",
        *bill(options, costs, usual, cloud),
    ]
    return "\n\n".join(parts)


def row(costs: Costs, traffic: Traffic, cores: float) -> list[str]:
    """A line of the table of machines."""
    viewers = capacity(node(costs, cores, traffic))
    megabits = viewers * traffic.wire_bytes_a_sec * 8 / 1e6
    memory = viewers * costs.kb / 1e3
    return [f"{cores} core{'s' if cores > 1 else ''}", f"{viewers:,}", f"{memory:,.0f} MB", f"{megabits:,.0f} Mbit/s"]


def storms(options: argparse.Namespace, costs: Costs, traffic: Traffic, cloud: Node) -> Iterator[list[str]]:
    """The lines of the table of storms."""
    laptop = node(costs, 2, traffic)
    each = min(10_000, capacity(cloud))
    cases = (
        ("a hall of 300, its access points restart, a laptop of 2 cores", laptop, 1, 0, 300),
        ("5,000 on one machine of 2 cores, the network drops them all", laptop, 1, 0, 5000),
        (f"one of 11 machines of {options.cores} cores with {each:,} viewers each is lost", cloud, 10, each, each),
        ("the same, and only one other machine in its city takes over", cloud, 1, each, each),
        ("100,000 on ten machines, all lose their connection", cloud, 10, 0, 100_000),
    )
    for title, of, nodes, staying, coming in cases:
        found = storm(of, nodes, staying, coming)
        times = [f"{secs:.1f} s" for secs in (found.half_secs, found.nearly_all_secs, found.all_secs)]
        yield [title, *times, f"{found.longest_queue:,}", f"{found.refused:,}"]


def bill(options: argparse.Namespace, costs: Costs, traffic: Traffic, cloud: Node) -> list[str]:
    """What a day of a large event takes."""
    cities, phones, hours = 10, 100_000, 8
    each = phones // cities
    needed = -(-each // capacity(cloud))
    nodes = cities * (needed + 1)
    gigabytes = phones * traffic.wire_bytes_a_sec * hours * 3600 / 1e9
    cores = nodes * options.cores
    price = cores * hours * options.core_hour + gigabytes * options.gigabyte
    rows = [
        ["edges", f"{nodes}: {needed} of {options.cores} cores in each city, and one to spare"],
        ["NATS", "3 machines of 2 cores"],
        ["captions", "2 machines, one of them waiting"],
        ["sent to phones", f"{gigabytes:,.0f} GB; {each * traffic.wire_bytes_a_sec * 8 / 1e6:,.0f} Mbit/s a city"],
        [
            "price",
            f"{price:,.0f} units, at an assumed {options.core_hour:g} a core and hour and {options.gigabyte:g} a gigabyte, "
            "edges alone",
        ],
        ["open files a machine", f"{2 * each + NOFILE_SPARE:,}, if it takes over another's viewers"],
    ]
    return [page.table(("", ""), rows)]
