;; refused: not in kebab case
(component (import "notKebab" (func)))
