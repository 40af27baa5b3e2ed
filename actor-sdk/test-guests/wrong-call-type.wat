;; Exports __guest_call with a type that is not (i32, i32) -> i32.
(module
  (memory (export "memory") 1)
  (func (export "__guest_call") (param i64) (result i64) (i64.const 1)))
