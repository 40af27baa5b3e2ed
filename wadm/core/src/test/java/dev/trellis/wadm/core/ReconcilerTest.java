package dev.trellis.wadm.core;

import static dev.trellis.wadm.core.Manifests.spread;
import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkName;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class ReconcilerTest {
    private static final Map<String, String> PORT = Map.of("PORT", "8080");

    private final SimulatedLattice lattice = new SimulatedLattice();
    private final Manifests userApi = Manifests.of("user-api");

    private Deployment userApi(String keyvalue) {
        return userApi(userApi, keyvalue);
    }

    private static Deployment userApi(Manifests manifests, String keyvalue) {
        return manifests
                .actor(
                        "user-actor",
                        "user:1",
                        3,
                        List.of(manifests.link("user-actor", keyvalue, Map.of("URL", "redis://here"))))
                .provider("httpserver", "http:1", PORT, 1)
                .provider(keyvalue, keyvalue + ":1", Map.of(), 1)
                .deployment("v1");
    }

    private ApplicationStatus status(Plan plan) {
        return plan.status("user-api").orElseThrow();
    }

    private Plan plan(Deployment deployment) {
        return Reconciler.reconcile(lattice.state(), List.of(deployment), List.of(deployment.ownership()), Map.of());
    }

    @Test
    void reconcile_emptyLattice_waitsForAHost() {
        var plan = plan(userApi("redis"));
        assertThat(plan.commands()).isEmpty();
        assertThat(status(plan).type()).isEqualTo(StatusType.WAITING);
        assertThat(status(plan).message()).contains("no host in the lattice");
    }

    @Test
    void reconcile_hosts_spreadsInstancesAndIsDeployedOnlyWhenAllIsObserved() {
        lattice.host("a").host("b");
        var deployment = userApi("redis");
        assertThat(status(plan(deployment)).type()).isEqualTo(StatusType.WAITING);
        var plan = lattice.converge(deployment);
        assertThat(status(plan).type()).isEqualTo(StatusType.DEPLOYED);
        assertThat(lattice.counts(userApi.id("user-actor"))).isEqualTo(Map.of("a", 2, "b", 1));
        assertThat(lattice.providerHosts(userApi.id("httpserver"))).hasSize(1);
        assertThat(lattice.configs().keySet())
                .containsExactly("user_api-httpserver-config", "user_api-user_actor-config-redis-default-target");
        assertThat(lattice.provider("a", userApi.id("httpserver")).annotations())
                .containsEntry("wasmcloud.dev/managed-by", "wadm")
                .containsEntry("wasmcloud.dev/appspec", "user-api")
                .containsEntry("wasmcloud.dev/spread_name", "default")
                .containsKey("wasmcloud.dev/scaler");
    }

    @Test
    void reconcile_instanceShort_saysHowManyRunAndWhoIsBehind() {
        lattice.host("a").host("b");
        var deployment = userApi("redis");
        lattice.converge(deployment);
        lattice.apply(Reconciler.stop(
                "user-api",
                new Pass(lattice.state(), Map.of())
                        .actors("user_api-user_actor")
                        .getLast()));
        assertThat(status(plan(deployment)).type()).isEqualTo(StatusType.RECONCILING);
        assertThat(status(plan(deployment)).message())
                .isEqualTo("user-actor: 2 of 3 instances run; waiting for host host-b");
    }

    @Test
    void reconcile_commandFailed_statusHasItsReason() {
        lattice.host("a");
        var deployment = Manifests.of("user-api").actor("x", "x:1", 1).deployment("v1");
        var plan = Reconciler.reconcile(
                lattice.state(),
                List.of(deployment),
                List.of(deployment.ownership()),
                Map.of(
                        new CommandKey.Actor(new EntityId("user_api-x"), new HostId("a")),
                        new Activity.Failed("image x:1 has no override", 3)));
        assertThat(plan.commands()).hasSize(1);
        assertThat(status(plan).type()).isEqualTo(StatusType.FAILED);
        assertThat(status(plan).message())
                .isEqualTo("x: host host-a: image x:1 has no override (3 attempts); 0 of 1 instances run");
    }

    @Test
    void reconcile_noHostHasTheLabel_failsNamingLabelAndHosts() {
        lattice.host("a", "site", "cloud").host("b");
        var deployment = Manifests.of("user-api")
                .actor("x", "x:1", 2, spread("far", 1, "site", "edge"), spread("near", 1, "site", "cloud"))
                .deployment("v1");
        var plan = lattice.converge(deployment);
        assertThat(status(plan).type()).isEqualTo(StatusType.FAILED);
        assertThat(status(plan).message())
                .isEqualTo("x: no host that takes work has label site=edge (spread far);"
                        + " hosts: host-a {site=cloud}, host-b (no labels)");
        assertThat(lattice.counts(new EntityId("user_api-x")))
                .as("what can be met is")
                .isEqualTo(Map.of("a", 1));
    }

    @Test
    void reconcile_hostDies_replacesAtOnceAndTrimsWhenItComesBack() {
        lattice.host("a").host("b").host("c");
        var deployment = userApi("redis");
        lattice.converge(deployment);
        lattice.kill("a");
        lattice.converge(deployment);
        assertThat(lattice.counts(userApi.id("user-actor"))).isEqualTo(Map.of("b", 2, "c", 1));
        assertThat(lattice.providerHosts(userApi.id("httpserver"))).containsExactly("b");
        lattice.host("a");
        lattice.run("a", "user_api-user_actor", "user:1", 1, lattice(lattice, "b"));
        lattice.converge(deployment);
        assertThat(lattice.counts(userApi.id("user-actor"))).isEqualTo(Map.of("a", 1, "b", 1, "c", 1));
        assertThat(lattice.providerHosts(userApi.id("httpserver"))).containsExactly("b");
    }

    private static Map<String, String> lattice(SimulatedLattice lattice, String host) {
        return new Pass(lattice.state(), Map.of())
                .actors("user_api-user_actor").stream()
                        .filter(running -> running.host().id().value().equals(host))
                        .findFirst()
                        .orElseThrow()
                        .actor()
                        .annotations();
    }

    @Test
    void reconcile_hostDrains_movesActorsBeforeTheyStop() {
        lattice.host("a").host("b");
        var deployment = Manifests.of("user-api").actor("x", "x:1", 1).deployment("v1");
        lattice.converge(deployment);
        lattice.drain("a");
        var first = plan(deployment).commands();
        assertThat(first).singleElement().isInstanceOfSatisfying(WadmCommand.ScaleActor.class, scale -> {
            assertThat(scale.host()).isEqualTo(new HostId("b"));
            assertThat(scale.count()).isEqualTo(1);
        });
        lattice.apply(first);
        assertThat(plan(deployment).commands())
                .singleElement()
                .isInstanceOfSatisfying(WadmCommand.ScaleActor.class, scale -> {
                    assertThat(scale.host()).isEqualTo(new HostId("a"));
                    assertThat(scale.count()).isZero();
                });
    }

    @Test
    void reconcile_onlyHostDrains_leavesWhatItHas() {
        lattice.host("a");
        var deployment = Manifests.of("user-api").actor("x", "x:1", 1).deployment("v1");
        lattice.converge(deployment);
        lattice.drain("a");
        assertThat(plan(deployment).commands()).isEmpty();
        assertThat(status(plan(deployment)).message())
                .contains("no host takes work")
                .contains("draining");
    }

    @Test
    void reconcile_hostSilent_decidesNothingUntilItsInventoryIsKnown() {
        lattice.host("a").host("b");
        lattice.silence("b", true);
        var deployment = Manifests.of("user-api").actor("x", "x:1", 4).deployment("v1");
        assertThat(plan(deployment).commands()).isEmpty();
        assertThat(status(plan(deployment)).message()).isEqualTo("x: waiting for the inventory of host host-b");
    }

    @Test
    void reconcile_pinChanges_scalesWithTheNewDigest() {
        lattice.host("a");
        var first =
                Manifests.of("user-api", Map.of("trellis.dev/digest.x", "aa")).actor("x", "x:1", 1);
        lattice.converge(first.deployment("v1"));
        var second =
                Manifests.of("user-api", Map.of("trellis.dev/digest.x", "bb")).actor("x", "x:1", 1);
        assertThat(plan(second.deployment("v2")).commands())
                .singleElement()
                .isInstanceOfSatisfying(WadmCommand.ScaleActor.class, scale -> assertThat(scale.annotations())
                        .containsEntry("trellis.dev/digest", "bb"));
        assertThat(status(lattice.converge(second.deployment("v2"))).type()).isEqualTo(StatusType.DEPLOYED);
    }

    @Test
    void reconcile_providerConfigChanges_replacesItByOneWithTheNewOne() {
        lattice.host("a").host("b");
        lattice.converge(Manifests.of("user-api").provider("p", "p:1", PORT, 1).deployment("v1"));
        var changed = Manifests.of("user-api")
                .provider("p", "p:1", Map.of("PORT", "9090"), 1)
                .deployment("v2");
        var kinds = new ArrayList<String>();
        for (var commands = plan(changed).commands();
                !commands.isEmpty();
                commands = plan(changed).commands()) {
            commands.forEach(command -> kinds.add(command.getClass().getSimpleName()));
            lattice.apply(commands);
        }
        assertThat(kinds).containsExactly("PutConfig", "StartProvider");
        assertThat(lattice.configs().get("user_api-p-config")).isNotNull();
    }

    @Test
    void reconcile_referencedConfigMissing_failsAndStartsOnceItIsPut() {
        lattice.host("a");
        var deployment = Manifests.of("user-api").reading("p", "p:1", "shared").deployment("v1");
        assertThat(status(lattice.converge(deployment)).message()).startsWith("p: config shared is not in the lattice");
        lattice.storeConfig("shared", Map.of());
        assertThat(status(lattice.converge(deployment)).type()).isEqualTo(StatusType.DEPLOYED);
    }

    @Test
    void reconcile_targetSwapped_movesTheLinkOnceTheNewProviderRuns() {
        lattice.host("a");
        var before = userApi("redis");
        lattice.converge(before);
        var after = userApi(Manifests.of("user-api"), "nats");
        var known = List.of(before.ownership().with(after.ownership()));
        var first = Reconciler.reconcile(lattice.state(), List.of(after), known, Map.of());
        assertThat(first.commands()).noneMatch(WadmCommand.DeleteLink.class::isInstance);
        var plan = lattice.converge(List.of(after), known);
        assertThat(status(plan).type()).isEqualTo(StatusType.DEPLOYED);
        assertThat(lattice.links().values())
                .singleElement()
                .satisfies(stored -> assertThat(stored.link().target()).isEqualTo(userApi.id("nats")));
        assertThat(lattice.providerHosts(userApi.id("redis"))).isEmpty();
        assertThat(plan.ownership("user-api")).isEqualTo(after.ownership());
    }

    @Test
    void reconcile_linkOfSomebodyElseInTheWay_failsAndLeavesIt() {
        lattice.host("a");
        var foreign = new Link(
                userApi.id("user-actor"),
                new EntityId("other"),
                LinkName.DEFAULT,
                new ContractId(Manifests.KEYVALUE),
                List.of(),
                List.of(),
                List.of());
        lattice.storeLink(foreign);
        var deployment = userApi("redis");
        var plan = lattice.converge(List.of(deployment), List.of(Ownership.none("user-api")));
        assertThat(status(plan).type()).isEqualTo(StatusType.FAILED);
        assertThat(status(plan).message()).contains("points to other, put by somebody else");
        assertThat(lattice.links().values())
                .extracting(LatticeState.StoredLink::link)
                .containsExactly(foreign);
    }

    @Test
    void reconcile_providerRefusesTheLink_failsWithItsMessage() {
        lattice.host("a");
        lattice.refuseLinks(userApi.id("redis"));
        assertThat(status(lattice.converge(userApi("redis"))).message())
                .isEqualTo("user-actor: provider user_api-redis on host host-a refused the link: no such database");
    }

    @Test
    void reconcile_providerSick_isUnhealthy() {
        lattice.host("a");
        lattice.sicken(userApi.id("redis"));
        var plan = lattice.converge(userApi("redis"));
        assertThat(status(plan).type()).isEqualTo(StatusType.UNHEALTHY);
        assertThat(status(plan).message()).isEqualTo("redis: the provider on host host-a fails its health check");
    }

    @Test
    void reconcile_undeployed_removesTrafficFirstAndConfigsLast() {
        lattice.host("a").host("b");
        var deployment = userApi("redis");
        lattice.converge(deployment);
        lattice.run("a", "foreign", "f:1", 1, Map.of());
        var plan = Reconciler.reconcile(lattice.state(), List.of(), List.of(deployment.ownership()), Map.of());
        assertThat(plan.commands().stream()
                        .map(command -> command.getClass().getSimpleName())
                        .collect(Collectors.toList()))
                .containsExactly(
                        "DeleteLink", "StopProvider", "StopProvider", "ScaleActor", "ScaleActor", "DeleteConfig");
        assertThat(status(plan).type()).isEqualTo(StatusType.UNDEPLOYED);
        assertThat(status(plan).message()).contains("removing what is left");
        var done = lattice.converge(List.of(), List.of(deployment.ownership()));
        assertThat(status(done).message()).isEmpty();
        assertThat(done.ownership("user-api").empty()).isTrue();
        assertThat(lattice.counts(new EntityId("foreign"))).isEqualTo(Map.of("a", 1));
    }

    @Test
    void reconcile_applicationUnknown_leavesItAloneAndSaysSo() {
        lattice.host("a");
        lattice.converge(userApi("redis"));
        var plan = Reconciler.reconcile(lattice.state(), List.of(), List.of(), Map.of());
        assertThat(plan.commands()).isEmpty();
        assertThat(plan.orphans()).hasSize(3).first().asString().contains("belongs to application user-api");
    }

    @Test
    void reconcile_sameIdInTwoApplications_failsTheSecond() {
        lattice.host("a");
        var first = Manifests.of("user.api").actor("x", "x:1", 1).deployment("v1");
        var second = Manifests.of("user_api").actor("x", "x:2", 1).deployment("v1");
        var plan = lattice.converge(List.of(first, second), List.of(first.ownership(), second.ownership()));
        assertThat(plan.status("user.api").orElseThrow().type()).isEqualTo(StatusType.DEPLOYED);
        assertThat(plan.status("user_api").orElseThrow().message()).contains("is taken by application user.api");
    }

    @Test
    void reconcile_providerSpreads_theLeastFreeChoosesFirst() {
        lattice.host("a", "site", "edge").host("b");
        var deployment = Manifests.of("user-api")
                .provider("p", "p:1", Map.of(), 2, spread("any", 1), spread("edge", 1, "site", "edge"))
                .deployment("v1");
        assertThat(status(lattice.converge(deployment)).type()).isEqualTo(StatusType.DEPLOYED);
        assertThat(lattice.providerHosts(new EntityId("user_api-p"))).containsExactly("a", "b");
    }

    @Test
    void reconcile_moreProvidersThanHosts_startsWhatItCanAndFails() {
        lattice.host("a");
        var deployment =
                Manifests.of("user-api").provider("p", "p:1", Map.of(), 2).deployment("v1");
        var plan = lattice.converge(deployment);
        assertThat(status(plan).message())
                .isEqualTo("p: 2 hosts are wanted for spread default but only 1 can be used:"
                        + " a provider runs at most once on each");
        assertThat(lattice.providerHosts(new EntityId("user_api-p"))).containsExactly("a");
    }

    @Test
    void putConfig_toString_hidesItsValues() {
        assertThat(new WadmCommand.PutConfig("app", "c", Map.of("password", "hunter2")).toString())
                .doesNotContain("hunter2");
    }
}
