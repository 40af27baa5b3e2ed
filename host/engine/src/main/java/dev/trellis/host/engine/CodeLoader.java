package dev.trellis.host.engine;

import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.Machine;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** Turns class files of one module into its machine factory. Classes are defined when they are first used. */
final class CodeLoader extends ClassLoader {
    static {
        registerAsParallelCapable();
    }

    private final Map<String, byte[]> undefined;

    private CodeLoader(Map<String, byte[]> classes) {
        super("trellis-guest", Instance.class.getClassLoader());
        undefined = new ConcurrentHashMap<>(classes);
    }

    /**
     * @param verifyAll whether every class is verified now; else the JVM does it at first use
     * @throws LinkageError if a class is broken
     */
    static Function<Instance, Machine> machineFactory(CompiledCode code, boolean verifyAll) {
        CodeLoader loader = new CodeLoader(code.classes());
        try {
            for (String name : verifyAll ? code.classes().keySet() : List.of(code.mainClass())) {
                Class.forName(name, true, loader);
            }
            Class<?> main = loader.loadClass(code.mainClass());
            MethodHandle constructor = MethodHandles.publicLookup()
                    .findConstructor(main, MethodType.methodType(void.class, Instance.class))
                    .asType(MethodType.methodType(Machine.class, Instance.class));
            return instance -> newMachine(constructor, instance);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("compiled code has no machine class " + code.mainClass(), e);
        }
    }

    private static Machine newMachine(MethodHandle constructor, Instance instance) {
        try {
            return (Machine) constructor.invokeExact(instance);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new LinkageError("the machine's constructor declares no exception", e);
        }
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        byte[] bytes = undefined.remove(name);
        if (bytes == null) {
            throw new ClassNotFoundException(name);
        }
        return defineClass(name, bytes, 0, bytes.length);
    }
}
