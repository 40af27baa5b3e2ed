;; Its start section traps: instantiation fails.
(module
  (memory (export "memory") 1)
  (func $fail unreachable)
  (start $fail)
  (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1)))
