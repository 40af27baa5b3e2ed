;; Imports a function of the ABI with another type.
(module
  (import "wasmbus" "__host_call" (func $host_call (param i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "__guest_call") (param i32 i32) (result i32)
    (i32.wrap_i64 (call $host_call (i64.const 0)))))
