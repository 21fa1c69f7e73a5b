# shellcheck shell=bash disable=SC2034
# lib.sh - what script/server and script/test share. Sourced, never run.
# Every function says on stderr what it cannot do and returns non-zero; nothing is silent but success.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# What building needs, as Debian 12 packages; docs/dependencies.md gives the reason for each.
build_packages=(gcc libc6-dev cmake ninja-build pkg-config git ca-certificates
    libcmocka-dev libsodium-dev libargon2-dev libjansson-dev libsqlite3-dev libssl-dev
    libarchive-dev)
# What the tests need on top; libxgboost-dev for canara-boost, which is built where it is found.
test_packages=(clang clang-tidy clang-format libclang-rt-14-dev lld valgrind curl python3
    python3-websockets python3-requests sqlite3 zstd xz-utils libxgboost-dev
    openssl haproxy nginx)

say() { printf '%s\n' "$*" >&2; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    elif command -v sudo >/dev/null; then
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    else
        return 1
    fi
}

# need_packages NAME...: install the Debian packages that are missing.
need_packages() {
    local name missing=()
    if ! command -v dpkg-query >/dev/null; then
        say "this is not Debian: please see to it that these are installed: $*"
        return 0
    fi
    for name in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] ||
            missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        say "missing Debian packages, and neither root nor sudo to install them: ${missing[*]}"
        return 1
    fi
    say "installing: ${missing[*]}"
    if ! as_root apt-get -qq update >/dev/null; then
        say "apt-get update failed (no network?); still missing: ${missing[*]}"
        return 1
    fi
    if ! as_root apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null; then
        say "apt-get install failed (no network?); still missing: ${missing[*]}"
        return 1
    fi
}

# Node from another source than Debian brings its own npm, so ask for the commands first.
need_node() {
    command -v node >/dev/null || need_packages nodejs || return 1
    command -v npm >/dev/null || need_packages npm
}

# configure PRESET: run cmake once; afterwards ninja sees by itself when it must run again.
configure() {
    [ -f "$root/build/$1/build.ninja" ] && return 0
    local launcher=()
    command -v ccache >/dev/null && launcher=(-D CMAKE_C_COMPILER_LAUNCHER=ccache)
    (cd "$root" && cmake --preset "$1" "${launcher[@]}")
}

# build PRESET [cmake --build arguments]: quiet when all goes well, everything when not.
# glibc's malloc takes large pages meanwhile: clang then has a third fewer page faults, which cost most on a virtual machine.
build() {
    local preset=$1 log
    shift
    log=$(mktemp)
    if configure "$preset" >"$log" 2>&1 &&
        GLIBC_TUNABLES=glibc.malloc.hugetlb=1 cmake --build "$root/build/$preset" "$@" >>"$log" 2>&1; then
        rm -f "$log"
        return 0
    fi
    cat "$log" >&2
    rm -f "$log"
    say "building '$preset' failed"
    return 1
}
