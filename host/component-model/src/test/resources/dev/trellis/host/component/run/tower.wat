;; Eleven components, each of which makes two of the one before: 2,047 instances in all.
(component
  (component $c0)
  (component $c1 (alias outer 1 $c0 (component $c)) (instance (instantiate $c)) (instance (instantiate $c)))
  (component $c2 (alias outer 1 $c1 (component $c)) (instance (instantiate $c)) (instance (instantiate $c)))
  (component $c3 (alias outer 1 $c2 (component $c)) (instance (instantiate $c)) (instance (instantiate $c)))
  (component $c4 (alias outer 1 $c3 (component $c)) (instance (instantiate $c)) (instance (instantiate $c)))
  (component $c5 (alias outer 1 $c4 (component $c)) (instance (instantiate $c)) (instance (instantiate $c)))
  (component $c6 (alias outer 1 $c5 (component $c)) (instance (instantiate $c)) (instance (instantiate $c)))
  (component $c7 (alias outer 1 $c6 (component $c)) (instance (instantiate $c)) (instance (instantiate $c)))
  (component $c8 (alias outer 1 $c7 (component $c)) (instance (instantiate $c)) (instance (instantiate $c)))
  (component $c9 (alias outer 1 $c8 (component $c)) (instance (instantiate $c)) (instance (instantiate $c)))
  (component $c10 (alias outer 1 $c9 (component $c)) (instance (instantiate $c)) (instance (instantiate $c)))
  (instance (instantiate $c10)))
