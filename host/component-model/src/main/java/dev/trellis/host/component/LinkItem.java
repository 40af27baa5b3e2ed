package dev.trellis.host.component;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What an index of a component stands for once everything it came through is resolved. */
sealed interface LinkItem {
    /** A core module. */
    record Module(ByteSlice bytes) implements LinkItem {}

    record Function(Callee callee) implements LinkItem {}

    /** A type; {@code resource} is null for one that is no resource. */
    record Type(@Nullable ResourceDefinition resource) implements LinkItem {}

    record Instance(Map<String, LinkItem> exports) implements LinkItem {}

    /** A component, and the frame whose definitions its outer aliases mean. */
    record Component(ValidComponent component, ComponentLinker.@Nullable Frame definedIn) implements LinkItem {}

    /** Who runs when a component function is called. */
    sealed interface Callee permits LiftedFunction, LinkItem.HostCallee {}

    /** A function of the host; {@code name} is for messages. */
    record HostCallee(String name, ComponentImports.Function function) implements Callee {}
}
