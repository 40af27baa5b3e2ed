// Text to binary, many at once. Standard input: for each text its length in bytes (u32, big-endian) and the text.
// Standard output: for each a byte (0 for a binary, 1 for an error message), a length and the content.
import { readFileSync, writeSync } from 'node:fs';
import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';

const input = readFileSync(0);
let at = 0;
while (at < input.length) {
  const length = input.readUInt32BE(at);
  const text = input.toString('utf8', at + 4, at + 4 + length);
  at += 4 + length;
  let failed = 0;
  let content;
  try {
    content = Buffer.from(await parse(text));
  } catch (error) {
    failed = 1;
    content = Buffer.from(String(error?.payload ?? error), 'utf8');
  }
  const header = Buffer.alloc(5);
  header.writeUInt8(failed, 0);
  header.writeUInt32BE(content.length, 1);
  const out = Buffer.concat([header, content]);
  for (let done = 0; done < out.length; ) {
    done += writeSync(1, out, done);
  }
}
