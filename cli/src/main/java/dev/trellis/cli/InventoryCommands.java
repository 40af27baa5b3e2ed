package dev.trellis.cli;

import dev.trellis.lattice.model.ActorDescription;
import dev.trellis.lattice.model.ControlRequests.LinkMessage;
import dev.trellis.lattice.model.HostInventory;
import dev.trellis.lattice.model.ProviderDescription;
import dev.trellis.lattice.model.ProviderLinkStatus;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import picocli.CommandLine.Command;

/** Lists over all hosts: {@code actor list}, {@code provider list}, {@code link list}. */
final class InventoryCommands {
    private static final String APPLICATION_ANNOTATION = "wasmcloud.dev/appspec";

    private InventoryCommands() {}

    @Command(name = "actor", description = "Actors that hosts run.")
    static final class ActorGroup extends GroupCommand {}

    @Command(name = "provider", description = "Capability providers that hosts run.")
    static final class ProviderGroup extends GroupCommand {}

    @Command(name = "link", description = "Links: who may call whom, by which contract.")
    static final class LinkGroup extends GroupCommand {}

    @Command(name = "list", description = "List actors with their instances on every host.")
    static final class ListActors extends LatticeCommand {
        ListActors(Session session) {
            super(session);
        }

        /** One actor on one host, as the JSON output has it. */
        private record Placement(String hostId, String hostName, int maxInstances) {}

        /** One actor. */
        private record Actor(
                String id,
                String application,
                String imageRef,
                String digest,
                int maxInstances,
                List<Placement> hosts) {}

        @Override
        ExitCode run(LatticeClient client) throws CliException, InterruptedException {
            var byId = new TreeMap<String, List<Map.Entry<HostInventory, ActorDescription>>>();
            for (HostInventory host : client.inventories()) {
                for (ActorDescription actor : host.components()) {
                    byId.computeIfAbsent(actor.id(), _ -> new ArrayList<>()).add(Map.entry(host, actor));
                }
            }
            List<Actor> actors = byId.values().stream().map(ListActors::merge).toList();
            if (console.json()) {
                console.document("ActorList", actors);
                return ExitCode.OK;
            }
            if (actors.isEmpty()) {
                console.note("No host of lattice " + client.lattice() + " runs an actor.");
                return ExitCode.OK;
            }
            Table table = new Table("ID", "INSTANCES", "HOSTS", "APPLICATION", "IMAGE");
            for (Actor actor : actors) {
                table.row(
                        actor.id(),
                        String.valueOf(actor.maxInstances()),
                        String.join(
                                ",",
                                actor.hosts().stream()
                                        .map(place -> place.hostName() + ":" + place.maxInstances())
                                        .toList()),
                        actor.application(),
                        actor.imageRef());
            }
            table.print(console);
            return ExitCode.OK;
        }

        private static Actor merge(List<Map.Entry<HostInventory, ActorDescription>> everywhere) {
            ActorDescription first = everywhere.getFirst().getValue();
            Set<String> images = new LinkedHashSet<>();
            Set<String> digests = new LinkedHashSet<>();
            List<Placement> places = new ArrayList<>();
            int instances = 0;
            for (var entry : everywhere) {
                ActorDescription actor = entry.getValue();
                images.add(actor.imageRef());
                digests.add(actor.digest() == null ? "" : actor.digest());
                instances += actor.maxInstances();
                places.add(new Placement(entry.getKey().hostId(), entry.getKey().friendlyName(), actor.maxInstances()));
            }
            return new Actor(
                    first.id(),
                    application(first.annotations()),
                    String.join(",", images),
                    String.join(",", digests),
                    instances,
                    places);
        }
    }

    @Command(name = "list", description = "List providers with their host, health and links.")
    static final class ListProviders extends LatticeCommand {
        ListProviders(Session session) {
            super(session);
        }

        @Override
        ExitCode run(LatticeClient client) throws CliException, InterruptedException {
            List<HostInventory> hosts = client.inventories();
            if (console.json()) {
                List<Object> providers = new ArrayList<>();
                for (HostInventory host : hosts) {
                    for (ProviderDescription provider : host.providers()) {
                        var data = new LinkedHashMap<String, Object>();
                        data.put("host_id", host.hostId());
                        data.put("host_name", host.friendlyName());
                        data.put("provider", provider);
                        providers.add(data);
                    }
                }
                console.document("ProviderList", providers);
                return ExitCode.OK;
            }
            Table table = new Table("ID", "HOST", "HEALTH", "LINKS", "APPLICATION", "IMAGE");
            boolean any = false;
            List<String> refusals = new ArrayList<>();
            for (HostInventory host : hosts) {
                for (ProviderDescription provider : host.providers()) {
                    any = true;
                    table.row(
                            provider.id(),
                            host.friendlyName(),
                            provider.healthy() ? "healthy" : "unhealthy",
                            links(provider),
                            application(provider.annotations()),
                            image(provider));
                    for (ProviderLinkStatus link : provider.links()) {
                        if (!link.acknowledged()) {
                            refusals.add("%s on %s refuses its link with %s: %s"
                                    .formatted(
                                            provider.id(), host.friendlyName(), other(provider, link), link.message()));
                        }
                    }
                }
            }
            if (!any) {
                console.note("No host of lattice " + client.lattice() + " runs a provider.");
                return ExitCode.OK;
            }
            table.print(console);
            refusals.forEach(console::note);
            return ExitCode.OK;
        }

        private static String other(ProviderDescription provider, ProviderLinkStatus link) {
            return link.sourceId().equals(provider.id()) ? link.target() : link.sourceId();
        }
    }

    @Command(name = "list", description = "List links.")
    static final class ListLinks extends LatticeCommand {
        ListLinks(Session session) {
            super(session);
        }

        @Override
        ExitCode run(LatticeClient client) throws CliException, InterruptedException {
            List<LinkMessage> links = client.links().stream()
                    .sorted(Comparator.comparing(LinkMessage::sourceId).thenComparing(LinkMessage::target))
                    .toList();
            if (console.json()) {
                console.document("LinkList", links);
                return ExitCode.OK;
            }
            if (links.isEmpty()) {
                console.note("No links in lattice " + client.lattice() + ".");
                return ExitCode.OK;
            }
            Table table = new Table("SOURCE", "TARGET", "CONTRACT", "NAME", "CONFIG");
            for (LinkMessage link : links) {
                List<String> configs = new ArrayList<>(link.sourceConfig());
                configs.addAll(link.targetConfig());
                table.row(
                        link.sourceId(),
                        link.target(),
                        link.witNamespace() + ":" + link.witPackage(),
                        link.name(),
                        configs.isEmpty() ? "-" : String.join(",", configs));
            }
            table.print(console);
            return ExitCode.OK;
        }
    }

    /** The application that something runs for. */
    static String application(Map<String, String> annotations) {
        return annotations.getOrDefault(APPLICATION_ANNOTATION, "-");
    }

    /** The image of a provider, with what Trellis runs for it where that is another name. */
    static String image(ProviderDescription provider) {
        String resolved = provider.resolved();
        return resolved == null || resolved.equals(provider.imageRef())
                ? provider.imageRef()
                : provider.imageRef() + " (runs " + resolved + ")";
    }

    /** How many links a provider has, and how many of them it took. */
    static String links(ProviderDescription provider) {
        long taken = provider.links().stream()
                .filter(ProviderLinkStatus::acknowledged)
                .count();
        return provider.links().size() == taken
                ? String.valueOf(taken)
                : taken + " of " + provider.links().size();
    }
}
