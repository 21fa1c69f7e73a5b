# shellcheck shell=sh disable=SC2034
# server.sh - what scripts that need a server of their own share; sourced, with the program in $canara. They work in a
# folder of their own, where no .env of anybody else is, and leave nothing behind.
folder=$(mktemp -d)
server=

# stop_server: nothing happens when there is none.
stop_server() {
    if [ -n "$server" ]; then
        kill -TERM "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
        server=
    fi
}

finish() {
    stop_server
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP
cd "$folder"

# start_server [SETTING...]: on $folder/data; `url` is where it listens.
start_server() {
    rm -f out # what a server before this one said is not this one's
    "$canara" serve --set=HOST=127.0.0.1 --set=PORT=0 --set=DEBUG=True --set=LOG_LEVEL=warn \
        --set=DATA_DIR="$folder/data" "$@" >out 2>log &
    server=$!
    tries=0
    until grep -qs '^listening on ' out; do
        tries=$((tries + 1))
        if [ "$tries" -gt 300 ] || ! kill -0 "$server" 2>/dev/null; then
            cat log >&2
            exit 1
        fi
        sleep 0.1
    done
    url=$(sed -n 's/^listening on //p' out)
}
