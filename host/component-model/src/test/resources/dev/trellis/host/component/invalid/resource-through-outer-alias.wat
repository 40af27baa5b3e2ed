;; refused: refers to no resource
(component $C
  (type $R (resource (rep i32)))
  (type $T (record (field "h" (own $R))))
  (component (alias outer $C $T (type $a))))
