package dev.trellis.scenarios.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class ArchitectureTest {
    private static final JavaClasses TRELLIS = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.trellis");

    /** Each module's package, and the packages of Trellis that it may depend on. */
    private static final Map<String, List<String>> ARROWS = Map.ofEntries(
            Map.entry("lattice.model", List.of()),
            Map.entry("lattice.contracts", List.of("lattice.model")),
            Map.entry("lattice.transport", List.of("lattice.model")),
            Map.entry("lattice.nats", List.of("lattice.transport", "lattice.model")),
            Map.entry("observability.telemetry", List.of("lattice.model")),
            Map.entry("observability.traces", List.of("observability.telemetry", "lattice.transport", "lattice.model")),
            Map.entry("host.engine", List.of()),
            Map.entry("host.actor", List.of("host.engine", "lattice.contracts", "lattice.model")),
            Map.entry("host.wasmbus", List.of("host.actor", "host.engine", "lattice.contracts", "lattice.model")),
            Map.entry("host.component", List.of("host.engine")),
            Map.entry(
                    "host.wasi",
                    List.of("host.actor", "host.component", "host.engine", "lattice.contracts", "lattice.model")),
            Map.entry(
                    "host.node",
                    List.of(
                            "host.engine",
                            "host.actor",
                            "host.wasmbus",
                            "host.component",
                            "host.wasi",
                            "lattice.transport",
                            "lattice.contracts",
                            "lattice.model",
                            "observability.telemetry",
                            "providers.sdk")),
            Map.entry(
                    "providers.sdk",
                    List.of("observability.telemetry", "lattice.contracts", "lattice.transport", "lattice.model")),
            Map.entry("providers.httpserver", provider()),
            Map.entry("providers.httpclient", provider()),
            Map.entry("providers.keyvalueredis", provider()),
            Map.entry("providers.keyvaluenats", provider()),
            Map.entry("providers.jdbc", provider()),
            Map.entry("providers.sqlsqlite", sqlProvider()),
            Map.entry("providers.sqlpostgres", sqlProvider()),
            Map.entry("wadm.manifest", List.of("lattice.model")),
            Map.entry("wadm.core", List.of("wadm.manifest", "lattice.model")),
            Map.entry(
                    "wadm.server",
                    List.of("wadm.core", "wadm.manifest", "lattice.transport", "lattice.contracts", "lattice.model")));

    private static List<String> provider() {
        return List.of(
                "providers.sdk", "observability.telemetry", "lattice.contracts", "lattice.transport", "lattice.model");
    }

    private static List<String> sqlProvider() {
        return Stream.concat(provider().stream(), Stream.of("providers.jdbc")).toList();
    }

    @TestFactory
    Stream<DynamicTest> module_dependsOnlyOnWhatItsArrowAllows() {
        return ARROWS.entrySet().stream()
                .map(arrow -> DynamicTest.dynamicTest(arrow.getKey(), () -> {
                    String own = "dev.trellis." + arrow.getKey();
                    String[] allowed = Stream.concat(Stream.of(arrow.getKey()), arrow.getValue().stream())
                            .map(module -> "dev.trellis." + module + "..")
                            .toArray(String[]::new);
                    classes()
                            .that()
                            .resideInAPackage(own + "..")
                            .should()
                            .onlyDependOnClassesThat(com.tngtech.archunit.base.DescribedPredicate.describe(
                                    "are its own, allowed, or not of Trellis",
                                    (JavaClass other) -> !other.getPackageName().startsWith("dev.trellis")
                                            || Arrays.stream(allowed).anyMatch(pattern -> other.getPackageName()
                                                    .startsWith(pattern.substring(0, pattern.length() - 2)))))
                            .check(TRELLIS);
                }));
    }

    @Test
    void everyPackage_hasAnArrowOrIsTheCommand() {
        assertThat(TRELLIS.stream()
                        .map(JavaClass::getPackageName)
                        .map(name -> name.substring("dev.trellis.".length()))
                        .filter(name -> !name.startsWith("cli") && !name.startsWith("benchmarks"))
                        .filter(name -> ARROWS.keySet().stream().noneMatch(name::startsWith)))
                .isEmpty();
    }

    @Test
    void modules_haveNoCycles() {
        slices().matching("dev.trellis.(*.*)..").should().beFreeOfCycles().check(TRELLIS);
    }

    @Test
    void jnats_staysInTheNatsModule() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.trellis.lattice.nats..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.nats.client..")
                .check(TRELLIS);
    }

    @Test
    void chicory_staysInTheEngine() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.trellis.host.engine..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("com.dylibso.chicory..")
                .check(TRELLIS);
    }

    @Test
    void pureModules_useNoThreadsClocksOrFiles() {
        noClasses()
                .that()
                .resideInAnyPackage("dev.trellis.wadm.core..", "dev.trellis.wadm.manifest..")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.Thread")
                .orShould()
                .dependOnClassesThat()
                .resideInAnyPackage("java.util.concurrent..", "java.nio.file..", "java.net..", "akka..")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(java.time.Instant.class, "now")
                .check(TRELLIS);
    }
}
