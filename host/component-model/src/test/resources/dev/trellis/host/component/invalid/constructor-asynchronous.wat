;; refused: is not asynchronous
(component
  (import "a" (type $a (sub resource)))
  (import "[constructor]a" (func async (result (own $a)))))
