;; Defines a resource whose destructor counts, and gives it to the host.
(component
  (core module $Count
    (global $live (mut i32) (i32.const 0))
    (func (export "made") (global.set $live (i32.add (global.get $live) (i32.const 1))))
    (func (export "dtor") (param i32)
      (if (i32.eqz (local.get 0)) (then unreachable))
      (global.set $live (i32.sub (global.get $live) (i32.const 1))))
    (func (export "live") (result i32) (global.get $live)))
  (core instance $count (instantiate $Count))
  (type $thing' (resource (rep i32) (dtor (core func $count "dtor"))))
  (export $thing "thing" (type $thing'))
  (core func $new (canon resource.new $thing'))
  (core func $drop (canon resource.drop $thing'))
  (core module $M
    (import "count" "made" (func $made))
    (import "own" "new" (func $new (param i32) (result i32)))
    (import "own" "drop" (func $drop (param i32)))
    (func (export "make") (param i32) (result i32) (call $made) (call $new (local.get 0)))
    (func (export "rep") (param i32) (result i32) (local.get 0))
    (func (export "take") (param i32) (call $drop (local.get 0))))
  (core instance $m (instantiate $M
    (with "count" (instance $count))
    (with "own" (instance (export "new" (func $new)) (export "drop" (func $drop))))))
  (func (export "make") (param "rep" u32) (result (own $thing)) (canon lift (core func $m "make")))
  (func (export "rep") (param "t" (borrow $thing)) (result u32) (canon lift (core func $m "rep")))
  (func (export "take") (param "t" (own $thing)) (canon lift (core func $m "take")))
  (func (export "live") (result u32) (canon lift (core func $count "live")))
)
