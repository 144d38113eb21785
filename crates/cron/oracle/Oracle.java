import java.nio.charset.StandardCharsets;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.TimeZone;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.quartz.CronExpression;

/**
 * Asks the real Quartz when cron expressions fire. README.md beside this file says how it is started and what it
 * reads and writes.
 */
public final class Oracle {
    /** Quartz searches a few expressions for ever; after this long the answer is "endless". */
    private static final long PATIENCE_MS = 2000;

    /** How many instants the golden file holds for each expression and case. */
    private static final int GOLDEN_COUNT = 20;

    /** Quartz's last year moves with the clock of the machine; the file must not. */
    private static final long LAST = Instant.parse("2100-01-02T00:00:00Z").getEpochSecond();

    private static volatile Thread searching;

    private static ExecutorService worker = newWorker();

    private record Case(int index, String zone, long start) {}

    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        if (arguments.length == 3 && arguments[0].equals("golden")) {
            golden(Path.of(arguments[1]), Path.of(arguments[2]), out);
        } else if (arguments.length == 1 && arguments[0].equals("live")) {
            live(out);
        } else {
            System.err.println("usage: Oracle.java golden EXPRESSIONS CASES | Oracle.java live");
            System.exit(2);
        }
        out.flush();
        System.exit(0);
    }

    private static void golden(Path expressions, Path caseFile, PrintStream out) throws Exception {
        List<Case> cases = new ArrayList<>();
        for (String line : meaningful(caseFile)) {
            String[] words = line.trim().split(" +");
            cases.add(new Case(cases.size(), words[0], Instant.parse(words[1]).getEpochSecond()));
        }
        Path library = Path.of(CronExpression.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        out.println("# Written by `cargo xtask quartz`; do not edit. Format: oracle/README.md.");
        out.println("# Asked: " + library.toRealPath().getFileName());
        for (String expression : meaningful(expressions)) {
            if (!accepts(expression)) {
                out.println("! " + expression);
                continue;
            }
            out.println("= " + expression);
            for (Case one : cases) {
                out.println(one.index() + " " + compact(one.start(), fires(one.zone(), one.start(), GOLDEN_COUNT, expression)));
            }
        }
    }

    /** Answers each line "ZONE|SECONDS|COUNT|EXPRESSION" with one line. */
    private static void live(PrintStream out) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] parts = line.split("\\|", 4);
            if (!accepts(parts[3])) {
                out.println("refused");
            } else {
                long start = Long.parseLong(parts[1]);
                out.println(compact(start, fires(parts[0], start, Integer.parseInt(parts[2]), parts[3])));
            }
        }
    }

    private static List<String> meaningful(Path file) throws Exception {
        List<String> lines = new ArrayList<>();
        for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
            if (!line.isBlank() && !line.startsWith("#")) {
                lines.add(line);
            }
        }
        return lines;
    }

    private static boolean accepts(String expression) {
        try {
            new CronExpression(expression);
            return true;
        } catch (ParseException | RuntimeException refused) {
            return false;
        }
    }

    /** Instants in seconds, then perhaps one word for what came instead of the next one. */
    private static List<Object> fires(String zone, long start, int count, String expression) throws Exception {
        List<Object> found = new ArrayList<>();
        CronExpression cron = new CronExpression(expression);
        cron.setTimeZone(TimeZone.getTimeZone(zone));
        Date at = new Date(start * 1000);
        while (found.size() < count) {
            Object next = nextAfter(cron, at);
            if (!(next instanceof Date date)) {
                found.add(next);
                return found;
            }
            at = date;
            found.add(at.getTime() / 1000);
        }
        return found;
    }

    private static Object nextAfter(CronExpression cron, Date at) throws Exception {
        Future<Date> answer = worker.submit(() -> cron.getTimeAfter(at));
        try {
            Date next = answer.get(PATIENCE_MS, TimeUnit.MILLISECONDS);
            return next == null || next.getTime() / 1000 >= LAST ? "never" : next;
        } catch (TimeoutException endless) {
            Thread lost = searching;
            worker = newWorker();
            stop(lost);
            return "endless";
        } catch (java.util.concurrent.ExecutionException failed) {
            return "throws";
        }
    }

    /** Differences in seconds; runs of one difference are written once with their count. */
    private static String compact(long start, List<Object> found) {
        StringBuilder text = new StringBuilder();
        long last = start;
        for (int i = 0; i < found.size(); ) {
            if (!(found.get(i) instanceof Long instant)) {
                return text.append(found.get(i)).toString();
            }
            long step = instant - last;
            int run = 0;
            while (i < found.size() && found.get(i) instanceof Long next && next - last == step) {
                last = next;
                run++;
                i++;
            }
            text.append(step).append(run > 1 ? "*" + run : "").append(' ');
        }
        return text.toString().trim();
    }

    private static ExecutorService newWorker() {
        return Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            searching = thread;
            return thread;
        });
    }

    /** The search looks at no flag; from Java 20 on nothing ends it, and it goes on beside the others. */
    @SuppressWarnings("removal")
    private static void stop(Thread thread) {
        try {
            thread.stop();
        } catch (UnsupportedOperationException newer) {
            System.err.println("an endless search goes on; use Java 17 to save time");
        }
    }
}
