;; refused: mentions a resource that has no name outside
(component
  (type $r (resource (rep i32)))
  (core func $drop (canon resource.drop $r))
  (func $f (param "x" (own $r)) (canon lift (core func $drop)))
  (export "f" (func $f)))
