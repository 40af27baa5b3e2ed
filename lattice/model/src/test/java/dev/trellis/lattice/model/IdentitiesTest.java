package dev.trellis.lattice.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdentitiesTest {
    @ParameterizedTest
    @ValueSource(strings = {"wasmcloud:keyvalue", "wasi:http", "wasmcloud:builtin:logging", "a:b", "my-org:x2-y"})
    void contractId_valid_isKept(String value) {
        assertThat(new ContractId(value).value()).isEqualTo(value);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "keyvalue", ":", "a:", ":b", "a::b", "A:b", "a:2b", "a:b_c", "a:b ", "wasi:http/types"})
    void contractId_anythingElse_isRefusedWithItsForm(String value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ContractId(value))
                .withMessageContaining("namespace:package");
    }

    @Test
    void contractId_threeWords_packageIsAllAfterTheFirst() {
        assertThat(new ContractId("wasmcloud:builtin:logging").packageName()).isEqualTo("builtin:logging");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a.b", "a*", ">", "a b", "a/b", "\u00e4"})
    void entityId_notASubjectToken_isRefused(String value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new EntityId(value))
                .withMessageContaining("letters, digits");
    }

    @Test
    void entityId_tooLong_isRefusedShortened() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new EntityId("x".repeat(300)))
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(200));
    }

    @Test
    void labels_satisfyRequirements_onlyWithTheVerySameValues() {
        var labels = Labels.NONE.with("site", "edge-1").with("zone", "a");

        assertThat(labels.satisfy(Labels.NONE)).isTrue();
        assertThat(labels.satisfy(Labels.NONE.with("site", "edge-1"))).isTrue();
        assertThat(labels.satisfy(Labels.NONE.with("site", "edge-2"))).isFalse();
        assertThat(labels.satisfy(Labels.NONE.with("rack", "1"))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ghcr.io/wasmcloud/httpserver:0.19.0",
                "ghcr.io/wasmcloud/httpserver",
                "GHCR.io/wasmcloud/httpserver@sha256:00",
                "trellis:http-server"
            })
    void providerKind_referencesOfTheHttpServer_resolve(String reference) {
        assertThat(ProviderKind.resolve(new ImageRef(reference))).contains(ProviderKind.HTTP_SERVER);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ghcr.io/wasmcloud/httpclient:0.19.1",
                "ghcr.io/wasmcloud/http-client:0.13.1",
                "wasmcloud.azurecr.io/httpclient:0.7.0",
                "trellis:http-client"
            })
    void providerKind_referencesOfTheHttpClient_resolve(String reference) {
        assertThat(ProviderKind.resolve(new ImageRef(reference))).contains(ProviderKind.HTTP_CLIENT);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ghcr.io/wasmcloud/sqldb-postgres:0.5.0",
                "wasmcloud.azurecr.io/sqldb-postgres:0.1.0",
                "trellis:sql-postgres"
            })
    void providerKind_referencesOfTheSqlProvider_resolve(String reference) {
        assertThat(ProviderKind.resolve(new ImageRef(reference))).contains(ProviderKind.SQL_POSTGRES);
    }

    @Test
    void providerKind_anotherRepositoryWithTheSameBeginning_doesNotResolve() {
        assertThat(ProviderKind.resolve(new ImageRef("ghcr.io/wasmcloud/httpserver-evil:1")))
                .isEmpty();
    }
}
