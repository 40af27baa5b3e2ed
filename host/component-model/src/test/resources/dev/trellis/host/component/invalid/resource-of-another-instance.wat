;; refused: expected is the resource
(component
  (component $C (type $r (resource (rep i32))) (export "r" (type $r)))
  (instance $c1 (instantiate $C))
  (instance $c2 (instantiate $C))
  (component $same (import "a" (type $a (sub resource))) (import "b" (type (eq $a))))
  (instance (instantiate $same (with "a" (type $c1 "r")) (with "b" (type $c2 "r")))))
