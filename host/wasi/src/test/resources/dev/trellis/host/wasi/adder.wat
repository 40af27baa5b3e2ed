;; Exports test:calls/adder@1.2.0. Traps if the sum does not fit.
(component
  (core module $m
    (func (export "add") (param i32 i32) (result i32)
      (if (i32.lt_u (i32.add (local.get 0) (local.get 1)) (local.get 0)) (then unreachable))
      (i32.add (local.get 0) (local.get 1)))
    (func (export "spin") (loop (br 0))))
  (core instance $i (instantiate $m))
  (func $add (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add")))
  (func $spin (canon lift (core func $i "spin")))
  (instance $adder (export "add" (func $add)) (export "spin" (func $spin)))
  (export "test:calls/adder@1.2.0" (instance $adder)))
