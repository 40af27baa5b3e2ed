package dev.trellis.host.component;

import dev.trellis.host.component.ValueFormException.Reason;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a call of one function is written as bytes: its parameters, and its result. Made once per function; safe for
 * concurrent use. The README of this module has the format.
 */
public final class FunctionForm {
    /** Parts of a function's type, written out; one with more cannot be called by bytes. */
    public static final int TYPE_PARTS_MAX = 10_000;

    /** What of a type written out is shown to people. */
    private static final int SIGNATURE_SHOWN_MAX = 400;

    private static final int FINGERPRINT_BYTES = Long.BYTES;

    private final String signature;
    private final long fingerprint;
    private final ValueForm[] parameters;
    private final @Nullable ValueForm result;

    private FunctionForm(String signature, List<ValueForm> parameters, Optional<ValueForm> result) {
        this.signature = signature;
        this.fingerprint = fingerprint(signature);
        this.parameters = parameters.toArray(ValueForm[]::new);
        this.result = result.orElse(null);
    }

    /**
     * The form of a function's calls.
     *
     * @param subject names the function in messages
     * @throws ComponentLinkException if its values cannot be written: resources, streams, futures and error contexts belong
     *     to the instances that have them
     */
    public static FunctionForm of(String subject, FunctionType type) {
        if (type.treeSize() > TYPE_PARTS_MAX) {
            throw new ComponentLinkException(
                    subject,
                    "a function that is called over a link has a type of at most " + TYPE_PARTS_MAX
                            + " parts, this one has " + type.treeSize());
        }
        ValueForms forms = new ValueForms();
        try {
            List<ValueForm> parameters = type.parameters().stream()
                    .map(parameter -> forms.of(parameter.type()))
                    .toList();
            Optional<ValueForm> result = type.result().map(forms::of);
            return new FunctionForm(StructuralText.of(type), parameters, result);
        } catch (Codecs.UnsupportedTypeException e) {
            throw new ComponentLinkException(
                    subject,
                    "values of type " + e.getMessage()
                            + " cannot be passed over a link: they belong to the instance that" + " has them");
        }
    }

    private static long fingerprint(String signature) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(signature.getBytes(StandardCharsets.UTF_8));
            return ByteBuffer.wrap(digest).order(ByteOrder.LITTLE_ENDIAN).getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** The function's type, with the types of its values written out; shortened, for people. */
    public String signature() {
        return signature.length() <= SIGNATURE_SHOWN_MAX
                ? signature
                : signature.substring(0, SIGNATURE_SHOWN_MAX) + "...";
    }

    /** The first 64 bits of the SHA-256 of the type, written out: what calls and results begin with. */
    public long fingerprint() {
        return fingerprint;
    }

    /**
     * Writes a call.
     *
     * @param values one per parameter, as {@link ComponentImports} says
     * @throws ValueFormException only {@link Reason#TOO_LARGE}
     */
    public byte[] writeCall(@Nullable Object[] values, int bytesMax) throws ValueFormException {
        if (values.length != parameters.length) {
            throw new IllegalArgumentException(
                    "the function takes " + parameters.length + " values, these are " + values.length);
        }
        ValueWriter to = begin(bytesMax);
        for (int i = 0; i < parameters.length; i++) {
            parameters[i].write(to, values[i]);
        }
        return to.finish();
    }

    /** Reads a call: the values of the parameters. */
    public @Nullable Object[] readCall(byte[] bytes) throws ValueFormException {
        ValueReader from = open(bytes);
        @Nullable Object[] values = new @Nullable Object[parameters.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = parameters[i].read(from);
        }
        from.end();
        return values;
    }

    /**
     * Writes a result; null if the function has none.
     *
     * @throws ValueFormException only {@link Reason#TOO_LARGE}
     */
    public byte[] writeResult(@Nullable Object value, int bytesMax) throws ValueFormException {
        ValueWriter to = begin(bytesMax);
        if (result != null) {
            result.write(to, value);
        }
        return to.finish();
    }

    /** Reads a result; null if the function has none. */
    public @Nullable Object readResult(byte[] bytes) throws ValueFormException {
        ValueReader from = open(bytes);
        Object value = result == null ? null : result.read(from);
        from.end();
        return value;
    }

    private ValueWriter begin(int bytesMax) throws ValueFormException {
        ValueWriter to = new ValueWriter(bytesMax);
        to.putFixed(fingerprint, FINGERPRINT_BYTES);
        return to;
    }

    private ValueReader open(byte[] bytes) throws ValueFormException {
        ValueReader from = new ValueReader(bytes, 0);
        if (bytes.length < FINGERPRINT_BYTES) {
            throw from.malformed("the fingerprint of the function's type is expected, " + FINGERPRINT_BYTES
                    + " bytes; there are " + bytes.length);
        }
        long found = from.readFixed(FINGERPRINT_BYTES);
        if (found != fingerprint) {
            throw new ValueFormException(
                    Reason.OTHER_TYPE,
                    "the other side knows the function by another type (%016x); here it is %s (%016x)"
                            .formatted(found, signature(), fingerprint));
        }
        return from;
    }
}
