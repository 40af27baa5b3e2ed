package dev.trellis.host.component;

import dev.trellis.host.engine.Signature;
import dev.trellis.host.engine.WasmType;
import java.util.List;
import java.util.OptionalLong;

/** A core type definition as the bytes say it. */
public sealed interface CoreTypeSyntax {
    record Function(Signature signature) implements CoreTypeSyntax {}

    record Module(List<Declaration> declarations) implements CoreTypeSyntax {
        public Module {
            declarations = List.copyOf(declarations);
        }
    }

    /** One item of a module type, which has a type index space of its own. */
    sealed interface Declaration {
        int offset();

        record Import(int offset, String module, String name, External type) implements Declaration {}

        record Type(int offset, CoreTypeSyntax type) implements Declaration {}

        record AliasOuter(int offset, int count, int index) implements Declaration {}

        record Export(int offset, String name, External type) implements Declaration {}
    }

    /** The type of something that a module imports or exports; functions and tags refer to a type by index. */
    sealed interface External {
        record Function(int type) implements External {}

        record Table(WasmType element, long min, OptionalLong max) implements External {}

        record Memory(long minPages, OptionalLong maxPages) implements External {}

        record Global(WasmType type, boolean mutable) implements External {}

        record Tag(int type) implements External {}
    }
}
