package dev.trellis.host.component;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.trellis.host.engine.EngineConfig;
import dev.trellis.host.engine.WasmEngine;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class ComponentLinkerTest {
    private static final WasmEngine ENGINE = new WasmEngine(EngineConfig.DEFAULTS);

    @AfterAll
    static void close() {
        ENGINE.close();
    }

    private static void refused(String name, ComponentImports imports, String... says) {
        assertThatExceptionOfType(ComponentLinkException.class)
                .isThrownBy(() -> RunningGuests.link(ENGINE, name, imports))
                .withMessageContainingAll(says);
    }

    private static ComponentImports.Interface.Builder counters(String version) {
        ComponentImports.Resource<Object> counter = ComponentImports.Resource.of("counter", Object.class);
        return ComponentImports.Interface.named("test:host/counters@" + version)
                .resource(counter)
                .function("[constructor]counter", (_, _) -> new Object())
                .function("[method]counter.add", (_, _) -> 0);
    }

    private static ComponentImports.Interface text() {
        return ComponentImports.Interface.named("test:host/text@0.2.0")
                .function("join", (_, _) -> "")
                .build();
    }

    @Test
    void link_importIsMissing_isRefusedWithTheNearest() {
        refused(
                "host",
                ComponentImports.of(text()),
                "import test:host/counters@0.2.3",
                "the component needs this instance",
                "the nearest is test:host/text@0.2.0");
        refused("hostile", ComponentImports.none().and("leaves", (_, _) -> null), "import leave", "nearest is leaves");
        refused("hostile", ComponentImports.none(), "import leave", "there is none");
    }

    @Test
    void link_functionOrResourceOfAnInterfaceIsMissing_isRefused() {
        refused(
                "host",
                ComponentImports.of(counters("0.2.3").build(), text()),
                "import test:host/counters@0.2.3, export finish");
        refused(
                "starts",
                ComponentImports.of(ComponentImports.Interface.named("test:host/counters@0.2.3")
                        .function("[constructor]counter", (_, _) -> new Object())
                        .function("[method]counter.add", (_, _) -> 0)
                        .build()),
                "export counter",
                "needs this resource");
    }

    @Test
    void link_severalImportsAreMissing_namesAllOfThem() {
        ValidComponent component = ValidComponent.of(RunningGuests.wasm("host"), EngineConfig.DEFAULTS);
        ComponentImports imports = ComponentImports.of(ComponentImports.Interface.named("test:host/counters@0.2.1")
                .function("finished", (_, _) -> null)
                .build());

        assertThat(LinkedComponent.unsatisfied(component, imports).stream().map(ComponentLinkException::subject))
                .containsExactly(
                        "import test:host/counters@0.2.3, export counter",
                        "import test:host/counters@0.2.3, export [constructor]counter",
                        "import test:host/counters@0.2.3, export [method]counter.add",
                        "import test:host/counters@0.2.3, export finish",
                        "import test:host/text@0.2.0");
        refused("host", imports, "export counter: the component needs this resource", "also import test", "text@0.2.0");
    }

    @Test
    void link_versionIsCompatible_isFoundAndOnlyThen() throws InterruptedException {
        RunningGuests.link(
                ENGINE, "starts", ComponentImports.of(counters("0.2.99").build()));
        RunningGuests.link(
                ENGINE, "starts", ComponentImports.of(counters("0.2.0").build()));
        refused("starts", ComponentImports.of(counters("0.3.0").build()), "nearest is test:host/counters@0.3.0");
        refused("starts", ComponentImports.of(counters("0.2.4-rc").build()), "import test:host/counters@0.2.3");
    }

    @Test
    void find_severalCompatibleVersions_givesTheSameElseTheNewest() {
        InterfaceNames names = new InterfaceNames(
                List.of("a:b/c@1.2.0", "a:b/c@1.10.0", "a:b/c@2.0.0", "a:b/c@0.0.1", "a:b/c@0.0.2", "a:b/d"));

        assertThat(names.find("a:b/c@1.2.0")).contains("a:b/c@1.2.0");
        assertThat(names.find("a:b/c@1.3.0")).contains("a:b/c@1.10.0");
        assertThat(names.find("a:b/c@1")).contains("a:b/c@1.10.0");
        assertThat(names.find("a:b/c@2.9.9")).contains("a:b/c@2.0.0");
        assertThat(names.find("a:b/c@0.0.1")).contains("a:b/c@0.0.1");
        assertThat(names.find("a:b/c@0.0.3")).isEmpty();
        assertThat(names.find("a:b/c@3.0.0")).isEmpty();
        assertThat(names.find("a:b/d")).contains("a:b/d");
        assertThat(names.find("a:b/d@1.0.0")).isEmpty();
    }

    @Test
    void link_componentNeedsTheAsynchronousRuntime_isRefusedWithTheFunction() {
        refused("streams", ComponentImports.none(), "takes or gives a stream", "not supported yet", "bytes");
    }

    @Test
    void link_instancesMultiply_isRefusedAtTheLimit() {
        refused("tower", ComponentImports.none(), "at most " + ComponentLinker.FRAMES_MAX + " instances of components");
    }
}
