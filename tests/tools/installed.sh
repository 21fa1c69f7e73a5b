#!/bin/sh
# installed.sh SOURCE BUILD CMAKE CC LIBDIR - installs the library to a folder of its own, and builds the
# examples against it as strangers do: by pkg-config, by find_package, and the header from C++.
set -eu
source=$1 build=$2 cmake=$3 cc=$4 libdir=$5
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
prefix=$folder/usr
lib=$prefix/$libdir

"$cmake" --install "$build" --component library --prefix "$prefix" >/dev/null

# by pkg-config, shared and static; the .pc file knows where it lies
export PKG_CONFIG_PATH="$lib/pkgconfig"
for example in observe profile; do
    # shellcheck disable=SC2046
    "$cc" -std=c99 -Wall -Werror -o "$folder/$example" "$source/examples/$example.c" \
        $(pkg-config --cflags --libs canara)
    LD_LIBRARY_PATH=$lib "$folder/$example" >"$folder/$example.txt"
    # shellcheck disable=SC2046
    "$cc" -std=c99 -o "$folder/$example-static" "$source/examples/$example.c" \
        $(pkg-config --cflags canara) "$lib/libcanara.a" -lm
    "$folder/$example-static" | cmp - "$folder/$example.txt"
done

# the first program of docs/embedding.md, linked as it says there
awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$source/docs/embedding.md" >"$folder/first.c"
# shellcheck disable=SC2046
"$cc" -std=c99 -Wall -Wextra -Werror -o "$folder/first" "$folder/first.c" $(pkg-config --cflags --libs canara)
LD_LIBRARY_PATH=$lib "$folder/first" >"$folder/first.txt"
grep -q '^entry 1 .*normal$' "$folder/first.txt"
grep -q '^entry 2 .*challenge$' "$folder/first.txt"
grep -q 'bot\.superhuman_timing$' "$folder/first.txt"
grep -q '^MPIN .*normal$' "$folder/first.txt"
[ "$(wc -l <"$folder/first.c")" -lt 60 ] # an example fits a screen
# shellcheck disable=SC2046
"$cc" -std=c99 -o "$folder/first-static" "$folder/first.c" $(pkg-config --cflags canara) -l:libcanara.a -lm \
    -L"$(pkg-config --variable=libdir canara)"
"$folder/first-static" | cmp - "$folder/first.txt"

# the archive keeps its own names to itself, from a client that has the same ones, too
if nm -g --defined-only "$lib/libcanara.a" | awk 'NF == 3 && $3 !~ /^canara_/ { print; bad = 1 } END { exit !bad }'; then
    exit 1
fi
cat >"$folder/names.c" <<'END'
#include <canara.h>
int page_add(int x);
int page_add(int x) { return x + 1; }
int grow(int x);
int grow(int x) { return 2 * x; }
int event_check(const char *text);
int event_check(const char *text) { return text[0] == 'e'; }
int main(void)
{
    static const double intervals[] = {0.2, 0.21, 0.19, 0.25};
    const canara_event_t event = {.kind = CANARA_TYPING_PATTERN,
                                  .has = CANARA_F_KEY_PRESS_INTERVALS,
                                  .of.typing = {.key_press_intervals = intervals, .intervals = 4}};
    canara_session_t session;
    canara_verdict_t v;
    canara_session_begin(&session, 1750000000000);
    return !(canara_observe(&session, NULL, NULL, &event, 1750000001000, &v) == CANARA_OK && v.risk > 0.0 &&
             grow(page_add(20)) == 42 && event_check("e"));
}
END
compilers=$cc
if command -v clang >/dev/null; then
    compilers="$cc clang"
fi
for compiler in $compilers; do
    for lto in "" -flto; do
        # clang's bytecode takes its own linker
        case "$(basename "$compiler")$lto" in clang*-flto) command -v ld.lld >/dev/null || continue; lto="-flto -fuse-ld=lld" ;; esac
        # shellcheck disable=SC2086
        "$compiler" -std=c99 -O2 $lto -Wall -Werror -o "$folder/names" "$folder/names.c" -I"$prefix/include" "$lib/libcanara.a" -lm
        "$folder/names"
    done
done

# by find_package
mkdir "$folder/stranger"
cat >"$folder/stranger/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.25)
project(stranger LANGUAGES C)
find_package(canara 0.1 REQUIRED)
foreach(form canara canara_static)
  add_executable(profile_\${form} $source/examples/profile.c)
  target_link_libraries(profile_\${form} PRIVATE canara::\${form})
endforeach()
END
"$cmake" -S "$folder/stranger" -B "$folder/stranger/build" -D CMAKE_PREFIX_PATH="$prefix" \
    -D CMAKE_C_COMPILER="$cc" >/dev/null
"$cmake" --build "$folder/stranger/build" >/dev/null
for form in canara canara_static; do
    "$folder/stranger/build/profile_$form" | cmp - "$folder/profile.txt"
done

# the header from C++, and a call through it
if command -v g++ >/dev/null; then
    printf '%s\n' '#include <canara.h>' 'int main() { size_t n = 0; return canara_model_builtin(&n) == nullptr || n == 0; }' \
        >"$folder/plus.cpp"
    g++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -o "$folder/plus" "$folder/plus.cpp" \
        -I"$prefix/include" "$lib/libcanara.a" -lm
    "$folder/plus"
fi
# nothing in it asks for a stack that can be executed
if command -v readelf >/dev/null; then
    if readelf -SW "$lib/libcanara.a" | grep lto; then # nor is there bytecode
        exit 1
    fi
    readelf -lW "$lib/libcanara.so" | awk '/GNU_STACK/ && / RWE / { bad = 1 } END { exit bad }'
fi
