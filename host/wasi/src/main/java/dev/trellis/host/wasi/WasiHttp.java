package dev.trellis.host.wasi;

import dev.trellis.host.component.ComponentImports;
import dev.trellis.host.component.ComponentImports.Interface;

/** {@code wasi:http}: its types, and requests that guests make. Each resource brings its own functions. */
final class WasiHttp {
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
