package dev.trellis.lattice.contracts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.contracts.rpc.CallRequest;
import dev.trellis.lattice.contracts.rpc.Stream;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.TraceContext;
import java.time.Duration;
import java.util.ArrayList;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CallCodecTest {
    @ParameterizedTest
    @ValueSource(longs = {Long.MAX_VALUE, Long.MIN_VALUE, -1})
    void decodeRequest_moreTimeThanAnyCallGets_isCutToTheMost(long remainingNanos) {
        Deadline deadline = decode(request().setRemainingNanos(remainingNanos)).deadline();

        assertThat(deadline.remaining()).isBetween(Duration.ofMinutes(59), CallCodec.REMAINING_MAX);
    }

    @Test
    void decodeRequest_noTimeLeft_hasPassed() {
        assertThat(decode(request().setRemainingNanos(0)).deadline().passed()).isTrue();
    }

    @Test
    void decodeRequest_negativeHops_failsAsTooDeep() {
        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(() -> decode(request().setHops(-1)))
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(InvocationFailure.TooDeep.class));
    }

    @Test
    void decodeRequest_traceStateWithALineBreak_isDropped() {
        var call = request().setTraceHigh(1).setTraceLow(2).setSpan(3).setTracestate("a=b\r\nset-cookie: c");

        assertThat(decode(call).trace().state()).isEmpty();
    }

    @Test
    void encodeFailure_longMessage_isCutSoThatItCanBeSent() {
        byte[] reply = CallCodec.encodeFailure(new InvocationFailure.Trapped("app-a", "x".repeat(1 << 20)));

        assertThat(reply.length).isLessThan(2 * InvocationFailure.MESSAGE_LENGTH_MAX);
    }

    @Test
    void limited_cutInsideAPairOfSurrogates_leavesTheWholePairOut() {
        String text = "x".repeat(InvocationFailure.MESSAGE_LENGTH_MAX - 1) + "\uD83D\uDE00";

        assertThat(InvocationFailure.limited(text)).endsWith("x...");
    }

    @Test
    void decodeRequest_httpRequestWithAStream_isStreamed() {
        var exchange = new HttpPipe().exchange();
        var request = HttpRequest.newBuilder().setMethod("PUT").build();
        var invocation = Invocation.first(
                new EntityId("http"),
                new EntityId("app-a"),
                LinkName.DEFAULT,
                Contracts.HTTP_SERVER.id(),
                "HandleRequest",
                new Payload.Streamed(request, exchange),
                Deadline.in(Duration.ofSeconds(2)),
                TraceContext.root());
        var stream = new StreamRef(7, -8, new HostId("NABC"), true);

        var opened = new ArrayList<StreamRef>();
        var decoded = CallCodec.decodeRequest(CallCodec.encode(invocation, stream), TraceContext::root, (ref, _) -> {
            opened.add(ref);
            return exchange;
        });

        assertThat(opened).containsExactly(stream);
        assertThat(decoded.payload()).isEqualTo(new Payload.Streamed(request, exchange));
        assertThat(CallCodec.decodeReply(decoded, CallCodec.encodeStreamedReply()))
                .isEqualTo(Payload.EMPTY);
    }

    @Test
    void decodeRequest_otherCallWithAStream_isMalformed() {
        var call = request().setStream(Stream.newBuilder().setHost("NABC"));

        assertMalformed(() -> CallCodec.decodeRequest(
                call.build().toByteArray(), TraceContext::root, (_, _) -> new HttpPipe().exchange()));
    }

    @Test
    void decodeRequest_streamWhereNoneIsTaken_isMalformed() {
        var call = request()
                .setContract("wasmcloud:httpserver")
                .setOperation("HandleRequest")
                .setStream(Stream.newBuilder().setHost("NABC"));

        assertMalformed(() -> decode(call));
    }

    @Test
    void decodeReply_streamedReplyToAnotherCall_isMalformed() {
        assertMalformed(() -> CallCodec.decodeReply(decode(request()), CallCodec.encodeStreamedReply()));
    }

    private static void assertMalformed(ThrowingCallable code) {
        assertThatExceptionOfType(InvocationException.class).isThrownBy(code).satisfies(e -> assertThat(e.failure())
                .isInstanceOf(InvocationFailure.Malformed.class));
    }

    private static Invocation decode(CallRequest.Builder call) {
        return CallCodec.decodeRequest(call.build().toByteArray());
    }

    private static CallRequest.Builder request() {
        return CallRequest.newBuilder()
                .setSource(new EntityId("app-source").value())
                .setTarget("app-target")
                .setLinkName(LinkName.DEFAULT.value())
                .setContract(Contracts.ACTOR.value())
                .setOperation("Do.It")
                .setRemainingNanos(1_000_000_000);
    }
}
