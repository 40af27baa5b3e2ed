;; refused: needs canonical option 'realloc'
(component
  (core module $m (memory (export "m") 1) (func (export "f") (param i32 i32)))
  (core instance $i (instantiate $m))
  (func (param "p" (list u8)) (canon lift (core func $i "f") (memory (core memory $i "m")))))
