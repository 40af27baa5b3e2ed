;; refused: only instances under plain names
(component (import "a" (implements "a:b/c") (func)))
