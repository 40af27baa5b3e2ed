package dev.trellis.lattice.contracts;

import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.contracts.http.HttpResponse;
import dev.trellis.lattice.contracts.http.OutgoingRequest;
import dev.trellis.lattice.contracts.keyvalue.CompareAndSetRequest;
import dev.trellis.lattice.contracts.keyvalue.Count;
import dev.trellis.lattice.contracts.keyvalue.Done;
import dev.trellis.lattice.contracts.keyvalue.Flag;
import dev.trellis.lattice.contracts.keyvalue.GetReply;
import dev.trellis.lattice.contracts.keyvalue.IncrementRequest;
import dev.trellis.lattice.contracts.keyvalue.Key;
import dev.trellis.lattice.contracts.keyvalue.Keys;
import dev.trellis.lattice.contracts.keyvalue.ListKeysReply;
import dev.trellis.lattice.contracts.keyvalue.ListKeysRequest;
import dev.trellis.lattice.contracts.keyvalue.Member;
import dev.trellis.lattice.contracts.keyvalue.Number;
import dev.trellis.lattice.contracts.keyvalue.Range;
import dev.trellis.lattice.contracts.keyvalue.SetRequest;
import dev.trellis.lattice.contracts.keyvalue.Values;
import dev.trellis.lattice.contracts.sql.SqlReply;
import dev.trellis.lattice.contracts.sql.SqlRequest;
import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.Link;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Every contract that Trellis knows. Others travel as opaque bytes. */
public final class Contracts {
    /** An HTTP server and the actors it calls. */
    public static final Contract HTTP_SERVER = Contract.of(
            new ContractId("wasmcloud:httpserver"),
            List.of(new ContractId("wasi:http")),
            new Operation("HandleRequest", HttpRequest.parser(), HttpResponse.parser(), false));

    /**
     * HTTP requests of actors to servers elsewhere. Not idempotent: whether a request may be sent twice depends on its
     * method, and on a server that nobody here answers for.
     */
    public static final Contract HTTP_CLIENT = Contract.of(
            new ContractId("wasmcloud:httpclient"),
            List.of(),
            new Operation("Request", OutgoingRequest.parser(), HttpResponse.parser(), false));

    /** A key-value store. Reads and {@code Set} are idempotent; what answers with a change or a count is not. */
    public static final Contract KEYVALUE = Contract.of(
            new ContractId("wasmcloud:keyvalue"),
            List.of(new ContractId("wasi:keyvalue")),
            new Operation("Increment", IncrementRequest.parser(), Number.parser(), false),
            new Operation("Contains", Key.parser(), Flag.parser(), true),
            new Operation("Del", Key.parser(), Flag.parser(), false),
            new Operation("Get", Key.parser(), GetReply.parser(), true),
            new Operation("ListAdd", Member.parser(), Count.parser(), false),
            new Operation("ListClear", Key.parser(), Flag.parser(), false),
            new Operation("ListDel", Member.parser(), Flag.parser(), false),
            new Operation("ListRange", Range.parser(), Values.parser(), true),
            new Operation("Set", SetRequest.parser(), Done.parser(), true),
            new Operation("SetAdd", Member.parser(), Count.parser(), false),
            new Operation("SetDel", Member.parser(), Count.parser(), false),
            new Operation("SetIntersection", Keys.parser(), Values.parser(), true),
            new Operation("SetQuery", Key.parser(), Values.parser(), true),
            new Operation("SetUnion", Keys.parser(), Values.parser(), true),
            new Operation("SetClear", Key.parser(), Flag.parser(), false),
            new Operation("ListKeys", ListKeysRequest.parser(), ListKeysReply.parser(), true),
            new Operation("CompareAndSet", CompareAndSetRequest.parser(), Flag.parser(), false));

    /**
     * An SQL database. {@code Query} is idempotent because its statements run where nothing can be written;
     * {@code Execute} may write whatever its statements look like, so it is not.
     */
    public static final Contract SQL = Contract.of(
            new ContractId("wasmcloud:sqldb"),
            List.of(new ContractId("trellis:sql"), new ContractId("wasmcloud:postgres")),
            new Operation("Query", SqlRequest.parser(), SqlReply.parser(), true),
            new Operation("Execute", SqlRequest.parser(), SqlReply.parser(), false));

    /** Actor calls actor: opaque bytes both ways, operations of the actors' own choosing. */
    public static final ContractId ACTOR = new ContractId("trellis:actor");

    private static final Map<ContractId, Contract> BY_ID = Stream.of(HTTP_SERVER, HTTP_CLIENT, KEYVALUE, SQL)
            .flatMap(contract -> Stream.concat(Stream.of(contract.id()), contract.faces().stream())
                    .map(id -> Map.entry(id, contract)))
            .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));

    /** Requests in and requests out: one package of WASI, two contracts. */
    private static final ContractId WASI_HTTP = new ContractId("wasi:http");

    /** Interfaces of it by which actors call, rather than are called. */
    private static final List<String> OUTGOING = List.of("outgoing-handler", "client");

    private static final List<String> INCOMING = List.of("incoming-handler", "handler");

    private Contracts() {}

    /** The contract that {@code id} is a name of; empty if Trellis does not know it. */
    public static Optional<Contract> find(ContractId id) {
        return Optional.ofNullable(BY_ID.get(id));
    }

    /**
     * The contract that {@code link} is for. A link of {@code wasi:http} is one of {@link #HTTP_CLIENT} if of the handlers its
     * interfaces name outgoing ones only, else one of {@link #HTTP_SERVER}.
     */
    public static ContractId canonical(Link link) {
        boolean outgoing = link.contract().equals(WASI_HTTP)
                && link.interfaces().stream().anyMatch(OUTGOING::contains)
                && link.interfaces().stream().noneMatch(INCOMING::contains);
        return outgoing ? HTTP_CLIENT.id() : canonical(link.contract());
    }

    /** All names by which links may be for the contract {@code canonical}, that one first. */
    public static List<ContractId> names(ContractId canonical) {
        List<ContractId> faces = find(canonical).map(Contract::faces).orElse(List.of());
        return Stream.of(Stream.of(canonical), faces.stream(), wasiHttp(canonical).stream())
                .flatMap(names -> names)
                .distinct()
                .toList();
    }

    private static Optional<ContractId> wasiHttp(ContractId canonical) {
        return canonical.equals(HTTP_CLIENT.id()) ? Optional.of(WASI_HTTP) : Optional.empty();
    }

    /** The one name of a contract that links and routes are compared by; {@code id} itself for unknown ones. */
    public static ContractId canonical(ContractId id) {
        Contract contract = BY_ID.get(id);
        return contract == null ? id : contract.id();
    }
}
