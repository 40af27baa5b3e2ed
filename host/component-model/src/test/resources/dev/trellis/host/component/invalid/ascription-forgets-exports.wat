;; refused: an export 'f' is expected
(component
  (import "f" (func $f))
  (instance $i (export "f" (func $f)))
  (export $o "o" (instance $i) (instance))
  (component $c (import "i" (instance (export "f" (func)))))
  (instance (instantiate $c (with "i" (instance $o)))))
