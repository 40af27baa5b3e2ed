package dev.trellis.lattice.contracts;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkName;
import java.util.List;
import org.junit.jupiter.api.Test;

class ContractsTest {
    @Test
    void canonical_wasiHttp_goesByTheHandler() {
        assertThat(contract("wasi:http", "incoming-handler")).isEqualTo("wasmcloud:httpserver");
        assertThat(contract("wasi:http", "outgoing-handler")).isEqualTo("wasmcloud:httpclient");
        assertThat(contract("wasi:http", "types", "outgoing-handler")).isEqualTo("wasmcloud:httpclient");
        assertThat(contract("wasi:http", "outgoing-handler", "incoming-handler"))
                .isEqualTo("wasmcloud:httpserver");
        assertThat(contract("wasi:http")).isEqualTo("wasmcloud:httpserver");
    }

    @Test
    void canonical_otherContracts_haveOneNameWhateverTheInterfaces() {
        assertThat(contract("wasi:keyvalue", "atomics")).isEqualTo("wasmcloud:keyvalue");
        assertThat(contract("wasmcloud:httpclient", "incoming-handler")).isEqualTo("wasmcloud:httpclient");
        assertThat(contract("acme:shop", "outgoing-handler")).isEqualTo("acme:shop");
    }

    @Test
    void names_everyFaceOfAContract() {
        assertThat(Contracts.names(Contracts.HTTP_CLIENT.id()))
                .containsExactly(Contracts.HTTP_CLIENT.id(), new ContractId("wasi:http"));
        assertThat(Contracts.names(Contracts.HTTP_SERVER.id()))
                .containsExactly(Contracts.HTTP_SERVER.id(), new ContractId("wasi:http"));
        assertThat(Contracts.names(new ContractId("acme:shop"))).containsExactly(new ContractId("acme:shop"));
    }

    private static String contract(String name, String... interfaces) {
        return Contracts.canonical(new Link(
                        new EntityId("source"),
                        new EntityId("target"),
                        LinkName.DEFAULT,
                        new ContractId(name),
                        List.of(interfaces),
                        List.of(),
                        List.of()))
                .value();
    }
}
