#!/bin/sh
# loadtest.sh CANARA - a directory is prepared, a server stands on it, and every scenario is played:
# what was sent is acknowledged, with nothing wrong and nobody suspected. No figure is judged.
set -eu
canara=$1
# shellcheck source=SCRIPTDIR/server.sh
. "$(dirname "$0")/server.sh"

# refused CODE WORDS ARGUMENT...: leaves with CODE, and says WORDS.
refused() {
    want=$1
    words=$2
    shift 2
    code=0
    "$canara" loadtest "$@" >said 2>&1 || code=$?
    if [ "$code" != "$want" ] || ! grep -q -e "$words" said; then
        echo "loadtest $*: $code" >&2
        cat said >&2
        exit 1
    fi
}
refused 2 "must be prepare or run" measure
refused 2 "at most 64" prepare --accounts 1 --sessions 65 data
refused 2 "not so many accounts" prepare --accounts 1 --logins 2 data
refused 2 "which sessions" run http://127.0.0.1:9
refused 2 "needs an address in numbers" run http://bank.example:9
refused 2 "allow-remote" run --mix echo http://192.0.2.1:9
refused 2 "must be names" run --mix nonsense http://127.0.0.1:9
refused 2 "No such file" run --tokens nowhere http://127.0.0.1:9
refused 2 "nobody of the mix" run --mix idle --rate 5 http://127.0.0.1:9
refused 2 "duration" run --duration 3601 http://127.0.0.1:9
refused 2 "no process" run --mix idle --server-pid 2147483647 http://127.0.0.1:9
refused 2 "ca: is for https" run --mix echo --ca x http://127.0.0.1:9
refused 2 "nowhere.pem: No such file" run --mix echo --ca nowhere.pem https://127.0.0.1:9
refused 2 "said: holds no certificate" run --mix echo --ca said https://127.0.0.1:9 # it is empty then
refused 2 "is no name of a server" run --mix echo --tls-name '' https://127.0.0.1:9
refused 1 "refused" run --mix echo --warm-up 0 --duration 1 --timeout-ms 100 http://127.0.0.1:9
refused 1 'echo  *0  *0  *-  *-  *-' run --mix echo --warm-up 0 --duration 1 --timeout-ms 100 http://127.0.0.1:9

"$canara" loadtest prepare --accounts 40 --sessions 80 --logins 4 --tokens 70 data >said
refused 1 "is not empty" prepare data
refused 2 "not so many sessions" run --tokens data/tokens --connections 71 http://127.0.0.1:9
refused 2 "accounts that can log in" run --tokens data/tokens --mix mpin --first 4 http://127.0.0.1:9

start_server --set=EVENTS_PER_SECOND=0

# play WANTED ARGUMENT...: one line of JSON, without troubles, that holds WANTED. What hashes may be
# refused by a busy machine: 503 is a figure then.
play() {
    wanted=$1
    shift
    troubles='"troubles":{}}'
    case "$*" in *login*) troubles='"troubles":{\("http_503":[0-9]*\)\{0,1\}}}' ;; esac
    "$canara" loadtest run --tokens data/tokens --server-pid "$server" --json --warm-up 0 \
        --duration 60 "$@" "$url" >result 2>progress || { cat progress result >&2; exit 1; }
    for text in "$troubles" '"stopped":false' '"server_us_per_answer":' "$wanted"; do
        grep -q -e "$text" result || { echo "$*: no $text in" >&2; cat result >&2; exit 1; }
    done
}
play '"level_challenge":0,"level_blocked":0,"challenges":0,"blocks":0' --count 3000
play '"depth":16' --count 3000 --depth 16 --plain
play '"level_blocked":0' --count 300 --mix batches --batch 50 --event keystrokes --connections 8
play '"storm":{"answers":' --count 200 --mix storm --connections 10
play '"status":{"answers":' --count 500 --mix status,summary --connections 6
play '"mpin":{"answers":' --count 6 --mix mpin --connections 2
play '"login":{"answers":' --count 6 --mix login --connections 4
play '"connected":64' --count 500 --mix events=2,idle=1,status=1 --rate 2000 --ramp 1
grep -q 'measuring' progress

# Ctrl-C: it ends, and says what there was until then.
"$canara" loadtest run --tokens data/tokens --duration 60 "$url" >result 2>progress &
run=$!
sleep 1.5
kill -INT "$run"
wait "$run"
grep -q 'stopped' result

# The same under TLS, as it stands before customers: the certificate is believed for the address that is called, for
# another name when it is told, by nobody else.
stop_server
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 2 \
    -subj /CN=bank.example -addext 'subjectAltName=IP:127.0.0.1,DNS:bank.example' 2>/dev/null
chmod 600 key.pem
start_server --set=EVENTS_PER_SECOND=0 --set=TLS_CERT_FILE="$folder/cert.pem" --set=TLS_KEY_FILE="$folder/key.pem"
case $url in https://*) ;; *) echo "$url is no https" >&2; exit 1 ;; esac
play '"tls":true' --count 3000 --depth 16 --ca cert.pem --connections 70
play '"level_blocked":0' --count 300 --mix batches --batch 50 --event keystrokes --connections 8 --depth 8 --ca cert.pem
play '"storm":{"answers":' --count 100 --mix storm --connections 10 --ca cert.pem --tls-name bank.example
play '"status":{"answers":' --count 500 --mix status,summary --connections 6 --insecure
refused 1 'tls  .*the first: hostname mismatch' run --tokens data/tokens --connections 4 --warm-up 0 --duration 1 \
    --timeout-ms 500 --ca cert.pem --tls-name other.example "$url"
refused 1 'tls  .*the first: self-signed certificate' run --tokens data/tokens --connections 4 --warm-up 0 \
    --duration 1 --timeout-ms 500 "$url"
refused 1 'closed' run --tokens data/tokens --connections 4 --warm-up 0 --duration 1 --timeout-ms 500 \
    "http://${url#https://}"
