;; refused: has no name there
(component
  (import "i" (instance $i (export "t" (type (sub resource)))))
  (alias export $i "t" (type $t))
  (import "[method]t.m" (func (param "self" (borrow $t)))))
