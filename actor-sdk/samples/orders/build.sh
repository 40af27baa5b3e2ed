#!/bin/sh
# Builds orders.wasm from src/, with the crate versions that Cargo.lock fixes.
# Needs cargo and rustc with the wasm32-unknown-unknown target; CARGO and RUSTC name other ones than those on the PATH.
set -eu
cd "$(dirname "$0")"
target_dir=${CARGO_TARGET_DIR:-$PWD/target}
cargo=${CARGO:-cargo}

"$cargo" fetch --locked --target wasm32-unknown-unknown
# Panic messages carry source paths: give them names that are the same on every machine.
flags="--remap-path-prefix=$PWD=orders"
for crates in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
    flags="$flags --remap-path-prefix=$crates=crates"
done
RUSTFLAGS="$flags" "$cargo" build --release --locked --target wasm32-unknown-unknown --target-dir "$target_dir"
cp "$target_dir/wasm32-unknown-unknown/release/orders.wasm" orders.wasm
chmod 644 orders.wasm
wc -c orders.wasm
