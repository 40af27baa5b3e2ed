#!/bin/sh
# Builds echo-c.wasm. Needs clang with the wasm32 target, and wasm-ld. CLANG names another clang than that on the PATH.
# "build.sh native" builds target/echo-native instead, with CC (cc if unset).
set -eu
cd "$(dirname "$0")"
if [ "${1:-}" = native ]; then
    mkdir -p target
    ${CC:-cc} -std=c11 -Wall -Wextra -O2 -I../../c native.c handler.c -o target/echo-native
    exit
fi
${CLANG:-clang} --target=wasm32 -nostdlib -ffreestanding -mbulk-memory -std=c11 -Wall -Wextra -Werror -O2 -I../../c \
    -Wl,--no-entry,--strip-all,--stack-first,-z,stack-size=16384 actor.c handler.c -o echo-c.wasm
chmod 644 echo-c.wasm
wc -c echo-c.wasm
