/// The tables and views of an export. Times are ns since 1970, durations ns; flags are 0 or 1; `args` is a JSON object, which
/// SQLite's `args ->> 'bytes'` reads.
enum SQLiteTables {
    static let schema = """
        CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
        CREATE TABLE threads (id INTEGER PRIMARY KEY, lane INTEGER, system_id INTEGER, name TEXT);
        CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT, category TEXT, kind TEXT);
        CREATE TABLE events (
          id INTEGER PRIMARY KEY, time INTEGER, thread INTEGER, name INTEGER, kind TEXT, number INTEGER, args TEXT);
        CREATE TABLE spans (
          id INTEGER PRIMARY KEY, name INTEGER, thread INTEGER, start INTEGER, end INTEGER, duration INTEGER,
          self INTEGER, parent INTEGER, depth INTEGER, is_async INTEGER, number INTEGER, end_thread INTEGER,
          task INTEGER, task_name TEXT, cut_off INTEGER, unfinished INTEGER, args TEXT);
        CREATE TABLE counters (id INTEGER PRIMARY KEY, time INTEGER, thread INTEGER, name INTEGER, value REAL);
        CREATE TABLE loss (thread INTEGER, time_from INTEGER, time_to INTEGER, count INTEGER);
        """

    /// At the end, so that rows are added without them.
    static let ending = """
        CREATE INDEX spans_by_name ON spans (name, duration);
        CREATE INDEX spans_by_time ON spans (start);
        CREATE INDEX spans_by_parent ON spans (parent);
        CREATE INDEX events_by_time ON events (time);
        CREATE INDEX counters_by_name ON counters (name, time);
        CREATE VIEW slowest_spans AS
          SELECT n.name, n.category, s.duration / 1e6 AS ms, s.self / 1e6 AS self_ms, t.name AS thread,
            strftime('%Y-%m-%dT%H:%M:%S', s.start / 1000000000, 'unixepoch')
              || printf('.%09dZ', s.start % 1000000000) AS started,
            s.args, s.unfinished, s.cut_off, s.id
          FROM spans s JOIN names n ON n.id = s.name LEFT JOIN threads t ON t.id = s.thread
          ORDER BY s.duration DESC;
        CREATE VIEW span_totals AS
          SELECT n.name, n.category, count(*) AS count, sum(s.duration) / 1e6 AS total_ms, sum(s.self) / 1e6 AS self_ms,
            min(s.duration) / 1e6 AS min_ms, avg(s.duration) / 1e6 AS mean_ms, max(s.duration) / 1e6 AS max_ms
          FROM spans s JOIN names n ON n.id = s.name GROUP BY n.name, n.category ORDER BY total_ms DESC;
        CREATE VIEW event_counts AS
          SELECT n.name, n.category, e.kind, count(*) AS count
          FROM events e JOIN names n ON n.id = e.name GROUP BY n.name, n.category, e.kind ORDER BY count DESC;
        CREATE VIEW thread_totals AS
          SELECT t.id, t.system_id, t.name,
            (SELECT count(*) FROM spans s WHERE s.thread = t.id) AS spans,
            (SELECT count(*) FROM events e WHERE e.thread = t.id) AS events,
            (SELECT coalesce(sum(duration), 0) FROM spans s
              WHERE s.thread = t.id AND s.parent IS NULL AND s.is_async = 0) / 1e6 AS busy_ms,
            (SELECT coalesce(sum(count), 0) FROM loss l WHERE l.thread = t.id) AS lost
          FROM threads t;
        CREATE VIEW errors AS
          SELECT e.time, t.name AS thread, n.category, e.args
          FROM events e JOIN names n ON n.id = e.name LEFT JOIN threads t ON t.id = e.thread WHERE n.name = 'error';
        """
}
