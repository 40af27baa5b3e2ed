;; A start function whose effects belong to the image.
(module
  (memory 1)
  (global $g (mut i32) (i32.const 0))
  (func $s (i32.store (i32.const 8) (i32.const 11)) (global.set $g (i32.add (global.get $g) (i32.const 1))))
  (func (export "seen") (result i32) (i32.add (i32.load (i32.const 8)) (global.get $g)))
  (start $s))
