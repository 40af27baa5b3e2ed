#!/bin/sh
# Builds every guest of this folder. Needs clang with the wasm32 target, wasm-ld, and wat2wasm (WABT).
# CLANG and WAT2WASM name other ones than those on the PATH.
set -eu
cd "$(dirname "$0")"

c_guest() { # source, output, further flags
    source=$1 output=$2
    shift 2
    ${CLANG:-clang} --target=wasm32 -nostdlib -ffreestanding -mbulk-memory -std=gnu11 -Wall -Wextra -Werror -O2 \
        -I../c -Wl,--no-entry,--strip-all,--stack-first,-z,stack-size=16384 "$@" "$source" -o "$output"
    chmod 644 "$output"
}

c_guest proxy.c proxy.wasm
c_guest hostile.c hostile.wasm -Wno-infinite-recursion
c_guest start-then-call.c start-then-call.wasm
c_guest start-then-call.c initialize-then-call.wasm -DREACTOR
c_guest start-then-call.c wapc-init-then-call.wasm -DWAPC
for source in *.wat; do
    ${WAT2WASM:-wat2wasm} "$source" -o "${source%.wat}.wasm"
done
wc -c *.wasm
