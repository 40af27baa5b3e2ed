;; refused: not within component and instance types
(component (type (component (type (resource (rep i32))))))
