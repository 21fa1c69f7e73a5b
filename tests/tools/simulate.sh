#!/bin/sh
# simulate.sh CANARA - every kind of simulated traffic against a server: what must happen happens.
set -eu
canara=$1
folder=$(mktemp -d)
server=
finish() {
    if [ -n "$server" ]; then
        kill -TERM "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP
cd "$folder" # no .env of anybody else

"$canara" serve --set=HOST=127.0.0.1 --set=PORT=0 --set=DEBUG=True --set=LOG_LEVEL=warn \
    --set=DATA_DIR="$folder/data" --set=REGISTER_PER_ADDRESS=0 >out 2>log &
server=$!
tries=0
until grep -q '^listening on ' out; do
    tries=$((tries + 1))
    if [ "$tries" -gt 300 ] || ! kill -0 "$server" 2>/dev/null; then
        cat log >&2
        exit 1
    fi
    sleep 0.1
done
url=$(sed -n 's/^listening on //p' out)

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
