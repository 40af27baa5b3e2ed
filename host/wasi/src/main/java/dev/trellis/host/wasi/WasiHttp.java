package dev.trellis.host.wasi;

import dev.trellis.host.component.ComponentImports;
import dev.trellis.host.component.ComponentImports.Interface;

/** {@code wasi:http}: its types, and requests that guests make. Each resource brings its own functions. */
final class WasiHttp {
    /*
     * Functions that do no more than keep what a guest says, for this one call, are leaves: guests call many of them for a
     * request, and may let any run out of stack. So that none initialises a class then, which is never tried again, all
     * they need is used here once.
     */
    static {
        HttpFields.rehearse();
        HttpValues.rehearse();
        HttpSyntax.rehearse();
    }

    private WasiHttp() {}

    static ComponentImports imports() {
        return ComponentImports.of(types(), OutgoingRequest.handler());
    }

    private static Interface types() {
        Interface.Builder types = Interface.named("wasi:http/types@" + WasiImports.VERSION)
                .resource(WasiIo.POLLABLE)
                .resource(WasiIo.INPUT_STREAM)
                .resource(WasiIo.OUTPUT_STREAM);
        HttpFields.addTo(types);
        IncomingRequest.addTo(types);
        IncomingBody.addTo(types);
        OutgoingResponse.addTo(types);
        OutgoingBody.addTo(types);
        ResponseOut.addTo(types);
        OutgoingRequest.addTo(types);
        RequestOptions.addTo(types);
        IncomingResponse.addTo(types);
        return types.build();
    }
}
