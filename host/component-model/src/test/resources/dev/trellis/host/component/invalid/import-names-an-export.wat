;; refused: has to be imported before
(component
  (type $r (resource (rep i32)))
  (export $R "r" (type $r))
  (import "f" (func (param "x" (own $R)))))
