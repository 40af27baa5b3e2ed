package dev.trellis.lattice.model;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The capability providers that Trellis ships, and the image references that resolve to them: Trellis' own
 * ({@code trellis:http-server}) and, so that manifests written for wasmCloud deploy unchanged, the repositories of
 * wasmCloud's providers under any tag.
 */
public enum ProviderKind {
    HTTP_SERVER(
            "http-server",
            new ContractId("wasmcloud:httpserver"),
            "ghcr.io/wasmcloud/httpserver",
            "ghcr.io/wasmcloud/http-server",
            "wasmcloud.azurecr.io/httpserver"),
    HTTP_CLIENT(
            "http-client",
            new ContractId("wasmcloud:httpclient"),
            "ghcr.io/wasmcloud/httpclient",
            "ghcr.io/wasmcloud/http-client",
            "wasmcloud.azurecr.io/httpclient"),
    KEYVALUE_REDIS(
            "keyvalue-redis",
            new ContractId("wasmcloud:keyvalue"),
            "ghcr.io/wasmcloud/keyvalue-redis",
            "ghcr.io/wasmcloud/kvredis",
            "wasmcloud.azurecr.io/kvredis"),
    KEYVALUE_NATS(
            "keyvalue-nats",
            new ContractId("wasmcloud:keyvalue"),
            "ghcr.io/wasmcloud/keyvalue-nats",
            "ghcr.io/wasmcloud/kv-nats"),
    SQL_SQLITE("sql-sqlite", new ContractId("wasmcloud:sqldb")),
    SQL_POSTGRES(
            "sql-postgres",
            new ContractId("wasmcloud:sqldb"),
            "ghcr.io/wasmcloud/sqldb-postgres",
            "ghcr.io/wasmcloud/postgres",
            "wasmcloud.azurecr.io/sqldb-postgres");

    /** Scheme of the references that name a provider of Trellis itself. */
    public static final String SCHEME = "trellis:";

    private final String noun;
    private final ContractId contract;
    private final List<String> repositories;

    ProviderKind(String noun, ContractId contract, String... repositories) {
        this.noun = noun;
        this.contract = contract;
        this.repositories = List.of(repositories);
    }

    /** The provider that {@code image} resolves to; empty if Trellis ships none for it. */
    public static Optional<ProviderKind> resolve(ImageRef image) {
        String reference = image.value().toLowerCase(Locale.ROOT);
        return Arrays.stream(values()).filter(kind -> kind.matches(reference)).findFirst();
    }

    private boolean matches(String reference) {
        return reference.equals(SCHEME + noun)
                || repositories.stream()
                        .anyMatch(repository -> reference.equals(repository)
                                || reference.startsWith(repository + ":")
                                || reference.startsWith(repository + "@"));
    }

    /** Name of the provider, as in {@code trellis:http-server}. */
    public String noun() {
        return noun;
    }

    /** The contract it serves (or, for an event source such as the HTTP server, calls actors by). */
    public ContractId contract() {
        return contract;
    }

    /** Trellis' own reference of this provider. */
    public ImageRef image() {
        return new ImageRef(SCHEME + noun);
    }
}
