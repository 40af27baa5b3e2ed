// Calls of a component's functions in Node.js: node oracle.mjs FILE. Each line of standard input is a call as JSON,
// {"instance", "function", "parameters", "result", "args"}; each answers with one line: the result, or "trap". Calls without
// arguments, which can only tell what an instance remembers, and calls after a trap get a new instance. Types and values are
// written as ComparedValues does.
import { readFileSync } from 'node:fs';
import { $init, generate } from '@bytecodealliance/jco-transpile/component';

const camel = (label) => label.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase());
const view = new DataView(new ArrayBuffer(8));
const NUMBERS = { s8: Int8Array, u8: Uint8Array, s16: Int16Array, u16: Uint16Array, s32: Int32Array, u32: Uint32Array,
  s64: BigInt64Array, u64: BigUint64Array, f32: Float32Array, f64: Float64Array };
/** Whether none is undefined for jco; it is not where that would be the some of another option's none. */
const isNullable = (type) => type !== null && typeof type === 'object' && 'option' in type && !isNullable(type.option);

/** The value in JavaScript, as jco wants it, of one that is written. */
function read(type, value) {
  switch (typeof type === 'string' ? type : Object.keys(type)[0]) {
    case 'bool': case 'string':
      return value;
    case 's8': case 'u8': case 's16': case 'u16': case 's32': case 'u32':
      return Number(value);
    case 's64': case 'u64':
      return BigInt(value);
    case 'f32':
      if (value === 'nan') return NaN;
      view.setUint32(0, parseInt(value, 16));
      return view.getFloat32(0);
    case 'f64':
      if (value === 'nan') return NaN;
      view.setBigUint64(0, BigInt('0x' + value));
      return view.getFloat64(0);
    case 'char':
      return String.fromCodePoint(value);
    case 'list': {
      const elements = value.map((one) => read(type.list, one));
      return type.list in NUMBERS ? NUMBERS[type.list].from(elements) : elements;
    }
    case 'record':
      return Object.fromEntries(type.record.map(([label, of], i) => [camel(label), read(of, value[i])]));
    case 'tuple':
      return type.tuple.map((of, i) => read(of, value[i]));
    case 'variant': {
      const [label, payload] = value;
      const of = type.variant.find(([one]) => one === label)[1];
      return of === null ? { tag: label } : { tag: label, val: read(of, payload) };
    }
    case 'enum':
      return value;
    case 'flags':
      return Object.fromEntries(type.flags.map((label) => [camel(label), value.includes(label)]));
    case 'option':
      if (!isNullable(type)) {
        return value.length === 0 ? { tag: 'none' } : { tag: 'some', val: read(type.option, value[0]) };
      }
      return value.length === 0 ? undefined : read(type.option, value[0]);
    case 'result': {
      const of = type.result[value[0] === 'ok' ? 0 : 1];
      return { tag: value[0], val: of === null ? undefined : read(of, value[1]) };
    }
  }
  throw new Error(`no values of type ${JSON.stringify(type)}`);
}

/** What is written for a value in JavaScript. */
function write(type, value) {
  switch (typeof type === 'string' ? type : Object.keys(type)[0]) {
    case 'bool': case 'string': case 'enum':
      return value;
    case 's8': case 'u8': case 's16': case 'u16': case 's32': case 'u32': case 's64': case 'u64':
      return String(value);
    case 'f32':
      if (Number.isNaN(value)) return 'nan';
      view.setFloat32(0, value);
      return view.getUint32(0).toString(16);
    case 'f64':
      if (Number.isNaN(value)) return 'nan';
      view.setFloat64(0, value);
      return view.getBigUint64(0).toString(16);
    case 'char':
      return value.codePointAt(0);
    case 'list':
      return Array.from(value, (one) => write(type.list, one));
    case 'record':
      return type.record.map(([label, of]) => write(of, value[camel(label)]));
    case 'tuple':
      return type.tuple.map((of, i) => write(of, value[i]));
    case 'variant': {
      const of = type.variant.find(([one]) => one === value.tag)[1];
      return of === null ? [value.tag] : [value.tag, write(of, value.val)];
    }
    case 'flags':
      return type.flags.filter((label) => value[camel(label)]);
    case 'option':
      if (!isNullable(type)) {
        return value.tag === 'none' ? [] : [write(type.option, value.val)];
      }
      return value === undefined ? [] : [write(type.option, value)];
    case 'result': {
      const of = type.result[value.tag === 'ok' ? 0 : 1];
      return of === null ? [value.tag] : [value.tag, write(of, value.val)];
    }
  }
  throw new Error(`no values of type ${JSON.stringify(type)}`);
}

let current;

function call(component, line) {
  const { instance, function: name, parameters, result, args } = JSON.parse(line);
  if (args.length === 0) current = undefined;
  current ??= component();
  const exports = current[instance];
  const values = args.map((one, i) => read(parameters[i], one));
  const fallible = result !== null && typeof result === 'object' && 'result' in result;
  let value;
  try {
    value = exports[camel(name)](...values);
  } catch (error) {
    if (fallible && error.constructor.name === 'ComponentError') {
      return JSON.stringify(write(result, { tag: 'err', val: error.payload }));
    }
    current = undefined;
    return JSON.stringify('trap');
  }
  return JSON.stringify(result === null ? null : write(result, fallible ? { tag: 'ok', val: value } : value));
}

await $init;
const { files } = generate(new Uint8Array(readFileSync(process.argv[2])), {
  name: 'compared', instantiation: { tag: 'sync' }, noTypescript: true, noNodejsCompat: true, tlaCompat: false,
  validLiftingOptimization: false, base64Cutoff: 0, map: [], noNamespacedExports: true, multiMemory: false,
});
const named = new Map(files);
const modules = new Map(
  files.filter(([name]) => name.endsWith('.wasm')).map(([name, bytes]) => [name, new WebAssembly.Module(bytes)]));
const source = 'data:text/javascript;base64,' + Buffer.from(named.get('compared.js')).toString('base64');
const { instantiate } = await import(source);
const component = () => instantiate((name) => modules.get(name), {});
const answers = readFileSync(0, 'utf8').split('\n').filter((line) => line !== '').map((line) => call(component, line));
process.stdout.write(answers.join('\n') + '\n');
