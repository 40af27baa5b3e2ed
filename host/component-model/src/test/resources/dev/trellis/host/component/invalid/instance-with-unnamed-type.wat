;; refused: has no name outside
(component
  (type $I (instance
    (type $r (record (field "x" u32)))
    (type $s (record (field "r" $r)))
    (export "t" (type (eq $s)))))
  (import "i" (instance (type $I))))
