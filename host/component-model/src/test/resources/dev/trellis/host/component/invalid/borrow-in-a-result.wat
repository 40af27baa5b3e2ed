;; refused: contains no borrowed handle
(component
  (import "r" (type $r (sub resource)))
  (type (func (result (option (borrow $r))))))
