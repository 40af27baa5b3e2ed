#!/bin/sh
# Builds cli-command-c.wasm: an ordinary WASI preview 1 command, adapted to WASI 0.2.
# Needs clang with the wasm32-wasi target, wasm-ld and wasi-libc, and cargo for the tool in tools/componentize.
# CLANG names another clang than that on the PATH, WASI_SYSROOT another place of wasi-libc than clang's own.
set -eu
cd "$(dirname "$0")"
mkdir -p target
${CLANG:-clang} --target=wasm32-wasi ${WASI_SYSROOT:+--sysroot="$WASI_SYSROOT"} -std=c11 -Wall -Wextra -Werror -Os \
    -Wl,--strip-all command.c -o target/core.wasm
../../tools/componentize.sh new target/core.wasm cli-command-c.wasm command
chmod 644 cli-command-c.wasm
wc -c cli-command-c.wasm
