#!/bin/sh
# Builds mirror.wasm from src/. Needs what tools/build-rust.sh says.
exec "$(dirname "$0")/../../tools/build-rust.sh" "$(dirname "$0")" mirror
