;; refused: counts scopes outwards
(component (alias outer 1 0 (type $a)))
