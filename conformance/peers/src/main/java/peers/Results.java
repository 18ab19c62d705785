package peers;

import java.util.ArrayList;
import java.util.List;

/** What came of each case, in the order in which they ran. */
final class Results {
    interface Case {
        void run() throws Exception;
    }

    private record Row(String transaction, String direction, String what, String result) {}

    private final List<Row> rows = new ArrayList<>();

    void of(String transaction, String direction, String what, Case run) {
        String result;
        try {
            run.run();
            result = "passed";
        } catch (Exception | AssertionError failure) {
            result = "FAILED: " + reason(failure);
        }
        came(transaction, direction, what, result);
    }

    /** What came of a case that ran elsewhere. */
    void came(String transaction, String direction, String what, String result) {
        rows.add(new Row(transaction, direction, what, result));
        if (!result.equals("passed")) {
            System.err.printf("%s %s: %s%n", transaction, what, result);
        }
    }

    boolean allPassed() {
        return !rows.isEmpty() && rows.stream().allMatch(row -> row.result.equals("passed"));
    }

    void print() {
        System.out.printf("%n%-11s | %-20s | %-78s | %s%n", "transaction", "direction", "what", "result");
        for (var row : rows) {
            var result = row.result.lines().findFirst().orElse("");
            System.out.printf("%-11s | %-20s | %-78s | %s%n", row.transaction, row.direction, row.what, result);
        }
        var passed = rows.stream().filter(row -> row.result.equals("passed")).count();
        System.out.printf("%n%d of %d passed%n", passed, rows.size());
    }

    /** The innermost message says what the peer found; those around it say only where. */
    private static String reason(Throwable failure) {
        var message = new StringBuilder();
        for (var cause = failure; cause != null; cause = cause.getCause()) {
            var text = cause.getClass().getSimpleName() + ": " + cause.getMessage();
            if (cause.getCause() == null || message.isEmpty() && cause instanceof AssertionError) {
                message.append(text);
            }
        }
        return message.toString();
    }
}
