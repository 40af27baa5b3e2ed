;; The least that a classic actor can do: takes the request, answers "ok". Built with wat2wasm trivial.wat.
(module
  (import "wasmbus" "__guest_request" (func $request (param i32 i32)))
  (import "wasmbus" "__guest_response" (func $response (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "ok")
  (func (export "__guest_call") (param i32 i32) (result i32)
    (call $request (i32.const 1024) (i32.const 2048))
    (call $response (i32.const 0) (i32.const 2))
    (i32.const 1)))
