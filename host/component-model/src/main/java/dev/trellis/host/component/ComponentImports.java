package dev.trellis.host.component;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What the host offers for components to import: interfaces by name, and functions under plain names. Immutable; shared by
 * all components that are linked with it.
 */
public final class ComponentImports {
    /*
     * Values in Java, for parameters and results of functions on either side:
     *
     *   bool                          Boolean
     *   s8, u8, s16, u16, s32         Integer
     *   u32, s64, u64                 Long; u64 as its 64 bits
     *   f32, f64                      Float, Double
     *   char                          Integer, a Unicode scalar value
     *   string                        String
     *   list<u8>, list<s8>            byte[]
     *   list of other numbers         short[], int[], long[], float[], double[]; unsigned ones as bits
     *   other lists                   List of the elements
     *   map<K, V>                     List of entries, each a List of key and value
     *   record, tuple                 List of the fields
     *   variant, enum                 Variant, String
     *   option, result                Optional, Result
     *   flags                         Long; flag number n is bit n
     *   own, borrow                   the host's object for a resource of the host, else GuestResource
     *
     * Where the host gives an integer, any Java integer in the range of the type will do.
     */

    /** A function that guests call. */
    @FunctionalInterface
    public interface Function {
        /**
         * Runs on the guest's thread and inside its time budget; lets {@link InterruptedException} pass. The instance cannot
         * be called from here. Whatever is thrown ends the guest's call with it and breaks the instance.
         *
         * @param args one per parameter; belongs to the function. A borrowed resource is only lent until the function ends
         * @return the result; null if the function has none
         */
        @Nullable
        Object call(ComponentInstance instance, @Nullable Object[] args) throws InterruptedException;

        /**
         * Whether it is called without a check, of about a microsecond, that there is stack left for it. A guest decides how
         * deep the stack is when it calls.
         */
        default boolean isLeaf() {
            return false;
        }

        /**
         * The same function without that check. Only for functions that may end with a {@link StackOverflowError} anywhere
         * without harm: they compute, take no lock and change nothing that outlives the instance.
         */
        static Function leaf(Function function) {
            return new Leaf(function);
        }
    }

    /** See {@link Function#leaf}. */
    private record Leaf(Function function) implements Function {
        @Override
        public @Nullable Object call(ComponentInstance instance, @Nullable Object[] args) throws InterruptedException {
            return function.call(instance, args);
        }

        @Override
        public boolean isLeaf() {
            return true;
        }
    }

    /**
     * A resource of the host. What guests own of it are objects of the host; two objects of this class are two resources.
     *
     * @param name as interfaces export it
     * @param type of the objects
     * @param drop what happens when a guest drops an object that it owns, or ends without: then in any order, and a
     *     {@link dev.trellis.host.engine.GuestException} thrown for breaking one is of no effect
     */
    public record Resource<T>(String name, Class<T> type, Consumer<? super T> drop) {
        private enum Nothing implements Consumer<Object> {
            INSTANCE;

            @Override
            public void accept(Object object) {}
        }

        /** A resource that nothing needs to be done about in the end. */
        public static <T> Resource<T> of(String name, Class<T> type) {
            return new Resource<>(name, type, Nothing.INSTANCE);
        }

        /** Whether dropping does nothing, and so needs no check for stack. */
        boolean dropsNothing() {
            return drop instanceof Nothing;
        }

        void dropped(Object object) {
            drop.accept(type.cast(object));
        }
    }

    /** Functions and resources under one name. */
    public static final class Interface {
        private final String name;
        private final Map<String, Function> functions;
        private final Map<String, Resource<?>> resources;

        private Interface(String name, Builder from) {
            this.name = name;
            this.functions = Collections.unmodifiableMap(new LinkedHashMap<>(from.functions));
            this.resources = Collections.unmodifiableMap(new LinkedHashMap<>(from.resources));
        }

        public String name() {
            return name;
        }

        public Map<String, Function> functions() {
            return functions;
        }

        public Map<String, Resource<?>> resources() {
            return resources;
        }

        /**
         * Starts an interface.
         *
         * @param name as imports ask for it: {@code wasi:io/streams@0.2.12}
         */
        public static Builder named(String name) {
            return new Builder(name);
        }

        public static final class Builder {
            private final String name;
            private final Map<String, Function> functions = new LinkedHashMap<>();
            private final Map<String, Resource<?>> resources = new LinkedHashMap<>();

            private Builder(String name) {
                this.name = name;
            }

            /**
             * Adds a function.
             *
             * @param name with its annotation: {@code [method]fields.get}
             */
            public Builder function(String name, Function function) {
                if (functions.put(name, function) != null) {
                    throw new IllegalArgumentException(
                            "interface " + this.name + " offers function " + name + " twice");
                }
                return this;
            }

            /** Also a resource that this interface uses from another: then the same object. */
            public Builder resource(Resource<?> resource) {
                if (resources.put(resource.name(), resource) != null) {
                    throw new IllegalArgumentException(
                            "interface " + name + " offers resource " + resource.name() + " twice");
                }
                return this;
            }

            public Interface build() {
                return new Interface(name, this);
            }
        }
    }

    private static final ComponentImports NONE = new ComponentImports(Map.of(), Map.of());

    private final Map<String, Interface> interfaces;
    private final Map<String, Function> functions;
    private final InterfaceNames names;

    private ComponentImports(Map<String, Interface> interfaces, Map<String, Function> functions) {
        this.interfaces = Collections.unmodifiableMap(new LinkedHashMap<>(interfaces));
        this.functions = Collections.unmodifiableMap(new LinkedHashMap<>(functions));
        this.names = new InterfaceNames(interfaces.keySet());
    }

    public static ComponentImports none() {
        return NONE;
    }

    public static ComponentImports of(Interface... interfaces) {
        ComponentImports imports = NONE;
        for (Interface one : interfaces) {
            imports = imports.and(one);
        }
        return imports;
    }

    /** These and one more interface. */
    public ComponentImports and(Interface added) {
        Map<String, Interface> all = new LinkedHashMap<>(interfaces);
        if (all.put(added.name(), added) != null) {
            throw new IllegalArgumentException("interface " + added.name() + " is offered twice");
        }
        return new ComponentImports(all, functions);
    }

    /** These and one more function, which components import under a plain name. */
    public ComponentImports and(String name, Function function) {
        Map<String, Function> all = new LinkedHashMap<>(functions);
        if (all.put(name, function) != null) {
            throw new IllegalArgumentException("function " + name + " is offered twice");
        }
        return new ComponentImports(interfaces, all);
    }

    /** These and all of {@code others}. */
    public ComponentImports and(ComponentImports others) {
        ComponentImports both = this;
        for (Interface one : others.interfaces.values()) {
            both = both.and(one);
        }
        for (Map.Entry<String, Function> one : others.functions.entrySet()) {
            both = both.and(one.getKey(), one.getValue());
        }
        return both;
    }

    /** The interface under this name, or under the newest compatible version of it. */
    public Optional<Interface> find(String name) {
        return names.find(name).map(interfaces::get);
    }

    Optional<Function> function(String name) {
        return Optional.ofNullable(functions.get(name));
    }

    /** What is offered under the name most like {@code name}, for messages. */
    Optional<String> nearest(String name) {
        Map<String, Object> all = new LinkedHashMap<>(interfaces);
        all.putAll(functions);
        return InterfaceNames.nearest(name, all.keySet());
    }
}
