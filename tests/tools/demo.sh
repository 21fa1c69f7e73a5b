#!/bin/sh
# `canara demo` against a server: it succeeds, and once more with the same people it fails and says what to do.
#   demo.sh CANARA
set -eu
canara=$1
# shellcheck source=SCRIPTDIR/server.sh
. "$(dirname "$0")/server.sh"
start_server

"$canara" demo --fast --url "$url" >first || {
    cat first >&2
    exit 1
}
if grep -e '--seed' first; then
    echo "a play that went well gives advice" >&2
    exit 1
fi
if "$canara" demo --fast --url "$url" >second; then
    echo "a play that was seen before was not taken for a replay" >&2
    exit 1
fi
grep -q -e 'name another --seed' second || {
    cat second >&2
    exit 1
}
"$canara" demo --fast --url "$url" --seed 2 >third || {
    cat third >&2
    exit 1
}
