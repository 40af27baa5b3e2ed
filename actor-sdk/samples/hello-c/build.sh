#!/bin/sh
# Builds hello-c.wasm from hello.c and the bindings that are generated for hello.wit.
# Needs clang with the wasm32-wasi target, wasm-ld and wasi-libc, and cargo for the tool in tools/componentize.
# CLANG names another clang than that on the PATH, WASI_SYSROOT another place of wasi-libc than clang's own.
set -eu
cd "$(dirname "$0")"
tool=$PWD/../../tools/componentize.sh
mkdir -p target
"$tool" c ../../wit,hello.wit hello-c target
${CLANG:-clang} --target=wasm32-wasi ${WASI_SYSROOT:+--sysroot="$WASI_SYSROOT"} -mexec-model=reactor -std=c11 -Os \
    -Wall -Wextra -Wno-unused-parameter -Itarget -Wl,--strip-debug \
    hello.c target/hello_c.c target/hello_c_component_type.o -o target/core.wasm
"$tool" new target/core.wasm hello-c.wasm
chmod 644 hello-c.wasm
wc -c hello-c.wasm
