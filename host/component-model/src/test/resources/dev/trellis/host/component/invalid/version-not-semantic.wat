;; refused: is a semantic version
(component (import "a:b/c@1.0" (func)))
