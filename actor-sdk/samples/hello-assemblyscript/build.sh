#!/bin/sh
# Builds hello-assemblyscript.wasm. Needs Node.js 20 or later and npm, and cargo for the tool in tools/componentize.
set -eu
cd "$(dirname "$0")"
tool=$PWD/../../tools/componentize.sh
npm install --silent --no-audit --no-fund --no-package-lock
mkdir -p target
npx asc hello.ts --outFile target/core.wasm -O3 --shrinkLevel 2 --runtime stub --use abort= \
    --transform ./rename.mjs
"$tool" embed ../../wit,hello.wit hello-assemblyscript target/core.wasm target/embedded.wasm
"$tool" new target/embedded.wasm hello-assemblyscript.wasm
chmod 644 hello-assemblyscript.wasm
wc -c hello-assemblyscript.wasm
