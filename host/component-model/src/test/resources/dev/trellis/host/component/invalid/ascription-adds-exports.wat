;; refused: an export 'f' is expected
(component
  (import "i" (instance $i))
  (export "o" (instance $i) (instance (export "f" (func)))))
