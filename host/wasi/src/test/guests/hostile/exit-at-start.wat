;; Leaves while it is initialised; built with: jco parse exit-at-start.wat -o exit-at-start.wasm
(component
  (import "wasi:cli/exit@0.2.12" (instance $exit (export "exit-with-code" (func (param "status-code" u8)))))
  (core func $exit-lowered (canon lower (func $exit "exit-with-code")))
  (core module $m
    (import "host" "exit" (func $exit (param i32)))
    (func $start (call $exit (i32.const 9)))
    (start $start)
    (func (export "run") (result i32) (i32.const 0)))
  (core instance $i (instantiate $m (with "host" (instance (export "exit" (func $exit-lowered))))))
  (func $run (result (result)) (canon lift (core func $i "run")))
  (instance $run-interface (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $run-interface)))
