(module (import "" "" (func)) (func $s (call 0)) (start $s))
