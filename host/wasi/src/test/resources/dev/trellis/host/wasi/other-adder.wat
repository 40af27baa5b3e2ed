;; Exports test:calls/adder@1.0.0 as somebody else wrote it: add takes 64 bits.
(component
  (core module $m
    (func (export "add") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
    (func (export "spin")))
  (core instance $i (instantiate $m))
  (func $add (param "a" u64) (param "b" u64) (result u64) (canon lift (core func $i "add")))
  (func $spin (canon lift (core func $i "spin")))
  (instance $adder (export "add" (func $add)) (export "spin" (func $spin)))
  (export "test:calls/adder@1.0.0" (instance $adder)))
