#!/usr/bin/env bash
# Pixels against Pillow's, byte for byte: every kind of file it writes and we
# read, alpha on white and dropped, EXIF turned, JPEG at n/8, SIZES (300)
# random sizes through both filters and both orders of passes, CLIP's squares,
# perceptual hashes.  Packages come from PyPI by name, once.
# usage: pillow.sh OUT [SIZES]
set -euo pipefail
cd "$(dirname "$0")/../.."
OUT=${1:-build}

PACKAGES=(pillow==13.0.0 numpy==2.4.6)
venv=$OUT/peers/pillow-venv
work=$OUT/peers/pillow-work

command -v python3 >/dev/null || { echo 'no python3'; exit 77; }
if ! "$venv/bin/pip" freeze 2>/dev/null |
    grep -Fxc -f <(printf '%s\n' "${PACKAGES[@]}") | grep -qx 2; then
	rm -rf "$venv"
	{ python3 -m venv "$venv" &&
		"$venv/bin/pip" install -q "${PACKAGES[@]}"; } ||
		{ echo "cannot install ${PACKAGES[*]}"; exit 77; }
fi
rm -rf "$work"
mkdir -p "$work"
"$venv/bin/python" tests/peers/pillow.py "$OUT/peers/pillow" "$work" \
    "${2:-300}"
rm -rf "$work"
