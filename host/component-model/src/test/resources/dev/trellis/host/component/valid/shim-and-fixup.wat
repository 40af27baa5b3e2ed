;; How adapters are wired: calls go through a table that is filled when both sides are there, then an empty-named start import.
(component
  (import "wasi:io/streams@0.2.6" (instance $streams
    (export "output-stream" (type $out (sub resource)))
    (type $error (variant (case "closed") (case "failed" u32)))
    (export "stream-error" (type $stream-error (eq $error)))
    (export "[method]output-stream.write" (func (param "self" (borrow $out)) (param "contents" (list u8))
      (result (result (error $stream-error)))))))
  (alias export $streams "output-stream" (type $out))
  (core module $main
    (import "wasi:io/streams@0.2.6" "[method]output-stream.write" (func $write (param i32 i32 i32 i32)))
    (import "wasi:io/streams@0.2.6" "[resource-drop]output-stream" (func $drop (param i32)))
    (memory (export "memory") 2)
    (func (export "_initialize"))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
    (func (export "run") (result i32)
      (call $write (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8))
      (call $drop (i32.const 0))
      (i32.const 0)))
  (core module $shim
    (type $t (func (param i32 i32 i32 i32)))
    (table (export "$imports") 1 1 funcref)
    (func (export "0") (type $t)
      (call_indirect (type $t) (local.get 0) (local.get 1) (local.get 2) (local.get 3) (i32.const 0))))
  (core module $fixup
    (type $t (func (param i32 i32 i32 i32)))
    (import "" "0" (func $f (type $t)))
    (import "" "$imports" (table 1 1 funcref))
    (elem (i32.const 0) func $f))
  (core module $start (import "" "" (func)) (start 0))
  (core instance $shim (instantiate $shim))
  (core func $drop (canon resource.drop $out))
  (core instance $main (instantiate $main
    (with "wasi:io/streams@0.2.6" (instance
      (export "[method]output-stream.write" (func $shim "0"))
      (export "[resource-drop]output-stream" (func $drop))))))
  (alias core export $main "memory" (core memory $memory))
  (alias core export $main "cabi_realloc" (core func $realloc))
  (core func $write (canon lower (func $streams "[method]output-stream.write") (memory $memory)))
  (core instance (instantiate $fixup
    (with "" (instance (export "$imports" (table $shim "$imports")) (export "0" (func $write))))))
  (core instance (instantiate $start (with "" (instance (export "" (func $main "_initialize"))))))
  (func $run (result (result)) (canon lift (core func $main "run")))
  (component $run-shim
    (import "import-func-run" (func $f (result (result))))
    (export "run" (func $f)))
  (instance $run-instance (instantiate $run-shim (with "import-func-run" (func $run))))
  (export "wasi:cli/run@0.2.6" (instance $run-instance)))
