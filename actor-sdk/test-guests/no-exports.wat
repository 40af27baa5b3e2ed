;; A valid module that is no actor: neither __guest_call nor _start.
(module
  (memory 1)
  (func (param i32 i32) (result i32) (i32.const 1)))
