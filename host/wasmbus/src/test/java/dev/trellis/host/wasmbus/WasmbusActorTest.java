package dev.trellis.host.wasmbus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import dev.trellis.host.actor.ActorLimits;
import dev.trellis.host.actor.ActorStartException;
import dev.trellis.host.actor.GuestCall;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.HttpBodies;
import dev.trellis.lattice.contracts.HttpPipe;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.contracts.http.HttpResponse;
import dev.trellis.lattice.contracts.keyvalue.Done;
import dev.trellis.lattice.contracts.keyvalue.Flag;
import dev.trellis.lattice.contracts.keyvalue.GetReply;
import dev.trellis.lattice.contracts.keyvalue.Key;
import dev.trellis.lattice.contracts.keyvalue.SetRequest;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.TraceContext;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WasmbusActorTest {
    private static final String PROXY = "test-guests/proxy";
    private static final String KEYVALUE = "wasmcloud:keyvalue";

    // HTTP

    @Test
    void handle_echo_answersWhatItWasAsked() throws InterruptedException {
        try (var actor = Guests.start("samples/echo-c/echo-c", new RecordingServices())) {
            HttpResponse response = http(
                    actor,
                    HttpRequest.newBuilder()
                            .setMethod("POST")
                            .setPath("/p")
                            .setQuery("a=1")
                            .setBody(ByteString.copyFromUtf8("body"))
                            .build());

            assertThat(response.getStatus()).isEqualTo(200);
            assertThat(response.getBody().toStringUtf8()).isEqualTo("POST /p?a=1\nbody");
            assertThat(response.getHeadersList())
                    .containsExactly(header("content-type", "text/plain"), header("x-method", "POST"));
        }
    }

    @Test
    void handle_userActorOfThePublishedCrates_storesAndServesItsUser() throws InterruptedException {
        var stored = new AtomicReference<>(ByteString.EMPTY);
        var services = new RecordingServices((_, call) -> switch (call.operation()) {
            case "Set" -> {
                stored.set(((SetRequest) ((Payload.Typed) call.payload()).message()).getValue());
                yield new Payload.Typed(Done.getDefaultInstance());
            }
            default ->
                new Payload.Typed(GetReply.newBuilder()
                        .setExists(true)
                        .setValue(stored.get())
                        .build());
        });
        try (var actor = Guests.start("samples/user-actor/user-actor", services)) {
            assertThat(http(actor, Guests.get("/users")).getBody().toStringUtf8())
                    .isEqualTo("User created");
            assertThat(http(actor, Guests.get("/users/1")).getBody().toStringUtf8())
                    .isEqualTo("{\"id\":1,\"name\":\"Ada\"}");
            assertThat(http(actor, Guests.get("/")).getStatus()).isEqualTo(404);
        }
        assertThat(services.calls)
                .containsExactly(
                        new GuestCall(
                                LinkName.DEFAULT,
                                KEYVALUE,
                                "Set",
                                new Payload.Typed(SetRequest.newBuilder()
                                        .setKey("user:1")
                                        .setValue(ByteString.copyFromUtf8("{\"id\":1,\"name\":\"Ada\"}"))
                                        .build())),
                        new GuestCall(
                                LinkName.DEFAULT,
                                KEYVALUE,
                                "Get",
                                new Payload.Typed(
                                        Key.newBuilder().setKey("user:1").build())));
    }

    @Test
    void handle_storeUnavailable_failsWithThatAsTheCause() throws InterruptedException {
        var unavailable = new InvocationFailure.Unavailable("keyvalue-redis", "no connection");
        var services = new RecordingServices((_, _) -> {
            throw new InvocationException(unavailable);
        });
        try (var actor = Guests.start("samples/user-actor/user-actor", services)) {
            InvocationFailure failure = failure(actor, Guests.http(Guests.get("/users/1")));

            assertThat(failure).isInstanceOfSatisfying(InvocationFailure.ActorFailed.class, failed -> {
                assertThat(failed.cause()).contains(unavailable);
                assertThat(failed.message()).contains("Unavailable: keyvalue-redis: no connection");
            });
            assertThat(failure.root()).isEqualTo(unavailable);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"samples/echo-c/echo-c", "samples/user-actor/user-actor", "samples/command-c/command-c", PROXY})
    void health_everySample_isHealthy(String guest) throws InterruptedException {
        try (var actor = Guests.start(guest, new RecordingServices())) {
            assertThat(actor.health(Guests.opaque("x", new byte[0]))).isEqualTo(new ActorHealth(true, ""));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"samples/echo-c/echo-c", "samples/user-actor/user-actor", "samples/command-c/command-c", PROXY})
    void handle_operationNobodyKnows_isUnknown(String guest) throws InterruptedException {
        try (var actor = Guests.start(guest, new RecordingServices())) {
            assertThat(failure(actor, Guests.opaque("Nobody.Knows", new byte[0])))
                    .isInstanceOf(InvocationFailure.UnknownOperation.class);
        }
    }

    @Test
    void handle_contractThatActorsDoNotServe_isUnknown() throws InterruptedException {
        try (var actor = Guests.start(PROXY, new RecordingServices())) {
            var invocation = Invocation.first(
                    Guests.CALLER,
                    Guests.ACTOR,
                    LinkName.DEFAULT,
                    Contracts.KEYVALUE.id(),
                    "Get",
                    new Payload.Typed(Key.getDefaultInstance()),
                    Deadline.in(Guests.PLENTY),
                    TraceContext.root());

            assertThat(failure(actor, invocation)).isInstanceOf(InvocationFailure.UnknownOperation.class);
        }
    }

    @Test
    void handle_deadlinePassed_doesNotRun() throws InterruptedException {
        try (var actor = Guests.start("test-guests/hostile", new RecordingServices())) {
            assertThat(failure(actor, Guests.http(Guests.get("/ok"), Duration.ZERO)))
                    .isInstanceOf(InvocationFailure.DeadlineExceeded.class);
        }
    }

    @Test
    void handle_requestAboveTheLimit_isTooLarge() throws InterruptedException {
        try (var actor = Guests.start(
                PROXY, Guests.LIMITS, ActorLimits.DEFAULTS.withPayloadBytesMax(100), new RecordingServices())) {
            assertThat(failure(actor, Guests.opaque("Proxy.Echo", new byte[101])))
                    .isEqualTo(new InvocationFailure.PayloadTooLarge(
                            "actor", "request of 101 bytes is above the limit of 100 (payload-bytes-max)"));
            assertThat(bytes(actor, "Proxy.Echo", new byte[100])).hasSize(100);
        }
    }

    @Test
    void handle_afterClose_hasNoTarget() throws InterruptedException {
        var actor = Guests.start(PROXY, new RecordingServices());
        actor.close();

        assertThat(failure(actor, Guests.opaque("Proxy.Echo", new byte[0])))
                .isInstanceOf(InvocationFailure.NoTarget.class);
    }

    // Host calls

    @Test
    void hostCall_knownContract_isTyped() throws InterruptedException {
        var services = new RecordingServices(
                (_, _) -> new Payload.Typed(Flag.newBuilder().setValue(true).build()));
        try (var actor = Guests.start(PROXY, services)) {
            byte[] reply = bytes(
                    actor, "Proxy.Call", proxyCall("backup", "wasi:keyvalue", "KeyValue.Contains", Hex.parse("a1 6b")));

            assertThat(reply).containsExactly(0xc3);
            assertThat(services.calls)
                    .containsExactly(new GuestCall(
                            new LinkName("backup"),
                            KEYVALUE,
                            "Contains",
                            new Payload.Typed(Key.newBuilder().setKey("k").build())));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"acme:payments", "MB2ZQB6ZTJRGQ5Q4VDZCBGV7JHHTQH2SCMPPRKSKCTPNBPHBJ7LWV2QV", "my alias"})
    void hostCall_unknownNamespace_travelsAsItIs(String namespace) throws InterruptedException {
        var services = new RecordingServices((_, call) -> call.payload());
        try (var actor = Guests.start(PROXY, services)) {
            byte[] payload = {0, 1, 2, (byte) 0xff};

            byte[] reply = bytes(actor, "Proxy.Call", proxyCall("", namespace, "Pay.Now", GuestBytes.of(payload)));

            assertThat(reply).isEqualTo(payload);
            assertThat(services.calls)
                    .containsExactly(new GuestCall(
                            LinkName.DEFAULT, namespace, "Pay.Now", new Payload.Opaque(ByteString.copyFrom(payload))));
        }
    }

    @Test
    void hostCall_emptyReply_isFetchedFromTheDanglingAddress() throws InterruptedException {
        var services = new RecordingServices((_, _) -> Payload.EMPTY);
        try (var actor = Guests.start(PROXY, services)) {
            assertThat(bytes(actor, "Proxy.Call", proxyCall("default", "acme:x", "X.Y", GuestBytes.EMPTY)))
                    .isEmpty();
        }
    }

    @Test
    void hostCall_builtins_needNoLink() throws InterruptedException {
        var services = new RecordingServices();
        try (var actor = Guests.start(PROXY, services)) {
            String numbergen = "wasmcloud:builtin:numbergen";
            assertThat(bytes(actor, "Proxy.Call", proxyCall("", numbergen, "NumberGen.GenerateGuid", GuestBytes.EMPTY)))
                    .hasSize(38);
            assertThat(bytes(actor, "Proxy.Call", proxyCall("", numbergen, "NumberGen.Random32", GuestBytes.EMPTY)))
                    .isNotEmpty();
            assertThat(bytes(
                            actor,
                            "Proxy.Call",
                            proxyCall("default", numbergen, "NumberGen.RandomInRange", Hex.parse("92 07 07"))))
                    .containsExactly(7);
            assertThat(bytes(
                            actor,
                            "Proxy.Call",
                            proxyCall(
                                    "default",
                                    "wasmcloud:builtin:logging",
                                    "Logging.WriteLog",
                                    Hex.parse("92 a4 7761726e a5 680a1b690a"))))
                    .isEmpty();
        }
        assertThat(services.calls).isEmpty();
        assertThat(services.lines).containsExactly("WARN h", "WARN \uFFFDi");
    }

    @ParameterizedTest
    @CsvSource({
        "wasmcloud:keyvalue, KeyValue.Nothing, UnknownOperation",
        "wasmcloud:keyvalue, Store.Get, UnknownOperation",
        "wasmcloud:httpserver, HttpServer.HandleRequest, UnknownOperation",
        "wasmcloud:builtin:numbergen, NumberGen.Nothing, UnknownOperation",
        "wasmcloud:keyvalue, KeyValue.Get, Malformed",
        "wasmcloud:httpclient, HttpClient.Nothing, UnknownOperation",
        "wasmcloud:httpclient, HttpClient.Request, Malformed",
        "wasmcloud:builtin:numbergen, NumberGen.RandomInRange, Malformed",
        "acme:x, X.Y, NotLinked",
    })
    void hostCall_failing_tellsTheGuestWhy(String namespace, String operation, String kind)
            throws InterruptedException {
        try (var actor = Guests.start(PROXY, new RecordingServices())) {
            InvocationFailure failure = failure(
                    actor, Guests.opaque("Proxy.Call", proxyCall("default", namespace, operation, Hex.parse("c0"))));

            assertThat(failure).isInstanceOfSatisfying(InvocationFailure.ActorFailed.class, failed -> {
                assertThat(failed.message()).startsWith(kind + ": ");
                assertThat(failed.cause().orElseThrow().getClass().getSimpleName())
                        .isEqualTo(kind);
            });
        }
    }

    @Test
    void hostCall_nameTooLongOrNoLinkName_isMalformed() throws InterruptedException {
        try (var actor = Guests.start(PROXY, new RecordingServices())) {
            InvocationFailure noLinkName = failure(
                    actor, Guests.opaque("Proxy.Call", proxyCall("a b", KEYVALUE, "KeyValue.Get", Hex.parse("a0"))));
            assertThat(noLinkName.root()).isInstanceOf(InvocationFailure.Malformed.class);
            InvocationFailure noOperation =
                    failure(actor, Guests.opaque("Proxy.Call", proxyCall("", "acme:x", "", GuestBytes.EMPTY)));
            assertThat(noOperation.root()).isInstanceOf(InvocationFailure.Malformed.class);
        }
    }

    @Test
    void hostCall_replyAboveTheLimit_isTooLarge() throws InterruptedException {
        var services = new RecordingServices((_, _) -> new Payload.Opaque(ByteString.copyFrom(new byte[101])));
        try (var actor = Guests.start(PROXY, Guests.LIMITS, ActorLimits.DEFAULTS.withPayloadBytesMax(100), services)) {
            InvocationFailure failure =
                    failure(actor, Guests.opaque("Proxy.Call", proxyCall("", "acme:x", "X.Y", GuestBytes.EMPTY)));

            assertThat(failure.root()).isInstanceOf(InvocationFailure.PayloadTooLarge.class);
        }
    }

    @Test
    void hostCall_deadline_isTheEarlierOfCallerAndGuest() throws InterruptedException {
        var seen = new ArrayList<Invocation>();
        var services = new RecordingServices((parent, call) -> {
            seen.add(parent);
            return call.payload();
        });
        try (var actor = Guests.start(
                PROXY, Guests.LIMITS.withTimeBudget(Duration.ofSeconds(5)), ActorLimits.DEFAULTS, services)) {
            Invocation invocation = Guests.opaque("Proxy.Call", proxyCall("", "acme:x", "X.Y", GuestBytes.EMPTY));
            actor.handle(invocation);

            assertThat(seen.getFirst().id()).isEqualTo(invocation.id());
            assertThat(seen.getFirst().deadline().remaining()).isLessThanOrEqualTo(Duration.ofSeconds(5));
        }
    }

    @Test
    void hostCall_blockedBeyondTheBudget_endsAtTheDeadline() throws InterruptedException {
        var services = new RecordingServices((_, _) -> {
            new java.util.concurrent.CountDownLatch(1).await();
            return Payload.EMPTY;
        });
        try (var actor = Guests.start(
                PROXY, Guests.LIMITS.withTimeBudget(Duration.ofMillis(50)), ActorLimits.DEFAULTS, services)) {
            InvocationFailure failure =
                    failure(actor, Guests.opaque("Proxy.Call", proxyCall("", "acme:x", "X.Y", GuestBytes.EMPTY)));

            assertThat(failure).isInstanceOf(InvocationFailure.DeadlineExceeded.class);
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
        }
    }

    @Test
    void hostCall_threadInterrupted_isPassedOn() throws InterruptedException {
        var services = new RecordingServices((_, _) -> {
            Thread.currentThread().interrupt();
            throw new InterruptedException("stopping");
        });
        try (var actor = Guests.start(PROXY, services)) {
            assertThatExceptionOfType(InterruptedException.class)
                    .isThrownBy(() -> actor.handle(
                            Guests.opaque("Proxy.Call", proxyCall("", "acme:x", "X.Y", GuestBytes.EMPTY))));
        } finally {
            Thread.interrupted();
        }
    }

    @Test
    void consoleLog_lines_areLogged() throws InterruptedException {
        var services = new RecordingServices();
        try (var actor = Guests.start(PROXY, services)) {
            assertThat(bytes(actor, "Proxy.Log", "one\ntwo".getBytes(StandardCharsets.UTF_8)))
                    .isEmpty();
        }
        assertThat(services.lines).containsExactly("INFO one", "INFO two");
    }

    // Ways to start

    @ParameterizedTest
    @CsvSource({
        "start-then-call, _start",
        "initialize-then-call, _initialize",
        "wapc-init-then-call, wapc_init",
    })
    void start_initialisingExport_runsOnceBeforeTheFirstCall(String guest, String export) throws InterruptedException {
        var services = new RecordingServices();
        try (var actor = Guests.start("test-guests/" + guest, services)) {
            for (int i = 0; i < 3; i++) {
                assertThat(bytes(actor, "Start.Count", new byte[0])).containsExactly(1);
            }
        }
        assertThat(services.lines).containsExactly("INFO " + export + " ran");
    }

    @ParameterizedTest
    @ValueSource(strings = {"trap-in-start", "big-memory", "big-table", "wrong-import-type"})
    void start_moduleThatCannot_saysWhy(String guest) {
        assertThatExceptionOfType(ActorStartException.class)
                .isThrownBy(() -> Guests.start("test-guests/" + guest, new RecordingServices()))
                .withMessageStartingWith("actor actor cannot start: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"loop-in-start", "loop-in-start-export"})
    void start_guestThatLoops_endsAtItsStartBudget(String guest) {
        var limits = Guests.LIMITS.withStartBudget(Duration.ofMillis(100));

        assertThatExceptionOfType(ActorStartException.class)
                .isThrownBy(() ->
                        Guests.start("test-guests/" + guest, limits, ActorLimits.DEFAULTS, new RecordingServices()))
                .withMessageContaining("time budget of 100 ms");
    }

    // Commands

    @Test
    void command_http_answersAsAnActor() throws InterruptedException {
        try (var actor = Guests.start("samples/command-c/command-c", new RecordingServices())) {
            for (int i = 0; i < 3; i++) {
                assertThat(http(actor, Guests.get("/hello")).getBody().toStringUtf8())
                        .isEqualTo("Hello, World!");
            }
        }
    }

    @Test
    void command_arguments_areTheProgramAndTheOperation() throws InterruptedException {
        try (var actor = Guests.start("samples/command-c/command-c", new RecordingServices())) {
            assertThat(bytes(actor, "Command.Arguments", new byte[0]))
                    .asString(StandardCharsets.UTF_8)
                    .isEqualTo("main.wasm\nCommand.Arguments\n");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100_000})
    void command_payload_isStandardInputAndOutput(int size) throws InterruptedException {
        byte[] payload = new byte[size];
        new java.util.Random(5).nextBytes(payload);
        try (var actor = Guests.start("samples/command-c/command-c", new RecordingServices())) {
            assertThat(bytes(actor, "Command.Echo", payload)).isEqualTo(payload);
        }
    }

    @Test
    void command_exitCode_isAFailure() throws InterruptedException {
        var services = new RecordingServices();
        try (var actor = Guests.start("samples/command-c/command-c", services)) {
            assertThat(failure(actor, Guests.opaque("Command.Exit", new byte[0])))
                    .isEqualTo(new InvocationFailure.ActorFailed(
                            "actor", "operation failed with exit code 7", Optional.empty()));
            assertThat(failure(actor, Guests.opaque("Command.Nothing", new byte[0])))
                    .isEqualTo(new InvocationFailure.UnknownOperation(
                            "actor", "command-c: method not handled Command.Nothing"));
        }
        assertThat(services.lines).containsExactly("INFO command-c: method not handled Command.Nothing");
    }

    @Test
    void command_outputAboveTheLimit_isTooLarge() throws InterruptedException {
        try (var actor = Guests.start(
                "samples/command-c/command-c",
                Guests.LIMITS,
                ActorLimits.DEFAULTS.withPayloadBytesMax(20),
                new RecordingServices())) {
            assertThat(failure(actor, Guests.opaque("Command.Arguments", new byte[0])))
                    .isInstanceOf(InvocationFailure.PayloadTooLarge.class);
        }
    }

    @Test
    void handle_requestInParts_isGivenAsAWhole() throws InterruptedException {
        var pipe = new HttpPipe();
        pipe.writeRequest(ByteString.copyFromUtf8("lo"));
        pipe.endRequest(List.of());
        var head = HttpRequest.newBuilder()
                .setMethod("POST")
                .setPath("/a")
                .setBody(ByteString.copyFromUtf8("hel"))
                .build();
        try (var actor = Guests.start("samples/echo-c/echo-c", new RecordingServices())) {
            var reply = actor.handle(Guests.http(head).withPayload(new Payload.Streamed(head, pipe.exchange())));

            assertThat(reply).isInstanceOfSatisfying(Payload.Typed.class, typed -> assertThat(
                            ((HttpResponse) typed.message()).getBody().toStringUtf8())
                    .contains("hello"));
        }
    }

    @Test
    void handle_requestInPartsLargerThanTheLimit_failsAsTooLargeAboutItsBody() throws InterruptedException {
        var pipe = new HttpPipe();
        pipe.writeRequest(ByteString.copyFrom(new byte[100]));
        var head = HttpRequest.getDefaultInstance();
        var call = Guests.http(head).withPayload(new Payload.Streamed(head, pipe.exchange()));
        try (var actor = Guests.start(
                "samples/echo-c/echo-c",
                Guests.LIMITS,
                ActorLimits.DEFAULTS.withPayloadBytesMax(99),
                new RecordingServices())) {
            assertThat(failure(actor, call))
                    .isInstanceOf(InvocationFailure.PayloadTooLarge.class)
                    .extracting(InvocationFailure::subject)
                    .isEqualTo(HttpBodies.REQUEST_BODY);
        }
    }

    private static HttpResponse http(WasmbusActor actor, HttpRequest request) throws InterruptedException {
        return (HttpResponse) ((Payload.Typed) actor.handle(Guests.http(request))).message();
    }

    private static byte[] bytes(WasmbusActor actor, String operation, byte[] payload) throws InterruptedException {
        return ((Payload.Opaque) actor.handle(Guests.opaque(operation, payload)))
                .bytes()
                .toByteArray();
    }

    static InvocationFailure failure(WasmbusActor actor, Invocation invocation) throws InterruptedException {
        try {
            Payload reply = actor.handle(invocation);
            throw new AssertionError("the call must fail, answered " + reply);
        } catch (InvocationException e) {
            return e.failure();
        }
    }

    private static byte[] proxyCall(String binding, String namespace, String operation, GuestBytes payload) {
        var out = new ByteArrayOutputStream();
        for (String text : new String[] {binding, namespace, operation}) {
            out.write(text.length());
            out.writeBytes(text.getBytes(StandardCharsets.UTF_8));
        }
        out.write(payload.array(), 0, payload.length());
        return out.toByteArray();
    }

    private static Header header(String name, String value) {
        return Header.newBuilder().setName(name).setValue(value).build();
    }
}
