;; refused: is too close to
(component (import "foo-BAR" (func)) (import "FOO-bar" (func)))
