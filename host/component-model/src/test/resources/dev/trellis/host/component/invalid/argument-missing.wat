;; refused: no argument has that name
(component
  (component $c (import "x" (type (sub resource))))
  (instance (instantiate $c)))
