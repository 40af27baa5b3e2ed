package dev.trellis.host.wasmbus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.host.actor.ActorLimits;
import dev.trellis.host.engine.GuestLimits;
import dev.trellis.host.engine.PoolOptions;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each bad behaviour ends its own call with a typed failure, and the next call finds all in order. */
class WasmbusActorHostileTest {
    private static final GuestLimits LIMITS = Guests.LIMITS.withMemoryPagesMax(2_048);
    private static final RecordingServices SERVICES = new RecordingServices();
    private static WasmbusActor actor;

    @BeforeAll
    static void start() throws InterruptedException {
        actor = Guests.start("test-guests/hostile", LIMITS, ActorLimits.DEFAULTS, SERVICES);
    }

    @AfterAll
    static void stop() {
        actor.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Trap | Trapped | unreachable",
                "DivZero | Trapped | divide",
                "OutOfBounds | Trapped | guest trapped",
                "BadIndirect | Trapped | guest trapped",
                "Recurse | Trapped | nested too deeply",
                "StackMemory | Trapped | guest trapped",
                "BadPointer | Trapped | address 4294967280 for 256 bytes to __guest_response",
                "BadPointerEnd | Trapped | for 2 bytes to __guest_response",
                "HugeResponse | Trapped | for 4294967295 bytes to __guest_response",
                "BigResponse | PayloadTooLarge | reply of 67108864 bytes is above the limit of 16777216",
                "ReturnTwo | ActorFailed | exit code 2",
                "ReturnZero | ActorFailed | exit code 0",
                "Error | ActorFailed | hostile says no",
                "ErrorThenOk | ActorFailed | hostile says no",
                "ErrorNonUtf8 | Trapped | text to __guest_error that is not UTF-8",
                "ErrorBadPointer | Trapped | to __guest_error, outside",
                "HostCallBadPointers | Trapped | to __host_call, outside",
                "HostCallNonUtf8 | Trapped | text to __host_call that is not UTF-8",
                "HostResponseTwice | Trapped | no response to take",
                "HostResponseUnasked | Trapped | no response to take",
                "HostResponseBadPointer | Trapped | to __host_response, outside",
                "HostErrorTwice | Trapped | no error to take",
                "HostErrorLeft | ActorFailed | NotLinked: trellis:nowhere",
                "RequestTwice | Trapped | nothing left to take",
                "RequestBadPointers | Trapped | nothing left to take",
                "LogBadPointer | Trapped | to __console_log, outside",
                "LogNonUtf8 | Trapped | text to __console_log that is not UTF-8",
                "LogHuge | Trapped | log-bytes-max",
                "LogFlood | Trapped | log-bytes-max",
                "CallLoop | Trapped | host-calls-max",
                "Unheard | UnknownOperation | method not handled",
            })
    void handle_misbehaviour_isItsOwnFailure(String operation, String kind, String text) throws InterruptedException {
        InvocationFailure failure = WasmbusActorTest.failure(actor, Guests.opaque("Hostile." + operation, new byte[0]));

        assertThat(failure.getClass().getSimpleName()).as(failure.describe()).isEqualTo(kind);
        assertThat(failure.message()).contains(text);
        assertThat(answer("Ok")).isEqualTo("ok");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Grow", "GrowTouch"})
    void handle_growingWithoutEnd_endsAtTheMemoryLimit(String operation) throws InterruptedException {
        try (var small =
                Guests.start("test-guests/hostile", LIMITS.withMemoryPagesMax(64), ActorLimits.DEFAULTS, SERVICES)) {
            InvocationFailure failure =
                    WasmbusActorTest.failure(small, Guests.opaque("Hostile." + operation, new byte[0]));

            assertThat(failure).isInstanceOf(InvocationFailure.Trapped.class);
            assertThat(failure.message()).contains("64 memory pages");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1", "2", "3"})
    void handle_hostCallWithOneBadPointer_traps(String which) throws InterruptedException {
        InvocationFailure failure = WasmbusActorTest.failure(
                actor, Guests.opaque("Hostile.HostCallBadPointers", which.getBytes(StandardCharsets.UTF_8)));

        assertThat(failure).isInstanceOf(InvocationFailure.Trapped.class);
    }

    @ParameterizedTest
    @CsvSource({"ResponseTwice, second", "GrowAnswer, grown", "Sleepy, awake"})
    void handle_oddButAllowed_answers(String operation, String answer) throws InterruptedException {
        assertThat(answer(operation)).isEqualTo(answer);
    }

    @Test
    void handle_hostCallAboveThePayloadLimit_failsWithThatCauseWhenItIsNotAskedFor() throws InterruptedException {
        InvocationFailure failure = WasmbusActorTest.failure(actor, Guests.opaque("Hostile.HostCallHuge", new byte[0]));

        assertThat(failure).isInstanceOf(InvocationFailure.ActorFailed.class);
        assertThat(failure.root()).isInstanceOf(InvocationFailure.PayloadTooLarge.class);
    }

    @Test
    void handle_noResponse_isEmpty() throws InterruptedException {
        assertThat(answer("NoResponse")).isEmpty();
    }

    @Test
    void handle_state_isFreshInEachCall() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            assertThat(answer("State")).isEqualTo("\u0001\u0001");
        }
    }

    @Test
    void handle_sharedInstance_keepsState() throws InterruptedException {
        try (var shared = WasmbusActor.start(
                WasmbusModule.inspect(Guests.load("test-guests/hostile"), Guests.NOW),
                Guests.ACTOR,
                LIMITS,
                ActorLimits.DEFAULTS,
                PoolOptions.State.SHARED,
                SERVICES)) {
            assertThat(answer(shared, "State")).isEqualTo("\u0001\u0001");
            assertThat(answer(shared, "State")).isEqualTo("\u0002\u0002");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/garbage", "/bad-status", "/no-response"})
    void handle_httpResponseThatIsNone_isMalformed(String path) throws InterruptedException {
        InvocationFailure failure = WasmbusActorTest.failure(actor, Guests.http(Guests.get(path)));

        assertThat(failure).isInstanceOf(InvocationFailure.Malformed.class);
        assertThat(failure.subject()).isEqualTo("HttpServer.HandleRequest reply of actor");
    }

    @Test
    void handle_lineBreaksInHeaders_arePassedOnForTheServerToRefuse() throws InterruptedException {
        var reply = (HttpResponse) ((Payload.Typed) actor.handle(Guests.http(Guests.get("/bad-header")))).message();

        assertThat(reply.getHeaders(0).getValue()).contains("\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Loop", "LoopEmpty", "Late", "FillLoop"})
    void handle_endless_endsAtItsTimeBudget(String operation) throws InterruptedException {
        try (var brief = Guests.start(
                "test-guests/hostile", LIMITS.withTimeBudget(Duration.ofMillis(50)), ActorLimits.DEFAULTS, SERVICES)) {
            InvocationFailure failure =
                    WasmbusActorTest.failure(brief, Guests.opaque("Hostile." + operation, new byte[0]));

            assertThat(failure).isInstanceOf(InvocationFailure.DeadlineExceeded.class);
        }
    }

    private static String answer(String operation) throws InterruptedException {
        return answer(actor, operation);
    }

    private static String answer(WasmbusActor actor, String operation) throws InterruptedException {
        Invocation invocation = Guests.opaque("Hostile." + operation, new byte[0]);
        return ((Payload.Opaque) actor.handle(invocation)).bytes().toStringUtf8();
    }
}
