package dev.trellis.host.component;

import static dev.trellis.host.component.InvalidComponentException.invalid;

import java.util.List;
import java.util.OptionalInt;

/** The options of a canonical definition; what is absent is not there, and strings are UTF-8 unless said otherwise. */
public record CanonOptions(
        Canon.StringEncoding encoding,
        OptionalInt memory,
        OptionalInt realloc,
        OptionalInt postReturn,
        boolean async,
        OptionalInt callback) {

    /** @throws InvalidComponentException if an option is there twice */
    static CanonOptions of(List<Canon.Option> options) {
        boolean encoded = false;
        Canon.StringEncoding encoding = Canon.StringEncoding.UTF8;
        OptionalInt memory = OptionalInt.empty();
        OptionalInt realloc = OptionalInt.empty();
        OptionalInt postReturn = OptionalInt.empty();
        boolean async = false;
        OptionalInt callback = OptionalInt.empty();
        for (Canon.Option option : options) {
            switch (option) {
                case Canon.Option.Encoding(int offset, Canon.StringEncoding value) -> {
                    if (encoded) {
                        throw twice(offset, "string-encoding");
                    }
                    encoded = true;
                    encoding = value;
                }
                case Canon.Option.Memory(int offset, int index) -> memory = once(memory, index, offset, "memory");
                case Canon.Option.Realloc(int offset, int index) -> realloc = once(realloc, index, offset, "realloc");
                case Canon.Option.PostReturn(int offset, int index) ->
                    postReturn = once(postReturn, index, offset, "post-return");
                case Canon.Option.Async(int offset) -> {
                    if (async) {
                        throw twice(offset, "async");
                    }
                    async = true;
                }
                case Canon.Option.Callback(int offset, int index) ->
                    callback = once(callback, index, offset, "callback");
            }
        }
        return new CanonOptions(encoding, memory, realloc, postReturn, async, callback);
    }

    private static OptionalInt once(OptionalInt before, int index, int offset, String what) {
        if (before.isPresent()) {
            throw twice(offset, what);
        }
        return OptionalInt.of(index);
    }

    private static InvalidComponentException twice(int offset, String what) {
        return invalid(offset, "canonical option '" + what + "' is there at most once, this is the second one");
    }
}
