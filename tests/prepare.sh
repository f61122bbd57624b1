#!/usr/bin/env bash
# Installs what the tests of the page and of MIDI ports need and is not there yet, where it may; what it
# may not, those tests name when they skip. Never fails.
set -u
here=$(dirname "$0")

install() { # packages of the system, as root or by sudo without a password
  local as=()
  [ "$(id -u)" = 0 ] || as=(sudo -n)
  command -v apt-get >/dev/null && "${as[@]}" true 2>/dev/null || return 1
  export DEBIAN_FRONTEND=noninteractive
  "${as[@]}" apt-get update -qq && "${as[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# the shell alone: windows that nobody sees cost half of the time
command -v chromium-headless-shell >/dev/null || install chromium-headless-shell \
  || command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
  || command -v google-chrome >/dev/null || install chromium \
  || echo "no Chromium, and it may not be installed here: tests of the page in a browser will be skipped"
command -v node >/dev/null || install nodejs npm \
  || echo "no Node.js, and it may not be installed here: tests of the page's modules will be skipped"
command -v jackd >/dev/null || install jackd2 \
  || echo "no jackd, and it may not be installed here: tests on a real MIDI bus will be skipped"
if python3 -c 'import ctypes.util, sys; sys.exit(not ctypes.util.find_library("portaudio"))' \
  || install libportaudio2 \
  || echo "no PortAudio, and it may not be installed here: tests of the sound card will be skipped"
command -v npm >/dev/null && [ ! -d "$here/web/node_modules/web-midi-test" ]; then
  npm install --silent --no-audit --no-fund --prefix "$here/web" \
    || echo "web-midi-test could not be installed: tests of Web MIDI will be skipped"
fi
exit 0
