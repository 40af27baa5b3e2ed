package dev.trellis.providers.sqlsqlite;

import dev.trellis.providers.sdk.Settings;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Set;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The config of this provider or of a link: {@code path} or {@code database}, and {@code size_max_mb}.
 *
 * @param folder where databases without a {@code path} are
 * @param file the database
 * @param sizeMaxMb largest size of the file; beyond it statements fail with SQLSTATE 53100
 */
record SqliteSettings(Path folder, Path file, int sizeMaxMb) {
    static final String DATABASE_DEFAULT = "main";
    static final int SIZE_MAX_MB_DEFAULT = 10_240;
    static final int SIZE_MAX_MB_MAX = 1 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(SqliteSettings.class);
    private static final String PATH = "path";
    private static final String DATABASE = "database";
    private static final String SIZE_MAX_MB = "size_max_mb";

    /** Settings of the other SQL providers. Told and left aside, so that swapping the provider is one word. */
    private static final Set<String> FOREIGN = Set.of("uri", "config_json", "config_b64");

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_-]{0,62}");

    /** Only such files are opened, so that no setting makes a database of a file that is something else. */
    private static final Pattern FILE_NAME =
            Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,120}\\.(?:db|sqlite|sqlite3)");

    /** What counts where nothing is set. */
    static SqliteSettings defaults(Path folder) {
        return new SqliteSettings(folder, folder.resolve(DATABASE_DEFAULT + ".db"), SIZE_MAX_MB_DEFAULT);
    }

    /**
     * Reads settings.
     *
     * @param otherwise what counts for those that are not set
     * @throws IllegalArgumentException with the setting and what was expected
     */
    static SqliteSettings read(Settings settings, SqliteSettings otherwise) {
        var unknown = new ArrayList<String>();
        for (String key : settings.keys()) {
            switch (key) {
                case PATH, DATABASE, SIZE_MAX_MB -> {}
                default -> {
                    if (FOREIGN.contains(key)) {
                        LOG.warn("Setting '{}' is for another SQL provider; sql-sqlite does not use it", key);
                    } else {
                        unknown.add(key);
                    }
                }
            }
        }
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("sql-sqlite does not know " + unknown
                    + "; it takes path (a file), or database (a name, for a file of the host's), and size_max_mb");
        }
        var path = settings.get(PATH);
        var database = settings.get(DATABASE);
        if (path.isPresent() && database.isPresent()) {
            throw new IllegalArgumentException("path and database are both set; path says which file, database names"
                    + " one in the host's own folder: keep one of them");
        }
        Path file = path.map(text -> file(otherwise.folder, text.strip()))
                .or(() -> database.map(name -> named(otherwise.folder, name.strip())))
                .orElse(otherwise.file);
        return new SqliteSettings(
                otherwise.folder, file, (int) settings.number(SIZE_MAX_MB, otherwise.sizeMaxMb, 1, SIZE_MAX_MB_MAX));
    }

    private static Path named(Path folder, String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("database '" + name + "' must match " + NAME);
        }
        return folder.resolve(name + ".db");
    }

    private static Path file(Path folder, String text) {
        Path given;
        try {
            given = Path.of(text);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("path '" + text + "' is no path: " + e.getReason(), e);
        }
        Path file = folder.resolve(given).normalize();
        if (!given.isAbsolute() && !file.startsWith(folder.normalize())) {
            throw new IllegalArgumentException("path '" + text + "' leads out of the provider's folder " + folder
                    + "; give an absolute path if that is meant");
        }
        Path name = file.getFileName();
        if (name == null || !FILE_NAME.matcher(name.toString()).matches()) {
            throw new IllegalArgumentException(
                    "path '" + text + "' must end with a plain file name with the ending .db, .sqlite or .sqlite3");
        }
        if (file.toString().indexOf('?') >= 0) {
            throw new IllegalArgumentException("path '" + text + "' must not have '?'");
        }
        return file;
    }

    /** Name of the database: that of the file, without its ending. */
    String name() {
        String file = String.valueOf(this.file.getFileName());
        return file.substring(0, file.lastIndexOf('.'));
    }
}
