package dev.trellis.host.component;

/**
 * A type of values. Equality of its Java objects is identity: a type under another name is another object.
 * {@link TypeMatcher} compares structure.
 */
public sealed interface ValueType extends TypeEntity permits PrimitiveType, DefinedType {
    Layout layout();

    /** Whether values of this type contain {@code trait} somewhere. */
    boolean has(Trait trait);

    /** What decides how values of a type may be used. */
    enum Trait {
        /** A string or list of variable length, which lies in guest memory wherever its value is. */
        POINTER(1),
        BORROW(2),
        /** A resource handle, owned or borrowed. */
        HANDLE(4),
        /** A record, variant, enum, flags or resource: types that have a name in source languages. */
        NOMINAL(8);

        private final int bit;

        Trait(int bit) {
            this.bit = bit;
        }

        int bit() {
            return bit;
        }
    }
}
