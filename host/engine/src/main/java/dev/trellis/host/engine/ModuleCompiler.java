package dev.trellis.host.engine;

import com.dylibso.chicory.compiler.InterpreterFallback;
import com.dylibso.chicory.compiler.internal.ByteClassCollector;
import com.dylibso.chicory.compiler.internal.Compiler;
import com.dylibso.chicory.compiler.internal.CompilerResult;
import com.dylibso.chicory.wasm.ChicoryException;
import com.dylibso.chicory.wasm.Parser;
import com.dylibso.chicory.wasm.WasmModule;
import com.dylibso.chicory.wasm.types.ExternalType;
import com.dylibso.chicory.wasm.types.FunctionBody;
import com.dylibso.chicory.wasm.types.Instruction;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.function.Supplier;

/** Validates a module and compiles it to class files. */
final class ModuleCompiler {
    static final String MAIN_CLASS = "trellis.guest.Machine";

    static final int INTERPRETED_LOCALS_MAX = 4_000;

    private static final int FORMAT_VERSION = 1;
    private static final int GC_OPCODES = 0xfb;
    private static final String CHICORY_PROPERTIES = "/META-INF/maven/com.dylibso.chicory/compiler/pom.properties";

    private ModuleCompiler() {}

    /** Names everything that compiled code depends on. */
    static String version() {
        Properties properties = new Properties();
        try (InputStream in = Compiler.class.getResourceAsStream(CHICORY_PROPERTIES)) {
            if (in != null) {
                properties.load(in);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the compiler's own jar cannot be read", e);
        }
        return FORMAT_VERSION + "-" + properties.getProperty("version", "unknown");
    }

    /** @throws InvalidModuleException if the module is refused for whatever reason */
    static CompiledCode compile(byte[] wasm, EngineConfig config) {
        ModuleScanner.Scanned scanned = ModuleScanner.scan(wasm, config);
        return refusing(() -> {
            WasmModule module = validated(scanned);
            CompilerResult result = Compiler.builder(module)
                    .withClassName(MAIN_CLASS)
                    .withInterpreterFallback(InterpreterFallback.SILENT)
                    .withClassCollectorFactory(ByteClassCollector::new)
                    .build()
                    .compile();
            refuseHugeInterpretedFrames(module, result);
            Map<String, byte[]> classes = new LinkedHashMap<>();
            // The compiler gives some names in the JVM's internal form.
            result.classBytes().forEach((name, bytes) -> classes.put(name.replace('/', '.'), bytes));
            byte[] stripped = ModuleStripper.strip(
                    scanned.core(),
                    result.interpretedFunctions(),
                    module.importSection().count(ExternalType.FUNCTION));
            int start = module.startSection()
                    .map(section -> (int) section.startIndex())
                    .orElse(-1);
            return new CompiledCode(
                    stripped,
                    MAIN_CLASS,
                    classes,
                    scanned.customSections(),
                    result.interpretedFunctions().size(),
                    start);
        });
    }

    /** @throws InvalidModuleException if the module is refused for whatever reason */
    static ModuleOutline outline(byte[] wasm, EngineConfig config) {
        ModuleScanner.Scanned scanned = ModuleScanner.scan(wasm, config);
        return refusing(() -> ModuleOutline.of(validated(scanned)));
    }

    private static WasmModule validated(ModuleScanner.Scanned scanned) {
        WasmModule module = parse(scanned.core(), true);
        refuseGarbageCollection(module);
        return module;
    }

    private static <T> T refusing(Supplier<T> work) {
        try {
            return work.get();
        } catch (ChicoryException e) {
            throw new InvalidModuleException(message(e), e);
        } catch (InvalidModuleException e) {
            throw e;
        } catch (StackOverflowError e) {
            throw new InvalidModuleException("its blocks nest too deeply to be compiled", e);
        } catch (OutOfMemoryError e) {
            throw new InvalidModuleException("compiling it needs more memory than the JVM has", e);
        } catch (RuntimeException | LinkageError | AssertionError e) {
            // Parser and compiler let exceptions of collections, buffers and ASM escape for some broken modules.
            throw new InvalidModuleException("it is malformed or uses what is not supported (" + message(e) + ")", e);
        }
    }

    static WasmModule parse(byte[] core, boolean validate) {
        return Parser.builder().withValidation(validate).build().parse(() -> new ByteArrayInputStream(core));
    }

    /** Its objects live outside the guest's memory, where no limit of the guest holds. */
    private static void refuseGarbageCollection(WasmModule module) {
        for (FunctionBody body : module.codeSection().functionBodies()) {
            for (Instruction instruction : body.instructions()) {
                if (instruction.opcode().opcode() >> Byte.SIZE == GC_OPCODES) {
                    throw new InvalidModuleException(
                            "garbage collection is not supported, it uses " + instruction.opcode(), null);
                }
            }
        }
    }

    /** The interpreter keeps locals on the heap, once for every level of a recursion. */
    private static void refuseHugeInterpretedFrames(WasmModule module, CompilerResult result) {
        int imported = module.importSection().count(ExternalType.FUNCTION);
        for (int function : result.interpretedFunctions()) {
            int locals = module.codeSection()
                    .getFunctionBody(function - imported)
                    .localTypes()
                    .size();
            if (locals > INTERPRETED_LOCALS_MAX) {
                throw new InvalidModuleException(
                        "function " + function + " is too large to be compiled; as such it has at most "
                                + INTERPRETED_LOCALS_MAX + " locals, this has " + locals,
                        null);
            }
        }
    }

    static String message(Throwable e) {
        String message = e.getMessage();
        return message == null ? e.getClass().getSimpleName() : message;
    }
}
