;; refused: expected is the resource
(component
  (component $C
    (type $r (resource (rep i32)))
    (export "r1" (type $r))
    (export "r2" (type $r) (type (sub resource))))
  (instance $c (instantiate $C))
  (component $same (import "a" (type $a (sub resource))) (import "b" (type (eq $a))))
  (instance (instantiate $same (with "a" (type $c "r1")) (with "b" (type $c "r2")))))
