package dev.trellis.providers.jdbc;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The text of one statement as its JDBC driver takes it: the placeholders of the contract ({@code $1}, or {@code ?} by
 * position) have become the driver's, and everything else is as it was.
 *
 * @param jdbc the text for the driver
 * @param order for each placeholder of the driver, in order, the parameter that it stands for, counted from 0
 * @param parameters how many parameters the statement takes
 * @param words its first words in upper case, {@value #WORDS_MAX} at most
 * @param names every identifier and keyword in it, in upper case
 */
public record SqlText(String jdbc, List<Integer> order, int parameters, List<String> words, Set<String> names) {
    /*
     * One pass over the text. What is inside quotes, comments and dollar quotes is copied. Outside of them there are only
     * three things to find: placeholders, the end of the statement, and words. Parameters never become text, so a mistake
     * here could miscount placeholders but never let a parameter's value be read as SQL.
     */

    /** Longest statement, in characters. */
    public static final int LENGTH_MAX = 1 << 20;

    /** Most parameters of one statement: what SQLite takes. */
    public static final int PARAMETERS_MAX = 32_766;

    static final int WORDS_MAX = 4;

    public SqlText {
        order = List.copyOf(order);
        words = List.copyOf(words);
        names = Set.copyOf(names);
    }

    /** The first word in upper case; empty if there is none. */
    public String verb() {
        return words.isEmpty() ? "" : words.getFirst();
    }

    /**
     * Reads a statement.
     *
     * @param parameters how many parameters were given with it
     * @throws SqlErrorException if it is empty, too long, more than one statement, or its placeholders are not as many
     *     as the parameters
     */
    public static SqlText of(SqlDialect dialect, String sql, int parameters) throws SqlErrorException {
        if (sql.length() > LENGTH_MAX) {
            throw new SqlErrorException(
                    SqlState.LIMIT_EXCEEDED,
                    "statement of " + sql.length() + " characters is longer than " + LENGTH_MAX
                            + "; pass data as parameters");
        }
        if (parameters > PARAMETERS_MAX) {
            throw new SqlErrorException(
                    SqlState.LIMIT_EXCEEDED,
                    parameters + " parameters are more than " + PARAMETERS_MAX + "; use several statements");
        }
        SqlValues.checkText("statement", sql);
        var scan = new Scan(dialect, sql, false);
        scan.run();
        if (scan.highest == 0 && parameters > 0 && scan.questionMarks > 0) {
            scan = new Scan(dialect, sql, true);
            scan.run();
        }
        if (scan.words.isEmpty()) {
            throw new SqlErrorException(SqlState.SYNTAX, "the statement is empty");
        }
        if (scan.highest != parameters) {
            throw new SqlErrorException(
                    SqlState.WRONG_PARAMETERS,
                    "the statement takes " + scan.highest + " parameters, " + parameters
                            + " were given; placeholders are $1, $2, ...");
        }
        if (dialect == SqlDialect.SQLITE && scan.questionMarks > 0 && !scan.positional) {
            throw new SqlErrorException(
                    SqlState.WRONG_PARAMETERS, "'?' stands for no parameter here; write $1, $2, ... instead");
        }
        return new SqlText(scan.out.toString(), scan.order, scan.highest, scan.words, scan.names);
    }

    private static final class Scan {
        private final boolean postgres;
        private final String sql;
        private final boolean positional;
        private final StringBuilder out;
        private final List<Integer> order = new ArrayList<>();
        private final List<String> words = new ArrayList<>();
        private final Set<String> names = new HashSet<>();
        private int highest;
        private int questionMarks;
        private int at;
        private boolean ended;
        private boolean semicolon; // the last token was one
        private boolean triggerEnded;

        Scan(SqlDialect dialect, String sql, boolean positional) {
            this.postgres = dialect == SqlDialect.POSTGRES;
            this.sql = sql;
            this.positional = positional;
            this.out = new StringBuilder(sql.length() + 16);
        }

        void run() throws SqlErrorException {
            while (at < sql.length()) {
                int start = at;
                char c = sql.charAt(at);
                if (isSpace(c)) {
                    at++;
                } else if (c == '-' && next(1) == '-') {
                    lineComment();
                } else if (c == '/' && next(1) == '*') {
                    blockComment();
                } else if (c == ';') {
                    at++;
                    semicolon = true;
                    if (!inTrigger()) {
                        ended = true;
                        continue; // not copied: the driver gets one statement
                    }
                } else {
                    if (ended) {
                        throw new SqlErrorException(
                                SqlState.SYNTAX,
                                "more than one statement in one text; give each its own place in the list of"
                                        + " statements, where they share a transaction");
                    }
                    boolean written = token(c);
                    semicolon = false;
                    if (written) {
                        continue;
                    }
                }
                out.append(sql, start, at);
            }
        }

        /** Passes over one token; {@code true} if what stands for it was written already. */
        private boolean token(char c) throws SqlErrorException {
            switch (c) {
                case '\'' -> quoted('\'', false);
                case '"' -> identifier('"');
                case '`' -> {
                    if (postgres) {
                        at++;
                    } else {
                        identifier('`');
                    }
                }
                case '[' -> {
                    if (postgres) {
                        at++;
                    } else {
                        identifier(']');
                    }
                }
                case '$' -> {
                    return dollar();
                }
                case '?' -> {
                    questionMark();
                    return true;
                }
                default -> {
                    if (isWordStart(c)) {
                        word();
                    } else if (isDigit(c)) {
                        number();
                    } else {
                        if (!postgres && (c == ':' || c == '@' || c == '#')) {
                            throw new SqlErrorException(
                                    SqlState.WRONG_PARAMETERS,
                                    "'" + c + "' begins no parameter here; write $1, $2, ... instead");
                        }
                        at++;
                    }
                }
            }
            return false;
        }

        private void lineComment() {
            while (at < sql.length() && sql.charAt(at) != '\n' && !(postgres && sql.charAt(at) == '\r')) {
                at++;
            }
        }

        /** Nested in PostgreSQL; may be left open in SQLite. */
        private void blockComment() throws SqlErrorException {
            int depth = 0;
            while (at < sql.length()) {
                if (sql.charAt(at) == '*' && next(1) == '/') {
                    at += 2;
                    if (--depth == 0) {
                        return;
                    }
                } else if (sql.charAt(at) == '/' && next(1) == '*' && (postgres || depth == 0)) {
                    at += 2;
                    depth++;
                } else {
                    at++;
                }
            }
            throw unterminated("comment");
        }

        private void quoted(char end, boolean backslashes) throws SqlErrorException {
            at++;
            while (at < sql.length()) {
                char c = sql.charAt(at++);
                if (c == '\\' && backslashes) {
                    at++;
                } else if (c == end) {
                    if (end == ']' || next(0) != end) {
                        return;
                    }
                    at++;
                }
            }
            throw unterminated("quoted text");
        }

        private void identifier(char end) throws SqlErrorException {
            int start = at + 1;
            quoted(end, false);
            name(sql.substring(start, at - 1));
        }

        private void word() throws SqlErrorException {
            int start = at;
            while (at < sql.length() && isWordPart(sql.charAt(at))) {
                at++;
            }
            if (postgres && at - start == 1 && next(0) == '\'' && (sql.charAt(start) | 0x20) == 'e') {
                quoted('\'', true);
                return;
            }
            name(sql.substring(start, at));
        }

        /** Inside the body of a trigger, whose statements end in semicolons, and it in an END after one. */
        private boolean inTrigger() {
            return !postgres
                    && !triggerEnded
                    && words.size() > 1
                    && words.getFirst().equals("CREATE")
                    && words.subList(1, Math.min(3, words.size())).contains("TRIGGER");
        }

        private void name(String text) {
            String upper = text.toUpperCase(Locale.ROOT);
            if (semicolon && upper.equals("END")) {
                triggerEnded = true;
            }
            if (words.size() < WORDS_MAX) {
                words.add(upper);
            }
            names.add(upper);
        }

        private void number() {
            while (at < sql.length() && (isWordPart(sql.charAt(at)) && sql.charAt(at) != '$')) {
                at++;
            }
        }

        private boolean dollar() throws SqlErrorException {
            if (isDigit(next(1))) {
                at++;
                int number = 0;
                while (isDigit(next(0))) {
                    number = 10 * number + next(0) - '0';
                    at++;
                    if (number > PARAMETERS_MAX) {
                        throw new SqlErrorException(
                                SqlState.WRONG_PARAMETERS, "placeholders go from $1 to $" + PARAMETERS_MAX);
                    }
                }
                if (number == 0) {
                    throw new SqlErrorException(SqlState.WRONG_PARAMETERS, "placeholders begin with $1, not $0");
                }
                placeholder(number);
                return true;
            }
            if (!postgres) {
                throw new SqlErrorException(SqlState.WRONG_PARAMETERS, "placeholders are numbered: $1, $2, ...");
            }
            int end = at + 1;
            if (end < sql.length() && isWordStart(sql.charAt(end))) {
                while (end < sql.length() && isWordPart(sql.charAt(end)) && sql.charAt(end) != '$') {
                    end++;
                }
            }
            if (end >= sql.length() || sql.charAt(end) != '$') {
                at++; // a lone dollar sign, for the database to refuse
                return false;
            }
            String tag = sql.substring(at, end + 1);
            int close = sql.indexOf(tag, end + 1);
            if (close < 0) {
                throw unterminated("dollar-quoted text");
            }
            at = close + tag.length();
            return false;
        }

        private void questionMark() throws SqlErrorException {
            at++;
            questionMarks++;
            if (positional) {
                if (questionMarks > PARAMETERS_MAX) {
                    throw new SqlErrorException(
                            SqlState.WRONG_PARAMETERS, "more than " + PARAMETERS_MAX + " placeholders");
                }
                placeholder(questionMarks);
            } else {
                out.append(postgres ? "??" : "?"); // ?? is how the driver writes the operator
            }
        }

        private void placeholder(int number) throws SqlErrorException {
            if (order.size() >= PARAMETERS_MAX && postgres) {
                throw new SqlErrorException(SqlState.WRONG_PARAMETERS, "more than " + PARAMETERS_MAX + " placeholders");
            }
            if (postgres) {
                out.append('?');
                order.add(number - 1);
            } else {
                out.append('?').append(number);
                for (int next = order.size(); next < number; next++) {
                    order.add(next);
                }
            }
            highest = Math.max(highest, number);
        }

        /** The character {@code ahead} of the current one; NUL, which no statement holds, past the end. */
        private char next(int ahead) {
            return at + ahead < sql.length() ? sql.charAt(at + ahead) : '\0';
        }

        private SqlErrorException unterminated(String what) {
            return new SqlErrorException(SqlState.SYNTAX, what + " is not ended");
        }

        private static boolean isSpace(char c) {
            return c == ' ' || (c >= '\t' && c <= '\r');
        }

        private static boolean isDigit(char c) {
            return c >= '0' && c <= '9';
        }

        private static boolean isWordStart(char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
        }

        private static boolean isWordPart(char c) {
            return isWordStart(c) || isDigit(c) || c == '$';
        }
    }
}
