;; As shim.wat; its start function calls the host before the table is filled.
(component
  (import "test:host/text@0.2.0" (instance $text
    (export "join" (func (param "a" string) (param "b" (list u8)) (result string)))))
  (core module $shim
    (type $t (func (param i32 i32 i32 i32 i32)))
    (table (export "$imports") 1 1 funcref)
    (func (export "0") (type $t)
      (call_indirect (type $t)
        (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (i32.const 0))))
  (core module $main
    (import "text" "join" (func $join (param i32 i32 i32 i32 i32)))
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (local.get $at))
    (func $start (call $join (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 16)))
    (start $start)
    (func (export "join") (param i32 i32 i32 i32) (result i32)
      (call $join (local.get 0) (local.get 1) (local.get 2) (local.get 3) (i32.const 16))
      (i32.const 16)))
  (core module $fixup
    (type $t (func (param i32 i32 i32 i32 i32)))
    (import "" "0" (func $f (type $t)))
    (import "" "$imports" (table 1 1 funcref))
    (elem (i32.const 0) func $f))
  (core instance $shim (instantiate $shim))
  (core instance $main (instantiate $main (with "text" (instance (export "join" (func $shim "0"))))))
  (alias core export $main "memory" (core memory $memory))
  (alias core export $main "realloc" (core func $realloc))
  (core func $join (canon lower (func $text "join") (memory $memory) (realloc $realloc)))
  (core instance (instantiate $fixup
    (with "" (instance (export "$imports" (table $shim "$imports")) (export "0" (func $join))))))
  (func (export "join") (param "a" string) (param "b" (list u8)) (result string)
    (canon lift (core func $main "join") (memory $memory) (realloc $realloc))))
