;; Takes a stream, which needs the asynchronous runtime.
(component
  (core module $M (func (export "f") (param i32)))
  (core instance $m (instantiate $M))
  (func (export "drain") (param "bytes" (stream u8)) (canon lift (core func $m "f"))))
