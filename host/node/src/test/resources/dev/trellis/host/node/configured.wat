;; Exports test:config/reader@0.1.0: the first letter of the value of "mode" in its config, 0 if there is none.
(component
  (import "wasi:config/runtime@0.2.0-draft" (instance $config
    (type $error-type (variant (case "upstream" string) (case "io" string)))
    (export "config-error" (type $error (eq $error-type)))
    (export "get" (func (param "key" string) (result (result (option string) (error $error)))))))
  (core module $memory
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.get $next)
      (global.set $next (i32.add (global.get $next) (local.get 3))))
    (data (i32.const 0) "mode"))
  (core instance $m (instantiate $memory))
  (core func $get (canon lower (func $config "get")
    (memory (core memory $m "memory")) (realloc (core func $m "realloc")) string-encoding=utf8))
  (core module $reader
    (import "m" "memory" (memory 1))
    (import "config" "get" (func $get (param i32 i32 i32)))
    (func (export "read") (result i32)
      (call $get (i32.const 0) (i32.const 4) (i32.const 64))
      (if (i32.load8_u (i32.const 64)) (then unreachable))
      (if (result i32) (i32.load8_u (i32.const 68))
        (then (i32.load8_u (i32.load (i32.const 72))))
        (else (i32.const 0)))))
  (core instance $r (instantiate $reader
    (with "m" (instance $m))
    (with "config" (instance (export "get" (func $get))))))
  (func $read (result u32) (canon lift (core func $r "read")))
  (instance $api (export "read" (func $read)))
  (export "test:config/reader@0.1.0" (instance $api)))
