;; Grows its table. A payload makes no difference.
;;
;; Table.Grow   by 1 until the host refuses, then traps
;; any other    by 1 once; answers the table size before, one byte: 5 in every fresh instance
(module
  (import "wasmbus" "__guest_request" (func $guest_request (param i32 i32)))
  (import "wasmbus" "__guest_response" (func $guest_response (param i32 i32)))
  (memory (export "memory") 1)
  (table $table 5 funcref)
  (func (export "__guest_call") (param $operation_length i32) (param $payload_length i32) (result i32)
    (call $guest_request (i32.const 1024) (i32.const 2048))
    (if (i32.eq (local.get $operation_length) (i32.const 10))
      (then
        (loop $more
          (br_if $more (i32.ne (table.grow $table (ref.null func) (i32.const 1)) (i32.const -1))))
        unreachable))
    (i32.store8 (i32.const 16) (table.grow $table (ref.null func) (i32.const 1)))
    (call $guest_response (i32.const 16) (i32.const 1))
    (i32.const 1)))
