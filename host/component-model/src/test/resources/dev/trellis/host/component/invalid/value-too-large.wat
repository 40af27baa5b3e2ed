;; refused: a value takes less than
(component (type (list string 16777216)))
