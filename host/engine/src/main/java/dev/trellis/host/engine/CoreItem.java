package dev.trellis.host.engine;

/** What one instance of a {@link GuestStore} can export and another import. */
public sealed interface CoreItem permits CoreFunction, CoreMemory, CoreTable, CoreGlobal, CoreTag {
    ExternalKind kind();
}
