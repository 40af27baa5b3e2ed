package dev.trellis.lattice.model;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A lattice event: what {@code wasmbus.evt.{lattice}.{name}} carries, as CloudEvents 1.0 structured JSON.
 *
 * @param name event name of wasmCloud 1.9, such as {@code component_scaled}
 * @param source id of the host (or the controller) that tells it
 * @param data members of the event's {@code data}; values that Jackson can write
 * @see <a href="https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md">CloudEvents JSON</a>
 */
public record LatticeEvent(String id, Instant time, String source, String name, Map<String, Object> data) {
    /** Prefix of a CloudEvent's {@code type}. */
    public static final String TYPE_PREFIX = "com.wasmcloud.lattice.";

    public LatticeEvent {
        data = Map.copyOf(data);
    }

    /** The members of the CloudEvent in the order in which it is written. */
    public Map<String, Object> toCloudEvent() {
        var event = new LinkedHashMap<String, Object>();
        event.put("specversion", "1.0");
        event.put("id", id);
        event.put("source", source);
        event.put("type", TYPE_PREFIX + name);
        event.put("time", time.toString());
        event.put("datacontenttype", "application/json");
        event.put("data", data);
        return event;
    }
}
