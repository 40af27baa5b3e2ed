;; Imports an interface that there is not; the nearest is wasi:logging/logging.
(component
  (import "wasi:logging/loging@0.1.0-draft" (instance
    (export "log" (func (param "message" string)))
  ))
)
