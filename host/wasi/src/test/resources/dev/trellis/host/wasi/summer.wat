;; Exports test:calls/summer@0.1.0, whose sum of three numbers is two calls of the test:calls/adder@1.0.0 that it imports.
(component
  (import "test:calls/adder@1.0.0" (instance $adder
    (export "add" (func (param "a" u32) (param "b" u32) (result u32)))
    (export "spin" (func))))
  (core func $add (canon lower (func $adder "add")))
  (core func $spin (canon lower (func $adder "spin")))
  (core module $m
    (import "adder" "add" (func $add (param i32 i32) (result i32)))
    (import "adder" "spin" (func $spin))
    (func (export "sum") (param i32 i32 i32) (result i32)
      (call $add (call $add (local.get 0) (local.get 1)) (local.get 2)))
    (func (export "spin") (call $spin)))
  (core instance $i (instantiate $m (with "adder" (instance
    (export "add" (func $add))
    (export "spin" (func $spin))))))
  (func $sum (param "a" u32) (param "b" u32) (param "c" u32) (result u32) (canon lift (core func $i "sum")))
  (func $spun (canon lift (core func $i "spin")))
  (instance $summer (export "sum" (func $sum)) (export "spin" (func $spun)))
  (export "test:calls/summer@0.1.0" (instance $summer)))
