#!/bin/sh
# build-rust.sh DIR CRATE: builds DIR/CRATE.wasm, a component, from the Rust crate of that name in DIR, with the crate
# versions that Cargo.lock fixes. The same tools give the same bytes again.
# Needs cargo and rustc with the wasm32-unknown-unknown target; CARGO and RUSTC name other ones than those on the PATH.
set -eu
tools=$(cd "$(dirname "$0")" && pwd)
cd "$1"
crate=$2
cargo=${CARGO:-cargo}
workspace=$(dirname "$("$cargo" locate-project --workspace --message-format plain)")
target_dir=${CARGO_TARGET_DIR:-$workspace/target}

"$cargo" fetch --quiet --locked --target wasm32-unknown-unknown
# Panic messages carry source paths: give them names that are the same on every machine.
flags="--remap-path-prefix=$(dirname "$tools")=actor-sdk --remap-path-prefix=$workspace=samples --remap-path-prefix=$("${RUSTC:-rustc}" --print sysroot)=rust"
for crates in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
    flags="$flags --remap-path-prefix=$crates=crates"
done
RUSTFLAGS="$flags" "$cargo" build --quiet --release --locked --package "$crate" \
    --target wasm32-unknown-unknown --target-dir "$target_dir"
core="$target_dir/wasm32-unknown-unknown/release/$(echo "$crate" | tr - _).wasm"
"$tools/componentize.sh" new "$core" "$crate.wasm"
chmod 644 "$crate.wasm"
wc -c "$crate.wasm"
