package dev.trellis.providers.httpclient;

import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.HttpBodies;
import dev.trellis.lattice.contracts.HttpExchange;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.http.HttpResponse;
import dev.trellis.lattice.contracts.http.OutgoingRequest;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.lattice.model.TraceContext;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.ssl.SslContext;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Sends the requests of one link, as its settings allow. Safe for concurrent use. */
final class LinkClient {
    /*
     * Each request, and each redirect of it, goes the same way:
     * 1. its origin must be in the allow-list;
     * 2. a connection that is idle may be used: its address was checked when it was opened;
     * 3. else the name is looked up once, every address that comes back must be allowed, and the connection is opened to
     *    one of them. Nothing looks the name up again, so a second answer of DNS cannot lead elsewhere.
     */

    /** Addresses of one name that are tried. */
    static final int ADDRESSES_TRIED_MAX = 3;

    /** How long a request of a method that has no body, as a rule, waits to learn that it has none. */
    private static final Duration NO_BODY_MAX = Duration.ofMillis(50);

    private static final List<Integer> REDIRECTS = List.of(301, 302, 303, 307, 308);

    private final String subject;
    private final LinkKey link;
    private final HttpClientSettings settings;
    private final SslContext tls;
    private final NameLookup lookup;
    private final EventLoopGroup loops;
    private final AnswerMemory memory;
    private final Semaphore permits;
    private final ConnectionPool pool = new ConnectionPool();

    LinkClient(
            String subject,
            LinkKey link,
            HttpClientSettings settings,
            SslContext tls,
            NameLookup lookup,
            EventLoopGroup loops,
            AnswerMemory memory) {
        this.subject = subject;
        this.link = link;
        this.settings = settings;
        this.tls = tls;
        this.lookup = lookup;
        this.loops = loops;
        this.memory = memory;
        this.permits = new Semaphore(settings.maxRequests());
    }

    ConnectionPool pool() {
        return pool;
    }

    /** Requests in progress. */
    int inProgress() {
        return settings.maxRequests() - permits.availablePermits();
    }

    /**
     * Sends a request and follows its redirects. Blocks until the answer or the deadline.
     *
     * @throws InvocationException with the reason if there is no answer
     */
    HttpResponse send(OutgoingRequest request, Deadline callDeadline, TraceContext trace) throws InterruptedException {
        return send(request, null, callDeadline, trace);
    }

    /**
     * The same with bodies that move through {@code exchange}, unless that is null.
     *
     * @return the answer; without its body if that went through the exchange
     */
    HttpResponse send(
            OutgoingRequest request, @Nullable HttpExchange exchange, Deadline callDeadline, TraceContext trace)
            throws InterruptedException {
        if (exchange == null && request.getBody().size() > settings.maxRequestBytes()) {
            throw new InvocationException(new InvocationFailure.PayloadTooLarge(
                    subject,
                    "request body of " + request.getBody().size() + " bytes is above the limit of "
                            + settings.maxRequestBytes() + " (max_request_bytes); nothing was sent"));
        }
        HttpUrl url;
        OutgoingHead head;
        try {
            url = HttpUrl.parse(request.getUrl());
        } catch (IllegalArgumentException e) {
            throw malformed(Reason.URL_INVALID.of("URL " + e.getMessage()));
        }
        try {
            boolean whole = exchange == null || ended(exchange, request.getMethod(), callDeadline);
            head = OutgoingHead.of(request, url.origin().authority(), settings.maxHeaderBytes(), whole);
        } catch (IllegalArgumentException e) {
            throw malformed(String.valueOf(e.getMessage()));
        }
        if (!permits.tryAcquire()) {
            throw new InvocationException(new InvocationFailure.Overloaded(
                    subject, settings.maxRequests() + " requests of link " + link + " are in progress (max_requests)"));
        }
        try {
            Sending sending = Sending.of(head, trace, request, exchange);
            return follow(url, sending, callDeadline.orEarlier(Deadline.in(settings.timeout())));
        } finally {
            permits.release();
        }
    }

    /**
     * Whether all of the request's body came with its head. Guests say that a GET has none only after they have begun it;
     * they get a moment for that, since servers do not expect one.
     */
    private static boolean ended(HttpExchange exchange, String method, Deadline deadline) throws InterruptedException {
        if (!exchange.requestEnded() && (method.isEmpty() || OutgoingHead.safe(method))) {
            HttpBodies.awaitReadable(exchange, deadline.orEarlier(Deadline.in(NO_BODY_MAX)));
        }
        return exchange.requestEnded() && exchange.requestTrailers().isEmpty();
    }

    private HttpResponse follow(HttpUrl url, Sending sending, Deadline deadline) throws InterruptedException {
        HttpResponse response = exchange(url, sending, deadline);
        HttpUrl from = url;
        Sending sent = sending;
        for (int redirects = 0; ; redirects++) {
            Optional<String> location = location(response);
            if (location.isEmpty() || !follows(sent)) {
                return response;
            }
            if (redirects == settings.maxRedirects()) {
                throw new InvocationException(new InvocationFailure.ProviderFailed(
                        subject,
                        url + " redirected more than " + redirects + " times (max_redirects), last to another place of "
                                + from));
            }
            HttpUrl to = target(from, location.get());
            sent = sent.redirected(response.getStatus(), from.origin().equals(to.origin()));
            try {
                response = exchange(to, sent, deadline);
            } catch (InvocationException e) {
                throw redirected(from, to, e);
            }
            from = to;
        }
    }

    private boolean follows(Sending sent) {
        return sent.followed() && settings.maxRedirects() > 0;
    }

    private static Optional<String> location(HttpResponse response) {
        if (!REDIRECTS.contains(response.getStatus())) {
            return Optional.empty();
        }
        return response.getHeadersList().stream()
                .filter(line -> line.getName().equals("location"))
                .map(line -> line.getValue().strip())
                .findFirst();
    }

    private HttpUrl target(HttpUrl from, String location) {
        HttpUrl to;
        try {
            to = from.resolve(location);
        } catch (IllegalArgumentException e) {
            throw new InvocationException(new InvocationFailure.ProviderFailed(
                    subject, from + " redirected to a URL that is refused: it " + e.getMessage()));
        }
        if (from.origin().secure() && !to.origin().secure()) {
            throw new InvocationException(new InvocationFailure.ProviderFailed(
                    subject, from + " redirected to " + to + ", from https down to http; that is not followed"));
        }
        return to;
    }

    /** A request has been answered already, so the failure of what followed must not read as if nothing had happened. */
    private InvocationException redirected(HttpUrl from, HttpUrl to, InvocationException e) {
        InvocationFailure failure = e.failure();
        String message = from + " redirected to " + to + ": " + failure.message();
        return switch (failure) {
            case InvocationFailure.NotLinked _ ->
                new InvocationException(new InvocationFailure.NotLinked(subject, message), e);
            case InvocationFailure.Unavailable _, InvocationFailure.Overloaded _ ->
                new InvocationException(new InvocationFailure.ProviderFailed(subject, message), e);
            case InvocationFailure.NoTarget _,
                    InvocationFailure.DeadlineExceeded _,
                    InvocationFailure.Trapped _,
                    InvocationFailure.ActorFailed _,
                    InvocationFailure.ProviderFailed _,
                    InvocationFailure.UnknownOperation _,
                    InvocationFailure.PayloadTooLarge _,
                    InvocationFailure.ConnectionLost _,
                    InvocationFailure.Malformed _,
                    InvocationFailure.TooDeep _ -> e;
        };
    }

    private HttpResponse exchange(HttpUrl url, Sending sending, Deadline deadline) throws InterruptedException {
        Origin origin = url.origin();
        if (!settings.allow().allows(origin)) {
            throw new InvocationException(new InvocationFailure.NotLinked(
                    subject,
                    origin + " is not in the allow-list of link " + link + "; allowed are: " + settings.allow()));
        }
        if (deadline.passed()) {
            throw late(origin, "was not called, the time was over");
        }
        OutgoingHead head = sending.head();
        Connection idle = head.whole()
                ? pool.take(origin, head.safe() ? ConnectionPool.IDLE_TIME_MAX : ConnectionPool.IDLE_TIME_ONCE_MAX)
                : null; // what was read from the caller cannot be sent again
        if (idle != null) {
            try {
                return exchange(idle, url, sending, deadline);
            } catch (Answer.ClosedBeforeAnswerException e) {
                if (!head.safe()) {
                    throw lost(origin);
                }
                // closed while it was idle; a new one then, once
            }
        }
        try {
            return exchange(connect(origin, sending.connectTimeout(), deadline), url, sending, deadline);
        } catch (Answer.ClosedBeforeAnswerException e) {
            throw lost(origin);
        }
    }

    private HttpResponse exchange(Connection connection, HttpUrl url, Sending sending, Deadline deadline)
            throws Answer.ClosedBeforeAnswerException, InterruptedException {
        OutgoingHead head = sending.head();
        HttpExchange exchange = sending.exchange();
        boolean toHead = head.method().equals("HEAD");
        try {
            Answer.Received received;
            if (exchange == null) {
                var answer = new Answer(subject, url.origin(), toHead, settings, memory, null);
                received = connection.exchange(head.toMessage(url, sending.trace()), answer, deadline);
            } else {
                var streamed = new StreamedRequest(
                        subject,
                        url.origin(),
                        sending,
                        exchange,
                        response -> location(response).isEmpty() || !follows(sending));
                var answer = new Answer(subject, url.origin(), toHead, settings, memory, streamed.wire());
                received = connection.exchange(
                        head.toMessage(url, sending.trace()), head.body(), answer, streamed, deadline);
            }
            if (received.reusable()) {
                pool.giveBack(connection);
            }
            return received.response();
        } catch (TimeoutException e) {
            throw late(url.origin(), "did not answer in time; it may have acted");
        }
    }

    private Connection connect(Origin origin, Duration timeout, Deadline deadline) throws InterruptedException {
        Deadline connected = deadline.orEarlier(Deadline.in(settings.connectTimeout()));
        if (!timeout.isZero()) {
            connected = connected.orEarlier(Deadline.in(timeout));
        }
        try {
            return connect(origin, addresses(origin, connected), connected);
        } catch (InvocationException e) {
            if (deadline.passed() && e.failure() instanceof InvocationFailure.Unavailable) {
                throw new InvocationException(new InvocationFailure.DeadlineExceeded(
                        subject,
                        Reason.CONNECTION_TIMEOUT.of(origin + " was not reached in time: "
                                + e.failure().message())));
            }
            throw e;
        }
    }

    private List<InetAddress> addresses(Origin origin, Deadline deadline) throws InterruptedException {
        List<InetAddress> addresses =
                switch (origin.host()) {
                    case UrlHost.Address(var address) -> List.of(address);
                    case UrlHost.Name(String name) -> lookup.addresses(name, deadline);
                };
        for (InetAddress address : addresses) {
            AddressKind kind = AddressKind.of(address);
            if (!settings.allow().allows(origin, kind)) {
                throw new InvocationException(new InvocationFailure.NotLinked(subject, refused(origin, address, kind)));
            }
        }
        return addresses;
    }

    private String refused(Origin origin, InetAddress address, AddressKind kind) {
        String what =
                origin + " leads to " + AddressKind.describe(address) + ", which link " + link + " does not allow";
        return Reason.ADDRESS_PROHIBITED.of(
                switch (kind) {
                    case PUBLIC -> what;
                    case INTERNAL -> what + "; if it may, write '" + origin + " private' into allow";
                    case METADATA -> what + "; only an allow entry with the address itself would";
                    case UNUSABLE -> what + "; no request can go there";
                });
    }

    private Connection connect(Origin origin, List<InetAddress> addresses, Deadline deadline)
            throws InterruptedException {
        int count = Math.min(addresses.size(), ADDRESSES_TRIED_MAX);
        Connection.@Nullable FailedException last = null;
        for (int i = 0; i < count && (i == 0 || !deadline.passed()); i++) {
            // an address that does not answer must leave time for the next one
            var share = Deadline.in(Duration.ofNanos(Math.max(0, deadline.remainingNanos()) / (count - i)));
            try {
                return Connection.open(
                        loops, origin, addresses.get(i), tls, settings.maxHeaderBytes(), deadline.orEarlier(share));
            } catch (Connection.FailedException e) {
                if (e.tls()) {
                    throw new InvocationException(
                            new InvocationFailure.ProviderFailed(
                                    subject, InvocationFailure.limited(e.explain(origin + ": " + e.getMessage()))),
                            e);
                }
                last = e;
            }
        }
        String what = "no connection to " + origin + ": ";
        throw new InvocationException(
                new InvocationFailure.Unavailable(
                        subject,
                        InvocationFailure.limited(
                                last == null
                                        ? Reason.CONNECTION_TIMEOUT.of(what + "no time was left")
                                        : last.explain(what + last.getMessage()))),
                last);
    }

    private InvocationException malformed(String what) {
        return new InvocationException(
                new InvocationFailure.Malformed("HttpClient.Request", InvocationFailure.limited(what)));
    }

    private InvocationException late(Origin origin, String what) {
        return new InvocationException(new InvocationFailure.DeadlineExceeded(subject, origin + " " + what));
    }

    private InvocationException lost(Origin origin) {
        return new InvocationException(new InvocationFailure.ConnectionLost(
                subject, origin + " closed the connection before it answered; it may have acted"));
    }

    /** Lets requests in progress finish, for {@code time} at most, and closes idle connections. */
    boolean close(Duration time) throws InterruptedException {
        pool.close();
        return permits.tryAcquire(settings.maxRequests(), time.toNanos(), TimeUnit.NANOSECONDS);
    }
}
