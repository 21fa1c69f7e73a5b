#!/bin/sh
# Install the locked packages of web/ when they are absent or differ from package-lock.json.
# Several builds may ask at once: the lock file itself is the lock.
set -eu
cd "$(dirname "$0")"
exec 9<package-lock.json
command -v flock >/dev/null && flock 9
want=$(sha256sum <package-lock.json)
stamp=node_modules/.installed
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ] && exit 0
if ! command -v npm >/dev/null; then
    echo "web: node_modules is not up to date and npm is not installed (Debian package: npm)" >&2
    exit 1
fi
if ! npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null; then
    echo "web: npm ci failed: the packages of package-lock.json could not be fetched (no network?)" >&2
    exit 1
fi
printf '%s\n' "$want" >"$stamp"
