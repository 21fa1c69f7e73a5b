#!/bin/sh
# simulate.sh CANARA - every kind of simulated traffic against a server: what must happen happens.
set -eu
canara=$1
# shellcheck source=SCRIPTDIR/server.sh
. "$(dirname "$0")/server.sh"
start_server --set=REGISTER_PER_ADDRESS=0

# play KIND WANTED...: the summary must hold each WANTED text.
play() {
    kind=$1
    shift
    "$canara" simulate --live "$url" --kind "$kind" --persons 3 --sessions 1 --minutes 2 \
        --speed 1000 >summary || { cat summary >&2; exit 1; }
    for wanted in "$@"; do
        grep -q "$wanted" summary || { echo "$kind: no $wanted in" >&2; cat summary >&2; exit 1; }
    done
}
play person '"challenges":0,' '"blocks":0,' '"errors":0}'
play bot '"blocks":3,' '"errors":0}'
play replay '"blocks":3,' '"errors":0}'
play other '"sessions":3,' '"errors":0}'
play remote_control '"challenges":3,' '"errors":0}'
play credential_stuffing '"sessions":0,' '"acknowledged":120,' '"errors":0}'
