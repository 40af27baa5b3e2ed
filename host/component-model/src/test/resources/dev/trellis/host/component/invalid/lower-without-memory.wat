;; refused: needs canonical option 'memory'
(component
  (import "f" (func $f (result (tuple u64 u64))))
  (core func (canon lower (func $f))))
