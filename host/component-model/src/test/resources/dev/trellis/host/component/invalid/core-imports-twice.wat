;; refused: is there twice
(component (core module (import "a" "b" (func)) (import "a" "b" (func))))
