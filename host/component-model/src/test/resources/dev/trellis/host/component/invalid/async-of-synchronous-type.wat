;; refused: goes with functions of async type
(component
  (import "f" (func $f))
  (core func (canon lower (func $f) async)))
