package dev.trellis.host.wasmbus;

import static dev.trellis.host.engine.WasmType.I32;

import com.google.protobuf.ByteString;
import dev.trellis.host.actor.CallEndedException;
import dev.trellis.host.actor.GuestCall;
import dev.trellis.host.engine.GuestInstance;
import dev.trellis.host.engine.GuestMemoryException;
import dev.trellis.host.engine.HostFunction;
import dev.trellis.host.engine.WasmType;
import dev.trellis.lattice.contracts.Contract;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.LinkName;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.event.Level;

/** The nine functions that classic actors import from {@code wasmbus}, or from {@code wapc} if they are of waPC at large. */
final class WasmbusImports {
    /*
     * As wasmCloud's hosts do it:
     * - a guest may pass any address with a length of zero; Rust passes 1;
     * - exactly as many bytes are written as the guest was told: it allocated no more;
     * - __guest_request, __host_response and __host_error work once for what there is to take, then the call traps;
     * - texts are UTF-8, or the call traps;
     * - __host_call gives 1 for success and 0 for failure.
     * An address range outside the guest's memory traps, whatever it is for.
     */
    static final List<String> MODULES = List.of("wasmbus", "wapc");

    static final String GUEST_REQUEST = "__guest_request";
    static final String GUEST_RESPONSE = "__guest_response";
    static final String GUEST_ERROR = "__guest_error";
    static final String HOST_CALL = "__host_call";
    static final String HOST_RESPONSE_LEN = "__host_response_len";
    static final String HOST_RESPONSE = "__host_response";
    static final String HOST_ERROR_LEN = "__host_error_len";
    static final String HOST_ERROR = "__host_error";
    static final String CONSOLE_LOG = "__console_log";

    static final List<String> NAMES = List.of(
            GUEST_REQUEST,
            GUEST_RESPONSE,
            GUEST_ERROR,
            HOST_CALL,
            HOST_RESPONSE_LEN,
            HOST_RESPONSE,
            HOST_ERROR_LEN,
            HOST_ERROR,
            CONSOLE_LOG);

    /** Bytes of a binding, namespace or operation; a longer one fails the host call. */
    static final int NAME_BYTES_MAX = 255;

    /** Bytes kept of a guest's error text. */
    static final int ERROR_BYTES_MAX = 8 << 10;

    private static final long[] NOTHING = {};
    private static final String KEYVALUE = Contracts.KEYVALUE.id().value();

    private WasmbusImports() {}

    /** Those that touch nothing but their own call and its guest are leaves: they may run on the last of the stack. */
    static List<HostFunction> functions() {
        List<HostFunction> all = new ArrayList<>();
        for (String module : MODULES) {
            all.add(function(module, GUEST_REQUEST, 2, List.of(), WasmbusImports::guestRequest)
                    .asLeaf());
            all.add(function(module, GUEST_RESPONSE, 2, List.of(), WasmbusImports::guestResponse)
                    .asLeaf());
            all.add(function(module, GUEST_ERROR, 2, List.of(), WasmbusImports::guestError)
                    .asLeaf());
            all.add(function(module, HOST_CALL, 8, List.of(I32), WasmbusImports::hostCall));
            all.add(function(module, HOST_RESPONSE_LEN, 0, List.of(I32), WasmbusImports::hostResponseLen)
                    .asLeaf());
            all.add(function(module, HOST_RESPONSE, 1, List.of(), WasmbusImports::hostResponse)
                    .asLeaf());
            all.add(function(module, HOST_ERROR_LEN, 0, List.of(I32), WasmbusImports::hostErrorLen)
                    .asLeaf());
            all.add(function(module, HOST_ERROR, 1, List.of(), WasmbusImports::hostError)
                    .asLeaf());
            all.add(function(module, CONSOLE_LOG, 2, List.of(), WasmbusImports::consoleLog));
        }
        return List.copyOf(all);
    }

    private static HostFunction function(
            String module, String name, int params, List<WasmType> results, HostFunction.Body body) {
        List<WasmType> types = new ArrayList<>();
        for (int i = 0; i < params; i++) {
            types.add(I32);
        }
        return new HostFunction(module, name, types, results, body);
    }

    private static ActiveCall call(GuestInstance guest) {
        return guest.attachment(ActiveCall.class);
    }

    // The call itself

    private static long[] guestRequest(GuestInstance guest, long[] args) {
        ActiveCall call = call(guest);
        if (call.requestTaken) {
            throw call.trap("it called " + GUEST_REQUEST + " again; there is nothing left to take");
        }
        call.requestTaken = true;
        write(guest, call, GUEST_REQUEST, (int) args[0], call.operation, call.operation.length);
        write(guest, call, GUEST_REQUEST, (int) args[1], call.request.array(), call.request.length());
        return NOTHING;
    }

    private static long[] guestResponse(GuestInstance guest, long[] args) {
        ActiveCall call = call(guest);
        int address = (int) args[0];
        int length = (int) args[1];
        checkRange(guest, call, GUEST_RESPONSE, address, length);
        if (length > call.limits().payloadBytesMax()) {
            throw new CallEndedException(new InvocationFailure.PayloadTooLarge(
                    call.actor().value(),
                    tooLarge("reply", length, call.limits().payloadBytesMax())));
        }
        call.response = bytes(guest, address, length);
        return NOTHING;
    }

    private static long[] guestError(GuestInstance guest, long[] args) {
        ActiveCall call = call(guest);
        int address = (int) args[0];
        int length = (int) args[1];
        checkRange(guest, call, GUEST_ERROR, address, length);
        if (length > ERROR_BYTES_MAX) {
            // The cut may be inside a character, so this one is not held to UTF-8.
            call.error = new String(guest.read(address, ERROR_BYTES_MAX), StandardCharsets.UTF_8);
        } else {
            call.error = text(guest, call, GUEST_ERROR, address, length);
        }
        return NOTHING;
    }

    private static long[] consoleLog(GuestInstance guest, long[] args) {
        ActiveCall call = call(guest);
        int address = (int) args[0];
        int length = (int) args[1];
        checkRange(guest, call, CONSOLE_LOG, address, length);
        call.countLog(length);
        call.log(Level.INFO, text(guest, call, CONSOLE_LOG, address, length));
        return NOTHING;
    }

    // Host calls

    private static long[] hostResponseLen(GuestInstance guest, long[] args) {
        GuestBytes response = call(guest).hostResponse;
        return new long[] {response == null ? 0 : response.length()};
    }

    private static long[] hostResponse(GuestInstance guest, long[] args) {
        ActiveCall call = call(guest);
        GuestBytes response = call.hostResponse;
        if (response == null) {
            throw call.trap("it called " + HOST_RESPONSE + ", but there is no response to take");
        }
        call.hostResponse = null;
        write(guest, call, HOST_RESPONSE, (int) args[0], response.array(), response.length());
        return NOTHING;
    }

    private static long[] hostErrorLen(GuestInstance guest, long[] args) {
        byte[] error = call(guest).hostError;
        return new long[] {error == null ? 0 : error.length};
    }

    private static long[] hostError(GuestInstance guest, long[] args) {
        ActiveCall call = call(guest);
        byte[] error = call.hostError;
        if (error == null) {
            throw call.trap("it called " + HOST_ERROR + ", but there is no error to take");
        }
        call.hostError = null;
        write(guest, call, HOST_ERROR, (int) args[0], error, error.length);
        return NOTHING;
    }

    private static long[] hostCall(GuestInstance guest, long[] args) throws InterruptedException {
        ActiveCall call = call(guest);
        call.countHostCall();
        call.hostResponse = null;
        try {
            String binding = name(guest, call, "binding", args, 0);
            String namespace = name(guest, call, "namespace", args, 2);
            String operation = name(guest, call, "operation", args, 4);
            int length = (int) args[7];
            checkRange(guest, call, HOST_CALL, (int) args[6], length);
            if (length > call.limits().payloadBytesMax()) {
                throw new InvocationException(new InvocationFailure.PayloadTooLarge(
                        operation, tooLarge("request", length, call.limits().payloadBytesMax())));
            }
            GuestBytes request = bytes(guest, (int) args[6], length);
            GuestBytes response = namespace.startsWith(BuiltinFace.NAMESPACE)
                    ? builtin(call, namespace, operation, request)
                    : route(call, binding, namespace, operation, request);
            if (response.length() > call.limits().payloadBytesMax()) {
                throw new InvocationException(new InvocationFailure.PayloadTooLarge(
                        operation,
                        tooLarge("reply", response.length(), call.limits().payloadBytesMax())));
            }
            call.hostResponse = response;
            return new long[] {1};
        } catch (InvocationException e) {
            call.hostCallFailed(e.failure());
            return new long[] {0};
        }
    }

    private static GuestBytes builtin(ActiveCall call, String namespace, String operation, GuestBytes request) {
        try {
            return switch (operation) {
                case BuiltinFace.WRITE_LOG -> {
                    call.countLog(request.length());
                    var entry = BuiltinFace.decodeLogEntry(request);
                    call.log(entry.level(), entry.text());
                    yield GuestBytes.EMPTY;
                }
                case BuiltinFace.GENERATE_GUID ->
                    BuiltinFace.generateGuid(call.services().random());
                case BuiltinFace.RANDOM_IN_RANGE ->
                    BuiltinFace.randomInRange(request, call.services().random());
                case BuiltinFace.RANDOM_32 ->
                    BuiltinFace.random32(call.services().random());
                default -> throw unknown(namespace, operation);
            };
        } catch (MessagePackException e) {
            throw malformed(operation + " request", e);
        }
    }

    private static GuestBytes route(
            ActiveCall call, String binding, String namespace, String operation, GuestBytes request)
            throws InterruptedException {
        LinkName link = link(binding);
        if (operation.isEmpty()) {
            throw new InvocationException(
                    new InvocationFailure.Malformed("call to '" + namespace + "'", "must name an operation"));
        }
        Optional<Contract> known = contract(namespace);
        if (known.isEmpty()) {
            var opaque = new GuestCall(link, namespace, operation, new Payload.Opaque(request.toByteString()));
            return GuestBytes.of(call.services().call(call.parent(), opaque).toBytes());
        }
        if (known.get().id().equals(Contracts.SQL.id())) {
            return sql(call, link, namespace, operation, request);
        }
        ProviderFace face = ProviderFace.of(known.get()).orElseThrow(() -> unknown(namespace, operation));
        String method = face.method(operation).orElseThrow(() -> unknown(namespace, operation));
        return typed(call, link, face, method, operation, request);
    }

    private static GuestBytes typed(
            ActiveCall call, LinkName link, ProviderFace face, String method, String operation, GuestBytes request)
            throws InterruptedException {
        String contract = face.contract().id().value();
        Payload.Typed payload;
        try {
            payload = new Payload.Typed(face.decode(method, request));
        } catch (MessagePackException e) {
            throw malformed(operation + " request", e);
        }
        Payload reply = call.services().call(call.parent(), new GuestCall(link, contract, method, payload));
        if (!(reply instanceof Payload.Typed(var message))) {
            throw new InvocationException(new InvocationFailure.Malformed(
                    operation + " reply", "must be a message of " + contract + ", is opaque bytes"));
        }
        try {
            return face.encode(message);
        } catch (MessagePackException e) {
            throw malformed(operation + " reply", e);
        }
    }

    /** Apart from the other faces: what is wrong goes into the result, and one call of the guest may become two. */
    private static GuestBytes sql(
            ActiveCall call, LinkName link, String namespace, String operation, GuestBytes request)
            throws InterruptedException {
        if (!operation.startsWith(SqlDbFace.SERVICE)) {
            throw unknown(namespace, operation);
        }
        String contract = Contracts.SQL.id().value();
        try {
            return SqlDbFace.call(operation.substring(SqlDbFace.SERVICE.length()), request, (method, message) -> {
                        var guestCall = new GuestCall(link, contract, method, new Payload.Typed(message));
                        if (!(call.services().call(call.parent(), guestCall) instanceof Payload.Typed(var reply))) {
                            throw new InvocationException(new InvocationFailure.Malformed(
                                    operation + " reply", "must be a message of " + contract + ", is opaque bytes"));
                        }
                        return reply;
                    })
                    .orElseThrow(() -> unknown(namespace, operation));
        } catch (MessagePackException e) {
            throw malformed(operation + " request", e);
        }
    }

    private static LinkName link(String binding) {
        if (binding.isEmpty() || binding.equals(LinkName.DEFAULT.value())) {
            return LinkName.DEFAULT;
        }
        try {
            return new LinkName(binding);
        } catch (IllegalArgumentException e) {
            throw new InvocationException(
                    new InvocationFailure.Malformed("link name", InvocationFailure.limited(e.getMessage())), e);
        }
    }

    private static Optional<Contract> contract(String namespace) {
        if (namespace.equals(KEYVALUE)) {
            return Optional.of(Contracts.KEYVALUE);
        }
        if (namespace.indexOf(':') < 0) {
            return Optional.empty(); // an actor's key or alias
        }
        try {
            return Contracts.find(new ContractId(namespace));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // what it is, if anything, is for the router to say
        }
    }

    private static InvocationException unknown(String namespace, String operation) {
        return new InvocationException(new InvocationFailure.UnknownOperation(
                namespace, "has no operation '" + operation + "' for classic actors"));
    }

    private static InvocationException malformed(String what, MessagePackException cause) {
        return new InvocationException(
                new InvocationFailure.Malformed(what, InvocationFailure.limited(cause.getMessage())));
    }

    static String tooLarge(String what, int bytes, int bytesMax) {
        return what + " of " + bytes + " bytes is above the limit of " + bytesMax + " (payload-bytes-max)";
    }

    // Guest memory

    private static String name(GuestInstance guest, ActiveCall call, String what, long[] args, int at) {
        int address = (int) args[at];
        int length = (int) args[at + 1];
        checkRange(guest, call, HOST_CALL, address, length);
        if (length > NAME_BYTES_MAX) {
            throw new InvocationException(new InvocationFailure.Malformed(
                    what + " of a host call", "must have at most " + NAME_BYTES_MAX + " bytes, has " + length));
        }
        return text(guest, call, HOST_CALL, address, length);
    }

    /** The range must be checked already. */
    private static String text(GuestInstance guest, ActiveCall call, String function, int address, int length) {
        if (length == 0) {
            return "";
        }
        byte[] utf8 = guest.read(address, length);
        String text = new String(utf8, StandardCharsets.UTF_8);
        if (text.indexOf('\uFFFD') >= 0 && !ByteString.copyFrom(utf8).isValidUtf8()) {
            throw call.trap("it passed text to " + function + " that is not UTF-8");
        }
        return text;
    }

    /** The range must be checked already. */
    private static GuestBytes bytes(GuestInstance guest, int address, int length) {
        return length == 0 ? GuestBytes.EMPTY : GuestBytes.of(guest.read(address, length));
    }

    private static void checkRange(GuestInstance guest, ActiveCall call, String function, int address, int length) {
        if (length == 0) {
            return;
        }
        if (address < 0 || length < 0 || length > guest.memoryBytes() - address) {
            throw outside(guest, call, function, address, Integer.toUnsignedString(length));
        }
    }

    private static void write(
            GuestInstance guest, ActiveCall call, String function, int address, byte[] bytes, int length) {
        if (length == 0) {
            return;
        }
        try {
            guest.write(address, bytes, 0, length);
        } catch (GuestMemoryException e) {
            throw outside(guest, call, function, address, Integer.toString(length));
        }
    }

    private static CallEndedException outside(
            GuestInstance guest, ActiveCall call, String function, int address, String length) {
        return call.trap("it passed address " + Integer.toUnsignedString(address) + " for " + length + " bytes to "
                + function + ", outside its " + guest.memoryBytes() + " bytes of memory");
    }
}
