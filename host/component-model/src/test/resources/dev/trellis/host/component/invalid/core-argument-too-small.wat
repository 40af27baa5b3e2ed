;; refused: a memory of 2 or more, given is a memory of 1 or more
(component
  (core module $a (import "" "m" (memory 2)))
  (core module $b (memory (export "m") 1))
  (core instance $i (instantiate $b))
  (core instance (instantiate $a (with "" (instance $i)))))
