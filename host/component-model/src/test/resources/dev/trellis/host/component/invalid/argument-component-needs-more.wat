;; refused: the component imports 'b'
(component
  (component $given (import "a" (func)) (import "b" (func)))
  (component $c (import "x" (component (import "a" (func)))))
  (instance (instantiate $c (with "x" (component $given)))))
