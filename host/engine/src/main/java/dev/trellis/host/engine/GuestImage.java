package dev.trellis.host.engine;

import com.dylibso.chicory.wasm.types.Element;
import org.jspecify.annotations.Nullable;

/**
 * Everything a guest can change, as it was after initialisation. Shared by all instances of a pool; never written.
 *
 * @param globals low and high half of each mutable global's value
 * @param elements the passive element segments, null where dropped
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record GuestImage(
        GuestMemory.@Nullable Image memory,
        long[] globals,
        int[][] tables,
        @Nullable Element[] elements) {}
