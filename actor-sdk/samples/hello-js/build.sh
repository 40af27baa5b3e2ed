#!/bin/sh
# Builds target/hello-js.wasm: hello.js with SpiderMonkey, 13 MB, so it is not committed. Needs Node.js 20 or later and npm.
set -eu
cd "$(dirname "$0")"
npm install --silent --no-audit --no-fund --no-package-lock
# The engine was built for 0.2.10 of wasi:http.
rm -rf target
mkdir -p target/wit/deps
for package in cli clocks filesystem http io random sockets; do
    sed -e 's/@0\.2\.12/@0.2.10/g' -e '/0\.2\.1[12])/d' "../../wit/deps/$package.wit" >"target/wit/deps/$package.wit"
done
cat >target/wit/hello.wit <<WIT
package trellis:hello;

world hello-js {
    export wasi:http/incoming-handler@0.2.10;
}
WIT
npx componentize-js hello.js --wit target/wit --world-name hello-js --out target/hello-js.wasm
wc -c target/hello-js.wasm
