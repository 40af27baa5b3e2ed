;; refused: which the expected type does not
(component
  (core module $m (import "" "extra" (global i32)))
  (component $c (import "m" (core module)))
  (instance (instantiate $c (with "m" (core module $m)))))
