#!/bin/sh
# Builds pricing-js.wasm: pricing.js with the QuickJS runtime. Needs Node.js 20 or later and npm.
set -eu
cd "$(dirname "$0")"
npm install --silent --no-audit --no-fund --no-package-lock
npx componentize-qjs --js pricing.js --wit ../shop/wit --world pricer --sync --stub-wasi --opt-size --minify \
    --output pricing-js.wasm
chmod 644 pricing-js.wasm
wc -c pricing-js.wasm
