;; Exports nothing that a link could call.
(component
  (core module $m (func (export "f")))
  (core instance $i (instantiate $m))
  (func $f (export "f") (canon lift (core func $i "f"))))
