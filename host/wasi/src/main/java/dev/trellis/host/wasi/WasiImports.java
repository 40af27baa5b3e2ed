package dev.trellis.host.wasi;

import dev.trellis.host.component.ComponentImports;

/** All interfaces that the host itself offers to components. */
final class WasiImports {
    /** The version of WASI 0.2 whose functions are there; components built for any 0.2.x find theirs. */
    static final String VERSION = "0.2.12";

    private static final ComponentImports ALL = WasiIo.imports()
            .and(WasiClocks.imports())
            .and(WasiRandom.imports())
            .and(WasiCli.imports())
            .and(WasiFilesystem.imports())
            .and(WasiSockets.imports())
            .and(WasiLogging.imports())
            .and(WasiHttp.imports())
            .and(WasiKeyvalue.imports())
            .and(WasiConfig.imports());

    private WasiImports() {}

    /** The interfaces; their functions expect a {@link WasiCall} attached to the instance. */
    static ComponentImports all() {
        return ALL;
    }
}
