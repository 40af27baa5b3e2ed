;; refused: names of dependencies
(component (import "unlocked-dep=<a:b>" (func)))
