;; refused: expected is a component, given is an instance
(component
  (component $x)
  (instance $i (instantiate $x))
  (component $c (import "x" (component)))
  (instance (instantiate $c (with "x" (instance $i)))))
