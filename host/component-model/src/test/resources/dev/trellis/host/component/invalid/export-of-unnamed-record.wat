;; refused: has no name outside
(component
  (core module $m (func (export "f") (result i32) unreachable))
  (core instance $i (instantiate $m))
  (type $r (record (field "x" u32)))
  (func $f (result $r) (canon lift (core func $i "f")))
  (export "r" (type $r))
  (export "f" (func $f)))
