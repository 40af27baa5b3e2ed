package dev.trellis.host.component;

/** The type of an import or export as the bytes say it. */
public sealed interface ExternSyntax {
    int offset();

    record CoreModule(int offset, int type) implements ExternSyntax {}

    record Function(int offset, int type) implements ExternSyntax {}

    record ValueOf(int offset, TypeSyntax.Value type) implements ExternSyntax {}

    record ValueEqual(int offset, int value) implements ExternSyntax {}

    /** A type that equals the one at {@code type}. */
    record TypeEqual(int offset, int type) implements ExternSyntax {}

    /** A resource type of which nothing else is known. */
    record AnyResource(int offset) implements ExternSyntax {}

    record ComponentOf(int offset, int type) implements ExternSyntax {}

    record InstanceOf(int offset, int type) implements ExternSyntax {}
}
