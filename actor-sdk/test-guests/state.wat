;; Changes every kind of state that an instance has, and answers what it found.
;;
;; State.Segments   copies a byte (7) and a table entry from passive segments, drops both, answers the byte.
;;                  Traps in an instance where they were dropped already.
;; any other        eight bytes; a fresh instance answers 01 29 01 02 0b 00 00 00:
;;   0  a mutable global, after adding 1
;;   1  a cell of memory that a data segment sets to 40, after adding 1
;;   2  memory size in pages, before growing by 1
;;   3  table size, before growing by 1
;;   4  what a call through table slot 0 gives (11), before the slot is set to the function that gives 12
;;   5  a cell of memory that no segment sets, before it is set to 1
;;   6  the last byte of memory, before growing
;;   7  the last byte of memory, after growing (0 in any instance), before it is set to 9
(module
  (import "wasmbus" "__guest_request" (func $guest_request (param i32 i32)))
  (import "wasmbus" "__guest_response" (func $guest_response (param i32 i32)))
  (type $number (func (result i32)))
  (memory (export "memory") 1)
  (table $table 2 100 funcref)
  (global $calls (mut i32) (i32.const 0))
  (data (i32.const 16) "\28")
  (data $passive "\07")
  (elem (i32.const 0) $eleven $twelve)
  (elem $twelves func $twelve)
  (func $eleven (result i32) (i32.const 11))
  (func $twelve (result i32) (i32.const 12))

  (func $last_byte (result i32)
    (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1)))

  (func $segments
    (memory.init $passive (i32.const 32) (i32.const 0) (i32.const 1))
    (table.init $table $twelves (i32.const 1) (i32.const 0) (i32.const 1))
    (data.drop $passive)
    (elem.drop $twelves)
    (call $guest_response (i32.const 32) (i32.const 1)))

  (func $values
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (i32.store8 (i32.const 32) (global.get $calls))
    (i32.store8 (i32.const 16) (i32.add (i32.load8_u (i32.const 16)) (i32.const 1)))
    (i32.store8 (i32.const 33) (i32.load8_u (i32.const 16)))
    (i32.store8 (i32.const 34) (memory.size))
    (i32.store8 (i32.const 35) (table.size $table))
    (i32.store8 (i32.const 36) (call_indirect $table (type $number) (i32.const 0)))
    (i32.store8 (i32.const 37) (i32.load8_u (i32.const 48)))
    (i32.store8 (i32.const 48) (i32.const 1))
    (i32.store8 (i32.const 38) (i32.load8_u (call $last_byte)))
    (drop (memory.grow (i32.const 1)))
    (i32.store8 (i32.const 39) (i32.load8_u (call $last_byte)))
    (i32.store8 (call $last_byte) (i32.const 9))
    (table.set $table (i32.const 0) (table.get $table (i32.const 1)))
    (drop (table.grow $table (ref.null func) (i32.const 1)))
    (call $guest_response (i32.const 32) (i32.const 8)))

  (func (export "__guest_call") (param $operation_length i32) (param $payload_length i32) (result i32)
    (call $guest_request (i32.const 1024) (i32.const 2048))
    ;; "State.Segments" is told apart by its letter after the prefix
    (if (i32.eq (i32.load8_u (i32.const 1031)) (i32.const 0x65))
      (then (if (i32.eq (i32.load8_u (i32.const 1030)) (i32.const 0x53))
        (then (call $segments) (return (i32.const 1))))))
    (call $values)
    (i32.const 1)))
