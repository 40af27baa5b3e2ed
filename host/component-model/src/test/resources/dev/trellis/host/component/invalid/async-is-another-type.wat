;; refused: expected is function, given is async function
(component
  (import "f" (func $f async))
  (component $c (import "f" (func)))
  (instance (instantiate $c (with "f" (func $f)))))
