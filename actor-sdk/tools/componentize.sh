#!/bin/sh
# Builds the tool in componentize/ where it is not built yet, and runs it. Needs cargo and rustc; see build-rust.sh.
set -eu
tools=$(cd "$(dirname "$0")" && pwd)
target_dir=${CARGO_TARGET_DIR:-$tools/componentize/target}
RUSTFLAGS= "${CARGO:-cargo}" build --quiet --release --locked \
    --manifest-path "$tools/componentize/Cargo.toml" --target-dir "$target_dir"
exec "$target_dir/release/componentize" "$@"
