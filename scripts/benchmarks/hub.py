"""The hub beside nchan on nginx: the same viewers, the same bytes, one after the other within the same minutes."""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from . import page, sections
from .child import CouldNotRun, run
from .environment import ROOT, say

DOSTYQ = ROOT / "target" / "release" / "dostyq"
#: Where Debian's package `libnginx-mod-nchan` puts it.
MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
START_LIMIT_SECS = 10.0
COLUMNS = ("system", "viewers", "frames", "lost", "latency p50 / p99 / max", "CPU a frame", "memory a viewer")
LEGEND = """\
Each system shows the same lines of about 300 bytes to the same viewers over plain WebSockets on the loopback address. *Latency*
counts from the call that publishes a line until a viewer has read it; Dostyq writes the line to the disk in between, nchan keeps
it in memory. *CPU a frame* is the processor time of the server, the kernel's work for it included, over all frames that arrived.
*Memory a viewer* is the growth of the server's proportional set size until all viewers were there and idle; what the kernel keeps
for a socket is in neither. Filtering, limits and history are on in Dostyq: half of its viewers want both languages and a quarter
each one, and get a short mark in place of a line they did not ask for; each was welcomed with the newest 200 lines. In nchan
everyone gets everything, with a buffer of 200 messages, of which a new subscriber takes none. Viewers run in a process of
their own, on the same cores. Figures are medians over the rounds."""
CONFIGURATION = """\
daemon off;
user {user};
worker_processes {workers};
worker_rlimit_nofile {files};
load_module {module};
pid {folder}/pid;
error_log {folder}/errors warn;
events {{ worker_connections {files}; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{publish};
    keepalive_requests 1000000;
    location = /pub/demo {{
      nchan_publisher http;
      nchan_channel_id demo;
      nchan_message_buffer_length 200;
      nchan_message_timeout 1h;
    }}
  }}
  server {{
    listen 127.0.0.1:{port} backlog=4096{tls};
    keepalive_requests 1000000;
    location = /sub/demo {{
      nchan_subscriber websocket;
      nchan_channel_id demo;
      nchan_subscriber_first_message newest;
      nchan_websocket_ping_interval 25;
    }}
  }}
}}
"""
#: What `listen` and its server say more where connections are encrypted: as Dostyq, with a key of the curve P-256.
TLS = """ ssl;
    ssl_certificate {folder}/certificate;
    ssl_certificate_key {folder}/key;
    ssl_protocols TLSv1.2 TLSv1.3"""


@dataclass
class System:
    """What is measured, and what came of each round."""

    title: str
    #: Of nginx; none for Dostyq.
    workers: int | None
    rounds: list[dict[str, float]] = field(default_factory=list)

    def median(self, name: str) -> float:
        """The middle value of a figure."""
        return statistics.median(figures[name] for figures in self.rounds)


def add_options(command: argparse.ArgumentParser) -> None:
    """The options of `scripts/bench hub`."""
    command.add_argument("--dostyq", type=Path, default=DOSTYQ, help="the program, a release build")
    command.add_argument("--viewers", type=int, default=10_000)
    command.add_argument("--rate", type=float, default=3.0, help="lines a second")
    command.add_argument("--seconds", type=int, default=15, help="how long each round shows lines")
    command.add_argument("--rounds", type=int, default=3)
    command.add_argument("--tls", action="store_true", help="encrypt the connections of the viewers")
    command.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks.md", help="the page")


def compare(options: argparse.Namespace) -> int:
    """Runs the comparison and writes its section."""
    systems = [System("Dostyq", None), System("nchan, one worker", 1), System("nchan, two workers", 2)]
    load_before = os.getloadavg()[0]
    try:
        version = nchan_version()
        for number in range(options.rounds):
            for system in systems:
                say(f"Round {number + 1}: {system.title}")
                figures = measure(options, system)
                system.rounds.append(figures)
                say("  " + ", ".join(f"{name} {value}" for name, value in figures.items()))
    except CouldNotRun as error:
        say(f"bench: {error}")
        return 2
    sections.put(options.out, "hub-tls" if options.tls else "hub", section(options, page.machine(load_before), version, systems))
    say(f"Written: {options.out}")
    return 0


def measure(options: argparse.Namespace, system: System) -> dict[str, float]:
    """One round of one system: the flat figures of `dostyq bench hub --json`."""
    command: list[str | Path] = [options.dostyq, "bench", "hub", "--json"]
    for name in ("viewers", "rate", "seconds"):
        command += [f"--{name}", str(getattr(options, name))]
    command += ["--tls"] if options.tls else []
    limit_secs = options.seconds + 500.0
    if system.workers is None:
        text = run(command, limit_secs).output
    else:
        with nginx(system.workers, 2 * options.viewers + 1000, options.tls) as (address, publish, pid):
            peer = ["--peer", address, "--peer-publish", publish, "--peer-pid", str(pid)]
            text = run([*command, *peer], limit_secs).output
    found = json.loads(text)
    latency = {f"{name}_ms": value for name, value in found["latency_ms"].items()}
    names = ("delivered", "lost_finals", "cpu_us_per_frame", "kb_per_viewer")
    return {**{name: found[name] for name in names}, **latency}


@contextmanager
def nginx(workers: int, files: int, is_encrypted: bool) -> Iterator[tuple[str, str, int]]:
    """nginx with nchan on free ports; the addresses of viewers and of the publisher, and its process."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free, socket.socket() as other:
        free.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        port, publish = free.getsockname()[1], other.getsockname()[1]
        free.close()
        other.close()
        user = "root" if os.geteuid() == 0 else "nobody"
        if is_encrypted:
            make_certificate(folder)
        text = CONFIGURATION.format(
            user=user,
            workers=workers,
            files=files,
            module=MODULE,
            folder=folder,
            port=port,
            publish=publish,
            tls=TLS.format(folder=folder) if is_encrypted else "",
        )
        path = Path(folder) / "nginx.conf"
        path.write_text(text, encoding="utf8")
        child = subprocess.Popen(["nginx", "-p", folder, "-e", f"{folder}/errors", "-c", str(path)])
        try:
            wait_for(port, child)
            yield f"127.0.0.1:{port}", f"127.0.0.1:{publish}", child.pid
        finally:
            child.terminate()
            child.wait()


def make_certificate(folder: str) -> None:
    """A certificate that nobody vouches for, as Dostyq makes one."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-keyout", f"{folder}/key", "-out", f"{folder}/certificate"]
    try:
        subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CouldNotRun(f"no certificate can be made for nginx ({error}): apt-get install openssl") from error


def wait_for(port: int, child: subprocess.Popen[bytes]) -> None:
    """Waits until something listens."""
    deadline = time.monotonic() + START_LIMIT_SECS
    while time.monotonic() < deadline and child.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise CouldNotRun("nginx does not start: see its message above")


def nchan_version() -> str:
    """The versions of nginx and its module, which must be there."""
    if shutil.which("nginx") is None or not MODULE.is_file():
        raise CouldNotRun("nginx with nchan is not installed: apt-get install nginx libnginx-mod-nchan")
    told = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True).stderr.strip()
    asked = ["dpkg-query", "-W", "-f", "${Version}", "libnginx-mod-nchan"]
    try:
        module = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        module = "of unknown version"
    return f"{told.partition(': ')[2]}, nchan {module}"


def section(options: argparse.Namespace, at: page.Machine, version: str, systems: list[System]) -> str:
    """The text of the section."""
    rows, compared = [], []
    ours = systems[0]
    for system in systems:
        latency = " / ".join(f"{system.median(name):.1f}" for name in ("p50_ms", "p99_ms", "max_ms"))
        rows.append(
            [
                system.title,
                str(options.viewers),
                f"{system.median('delivered'):.0f}",
                f"{system.median('lost_finals'):.0f}",
                f"{latency} ms",
                f"{system.median('cpu_us_per_frame'):.1f} µs",
                f"{system.median('kb_per_viewer'):.1f} KB",
            ]
        )
        if system is not ours:
            names = ("cpu_us_per_frame", "kb_per_viewer", "p99_ms")
            ratios = [f"{ours.median(name) / system.median(name):.2f}" for name in names]
            compared.append([system.title, *ratios])
    told = " ".join(f"--{name} {getattr(options, name):g}" for name in ("viewers", "rate", "seconds", "rounds"))
    return "\n\n".join(
        [
            "## The hub over TLS" if options.tls else "## The hub",
            f"```sh\nscripts/bench hub {told}{' --tls' if options.tls else ''}\n```",
            f"{page.today()}, {at.name}, {at.cores} cores; load {at.load_before:.1f} before and {at.load_after:.1f} after; {version}.",
            *at.warning,
            page.table(COLUMNS, rows),
            "Dostyq over nchan, below 1 Dostyq is better:",
            page.table(("system", "CPU a frame", "memory a viewer", "p99"), compared),
            # What the figures mean is told once, where there is no encryption.
            *([] if options.tls else [LEGEND]),
        ]
    )
