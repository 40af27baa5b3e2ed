;; refused: carries no borrowed handle
(component
  (import "r" (type $r (sub resource)))
  (type (stream (list (borrow $r)))))
