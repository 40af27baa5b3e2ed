;; refused: expected is a resource of the instance
(component
  (type $I (instance (export "r" (type $r (sub resource))) (export "f" (func (result (own $r))))))
  (import "i1" (instance $i1 (type $I)))
  (import "i2" (instance $i2 (type $I)))
  (component $C (import "r" (type $r (sub resource))) (import "f" (func (result (own $r)))))
  (instance (instantiate $C (with "r" (type $i1 "r")) (with "f" (func $i2 "f")))))
