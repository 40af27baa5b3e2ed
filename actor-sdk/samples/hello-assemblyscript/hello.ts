// The same as hello-http, in AssemblyScript, which has no bindings generator: the functions of WASI are declared as the
// canonical ABI passes them. What it returns in memory goes to `area`.

@external("wasi:http/types@0.2.12", "[method]incoming-request.method")
declare function requestMethod(request: i32, result: usize): void;
@external("wasi:http/types@0.2.12", "[method]incoming-request.path-with-query")
declare function requestPath(request: i32, result: usize): void;
@external("wasi:http/types@0.2.12", "[resource-drop]incoming-request")
declare function requestDrop(request: i32): void;
@external("wasi:http/types@0.2.12", "[static]fields.from-list")
declare function fieldsFromList(list: usize, length: i32, result: usize): void;
@external("wasi:http/types@0.2.12", "[constructor]outgoing-response")
declare function newResponse(headers: i32): i32;
@external("wasi:http/types@0.2.12", "[method]outgoing-response.body")
declare function responseBody(response: i32, result: usize): void;
@external("wasi:http/types@0.2.12", "[static]response-outparam.set")
declare function setResponse(out: i32, error: i32, response: i32, a: i32, b: i64, c: i32, d: i32, e: i32, f: i32): void;
@external("wasi:http/types@0.2.12", "[method]outgoing-body.write")
declare function bodyWrite(body: i32, result: usize): void;
@external("wasi:http/types@0.2.12", "[static]outgoing-body.finish")
declare function bodyFinish(body: i32, hasTrailers: i32, trailers: i32, result: usize): void;
@external("wasi:io/streams@0.2.12", "[method]output-stream.blocking-write-and-flush")
declare function streamWrite(stream: i32, bytes: usize, length: i32, result: usize): void;
@external("wasi:io/streams@0.2.12", "[resource-drop]output-stream")
declare function streamDrop(stream: i32): void;

const area = memory.data(64, 8);
const entries = memory.data(32, 4);
const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
const WRITE_BYTES = 4096;

/** Memory for what the host passes in. Nothing is freed: each call starts with the memory as it was at first. */
export function cabi_realloc(old: usize, oldSize: usize, alignment: usize, size: usize): usize {
  const fresh = heap.alloc(size);
  memory.copy(fresh, old, oldSize);
  return fresh;
}

/** The string, UTF-8, whose address and length lie at an address. */
function textAt(address: usize): string {
  return String.UTF8.decodeUnsafe(load<u32>(address), load<u32>(address, 4));
}

function put(address: usize, text: string): void {
  const bytes = String.UTF8.encode(text);
  store<u32>(address, changetype<usize>(bytes));
  store<u32>(address, bytes.byteLength, 4);
}

/** The handle of a result that is no error. */
function handleInArea(): i32 {
  assert(load<u8>(area) == 0);
  return load<i32>(area, 4);
}

/** `/hello` answers `Hello, World!`; any other path answers the method and the path with its query. */
export function handle(request: i32, out: i32): void {
  requestMethod(request, area);
  const tag = load<u8>(area);
  const method = tag < <u8>METHODS.length ? METHODS[tag] : textAt(area + 4);
  requestPath(request, area);
  const path = load<u8>(area) == 0 ? "" : textAt(area + 4);
  const answer = String.UTF8.encode(path == "/hello" ? "Hello, World!" : method + " " + path + "\n");

  put(entries, "content-type");
  put(entries + 8, "text/plain; charset=utf-8");
  put(entries + 16, "x-method");
  put(entries + 24, method);
  fieldsFromList(entries, 2, area);
  const response = newResponse(handleInArea());
  responseBody(response, area);
  const body = handleInArea();
  setResponse(out, 0, response, 0, 0, 0, 0, 0, 0);

  bodyWrite(body, area);
  const stream = handleInArea();
  for (let done = 0; done < answer.byteLength; done += WRITE_BYTES) {
    streamWrite(stream, changetype<usize>(answer) + done, min(WRITE_BYTES, answer.byteLength - done), area);
    if (load<u8>(area) != 0) break; // A caller that went away is no error of this actor's.
  }
  streamDrop(stream);
  bodyFinish(body, 0, 0, area);
  requestDrop(request);
}
