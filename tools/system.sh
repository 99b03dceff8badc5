#!/bin/sh
# Make sure that the programs the tests drive are there: sh tools/system.sh chromium node cc
# Installs Debian's packages where that is possible without a question; otherwise says what to do.
set -u

present() {
    case "$1" in
        chromium) command -v chromium || command -v chromium-browser || command -v google-chrome ;;
        *) command -v "$1" ;;
    esac >/dev/null 2>&1
}

package() {
    case "$1" in
        node) echo nodejs ;;
        cc) echo gcc libc6-dev ;;
        c++) echo g++ ;;
        *) echo "$1" ;;
    esac
}

missing=""
for program in "$@"; do
    present "$program" || missing="$missing $(package "$program")"
done
[ -z "$missing" ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "the tests need$missing, and there is no apt here; install them and run make test again"
    exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
    root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    root="sudo -n"
else
    echo "the tests need$missing; write: sudo apt-get install$missing"
    exit 1
fi

echo "installing$missing by apt"
mkdir -p build
export DEBIAN_FRONTEND=noninteractive
if ! { $root apt-get update -qq && $root apt-get install -y -qq --no-install-recommends $missing; } \
    >build/apt.log 2>&1 </dev/null; then
    tail -n 15 build/apt.log
    echo "apt could not install$missing; build/apt.log holds the whole log"
    exit 1
fi
for program in "$@"; do
    present "$program" || { echo "apt installed$missing, yet $program is not found"; exit 1; }
done
