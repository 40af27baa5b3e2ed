package dev.trellis.providers.jdbc;

/** The SQLSTATE codes that Trellis itself gives, and those that SQLite's result codes become. */
public final class SqlState {
    public static final String WRONG_PARAMETERS = "07001";
    public static final String NOT_SUPPORTED = "0A000";
    public static final String NUMBER_OUT_OF_RANGE = "22003";
    public static final String INVALID_DATETIME = "22007";
    public static final String DATETIME_OVERFLOW = "22008";
    public static final String INVALID_CHARACTER = "22021";
    public static final String INVALID_PARAMETER = "22023";
    public static final String INVALID_TEXT = "22P02";
    public static final String CONSTRAINT = "23000";
    public static final String NOT_NULL = "23502";
    public static final String FOREIGN_KEY = "23503";
    public static final String UNIQUE = "23505";
    public static final String CHECK = "23514";
    public static final String TRANSACTION_CONTROL = "2D000";
    public static final String READ_ONLY = "25006";
    public static final String UNKNOWN_DATABASE = "3D000";
    public static final String NO_PERMISSION = "42501";
    public static final String SYNTAX = "42601";
    public static final String UNKNOWN_COLUMN = "42703";
    public static final String TYPE_MISMATCH = "42804";
    public static final String UNKNOWN_FUNCTION = "42883";
    public static final String UNKNOWN_TABLE = "42P01";
    public static final String DUPLICATE_TABLE = "42P07";
    public static final String DISK_FULL = "53100";
    public static final String OUT_OF_MEMORY = "53200";
    public static final String LIMIT_EXCEEDED = "54000";
    public static final String CANCELED = "57014";
    public static final String GENERAL = "HY000";

    private SqlState() {}
}
