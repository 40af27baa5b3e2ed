// Exports of components have names that AssemblyScript cannot write.
export function afterCompile(module) {
  module.removeExport('handle');
  module.addFunctionExport('hello/handle', 'wasi:http/incoming-handler@0.2.12#handle');
}
