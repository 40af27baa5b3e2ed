;; refused: this one is 'b'
(component
  (import "a" (type (sub resource)))
  (import "b" (type $b (sub resource)))
  (import "[method]a.m" (func (param "self" (borrow $b)))))
