#!/bin/sh
# Builds probe.wasm from src/. Needs what actor-sdk/tools/build-rust.sh says.
exec "$(dirname "$0")/../../../../../../actor-sdk/tools/build-rust.sh" "$(dirname "$0")" probe
