;; refused: parameter 'x': expected is s32, given is u32
(component
  (import "f" (func $f (param "x" u32)))
  (component $c (import "f" (func (param "x" s32))))
  (instance (instantiate $c (with "f" (func $f)))))
