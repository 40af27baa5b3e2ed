;; Imports a function of its own WIT that takes a resource.
(component
  (import "test:calls/things@1.0.0" (instance $things
    (export "thing" (type $thing (sub resource)))
    (export "[method]thing.weigh" (func (param "self" (borrow $thing)) (result u32)))))
  (core module $m (func (export "f")))
  (core instance $i (instantiate $m))
  (func $f (canon lift (core func $i "f")))
  (instance $api (export "f" (func $f)))
  (export "test:calls/api@1.0.0" (instance $api)))
