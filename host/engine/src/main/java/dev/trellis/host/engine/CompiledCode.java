package dev.trellis.host.engine;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What compiling a module gives, in the form that the disk cache keeps.
 *
 * @param stripped the module that instances are built from
 * @param mainClass name of the class that dispatches into the others
 * @param classes class files by name
 * @param interpretedFunctions functions that were too large for a JVM method
 * @param startFunction index of the start function, -1 for none
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record CompiledCode(
        byte[] stripped,
        String mainClass,
        Map<String, byte[]> classes,
        Map<String, byte[]> customSections,
        int interpretedFunctions,
        int startFunction) {

    byte[] toBytes() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream((int) Math.min(Integer.MAX_VALUE - 64, weight()));
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(interpretedFunctions);
            out.writeInt(startFunction);
            out.writeUTF(mainClass);
            block(out, stripped);
            blocks(out, classes);
            blocks(out, customSections);
        } catch (IOException e) {
            throw new IllegalStateException("an array stream does not fail", e);
        }
        return bytes.toByteArray();
    }

    /** @throws IOException if {@code bytes} are not what {@link #toBytes} made */
    static CompiledCode fromBytes(byte[] bytes, int from) throws IOException {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes, from, bytes.length - from))) {
            int interpreted = in.readInt();
            int start = in.readInt();
            String mainClass = in.readUTF();
            CompiledCode code = new CompiledCode(block(in), mainClass, blocks(in), blocks(in), interpreted, start);
            if (in.available() != 0) {
                throw new IOException(in.available() + " bytes too many");
            }
            return code;
        }
    }

    long weight() {
        long weight = 1_024L + stripped.length;
        for (Map<String, byte[]> map : List.of(classes, customSections)) {
            for (byte[] content : map.values()) {
                weight += content.length + 128L;
            }
        }
        return weight;
    }

    private static void blocks(DataOutputStream out, Map<String, byte[]> blocks) throws IOException {
        out.writeInt(blocks.size());
        for (Map.Entry<String, byte[]> entry : blocks.entrySet()) {
            block(out, entry.getKey().getBytes(StandardCharsets.UTF_8));
            block(out, entry.getValue());
        }
    }

    private static Map<String, byte[]> blocks(DataInputStream in) throws IOException {
        int count = in.readInt();
        Map<String, byte[]> blocks = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            String name = new String(block(in), StandardCharsets.UTF_8);
            blocks.put(name, block(in));
        }
        return blocks;
    }

    private static void block(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static byte[] block(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > in.available()) {
            throw new IOException("a block of " + length + " bytes with " + in.available() + " left");
        }
        return in.readNBytes(length);
    }
}
