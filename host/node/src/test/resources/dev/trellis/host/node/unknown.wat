;; Imports an interface that no host offers.
(component
  (import "wasi:clocks/monotonic-clocks@0.2.0" (instance (export "now" (func (result u64)))))
  (core module $m (func (export "f")))
  (core instance $i (instantiate $m))
  (func $f (canon lift (core func $i "f")))
  (instance $api (export "f" (func $f)))
  (export "test:calls/api@1.0.0" (instance $api)))
