;; Each instance has resources of its own, and what is passed in stays what it was.
(component
  (component $C
    (type $r (resource (rep i32)))
    (export $R "r" (type $r))
    (core func $drop (canon resource.drop $r))
    (func (export "f") (param "x" (own $R)) (canon lift (core func $drop))))
  (instance $c1 (instantiate $C))
  (instance $c2 (instantiate $C))
  (component $pass
    (import "in" (type $r (sub resource)))
    (import "f" (func $f (param "x" (own $r))))
    (export $out "out" (type $r))
    (export "f" (func $f) (func (param "x" (own $out)))))
  (instance $p1 (instantiate $pass (with "in" (type $c1 "r")) (with "f" (func $c1 "f"))))
  (instance $p2 (instantiate $pass (with "in" (type $p1 "out")) (with "f" (func $c1 "f"))))
  (component $same
    (import "a" (type $a (sub resource)))
    (import "b" (type (eq $a)))
    (import "i" (instance (export "r" (type (eq $a))) (export "f" (func (param "x" (own $a)))))))
  (instance (instantiate $same (with "a" (type $c1 "r")) (with "b" (type $p2 "out"))
    (with "i" (instance (export "r" (type $p1 "out")) (export "f" (func $p2 "f"))))))
  (component $higher
    (import "c" (component $c
      (import "in" (type $t (sub resource)))
      (import "f" (func (param "x" (own $t))))
      (export "out" (type (eq $t)))))
    (type $own (resource (rep i32)))
    (core func $drop (canon resource.drop $own))
    (func $f (param "x" (own $own)) (canon lift (core func $drop)))
    (instance $i (instantiate $c (with "in" (type $own)) (with "f" (func $f))))
    (alias export $i "out" (type $back))
    (core func (canon resource.rep $back)))
  (instance (instantiate $higher (with "c" (component $pass)))))
