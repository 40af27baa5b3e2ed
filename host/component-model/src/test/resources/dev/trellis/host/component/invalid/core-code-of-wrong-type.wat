;; refused: type mismatch
(component (core module (func i32.add)))
