package dev.trellis.host.engine;

/** A table of a store. */
public final class CoreTable implements CoreItem {
    private final GuestTable table;

    CoreTable(GuestTable table) {
        this.table = table;
    }

    @Override
    public ExternalKind kind() {
        return ExternalKind.TABLE;
    }

    GuestTable table() {
        return table;
    }
}
