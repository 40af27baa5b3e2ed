#!/bin/sh
# Builds streaming-echo.wasm from src/. Needs what tools/build-rust.sh says.
exec "$(dirname "$0")/../../tools/build-rust.sh" "$(dirname "$0")" streaming-echo
