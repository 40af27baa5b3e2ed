#!/bin/sh
# Builds command-c.wasm. Needs clang with the wasm32-wasi target, wasm-ld, wasi-libc and the wasm32 compiler runtime.
# CLANG names another clang than that on the PATH, WASI_SYSROOT another place of wasi-libc than clang's own.
set -eu
cd "$(dirname "$0")"
${CLANG:-clang} --target=wasm32-wasi ${WASI_SYSROOT:+--sysroot="$WASI_SYSROOT"} -std=c11 -Wall -Wextra -Werror -Os -mbulk-memory \
    -I../../c -I../echo-c -Wl,--strip-all command.c ../echo-c/handler.c -o command-c.wasm
chmod 644 command-c.wasm
wc -c command-c.wasm
