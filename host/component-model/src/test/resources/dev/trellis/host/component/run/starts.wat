;; Keeps a resource of the host from its start function on.
(component
  (import "test:host/counters@0.2.3" (instance $counters
    (export "counter" (type $counter (sub resource)))
    (export "[constructor]counter" (func (param "start" u32) (result (own $counter))))
    (export "[method]counter.add" (func (param "self" (borrow $counter)) (param "by" u32) (result u32)))))
  (core func $new (canon lower (func $counters "[constructor]counter")))
  (core func $add (canon lower (func $counters "[method]counter.add")))
  (core module $M
    (import "host" "new" (func $new (param i32) (result i32)))
    (import "host" "add" (func $add (param i32 i32) (result i32)))
    (global $kept (mut i32) (i32.const 0))
    (func $start (global.set $kept (call $new (i32.const 100))))
    (start $start)
    (func (export "add") (result i32) (call $add (global.get $kept) (i32.const 1))))
  (core instance $m (instantiate $M (with "host" (instance (export "new" (func $new)) (export "add" (func $add))))))
  (func (export "add") (result u32) (canon lift (core func $m "add")))
)
