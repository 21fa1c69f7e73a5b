#include "store/sqlite_migrate.h"

#include "base/util.h"

#include <stdio.h>

/* application_id of our files: "CNRA". */
#define OUR_ID INT64_C(0x434e5241)

struct step {
    const char *name;
    const char *text;
};

static const struct step steps[] = {
    {"accounts, devices, sessions, audit",
     "PRAGMA application_id=0x434e5241;"
     "CREATE TABLE migrations ("
     " number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied INTEGER NOT NULL"
     ") STRICT;"

     "CREATE TABLE accounts ("
     " id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),"
     " email TEXT NOT NULL, email_key TEXT NOT NULL UNIQUE,"
     " password_hash TEXT NOT NULL, mpin_hash TEXT NOT NULL,"
     " password_pepper INTEGER NOT NULL, mpin_pepper INTEGER NOT NULL,"
     " created INTEGER NOT NULL"
     ") STRICT;"

     "CREATE TABLE mpin_states ("
     " account BLOB NOT NULL PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,"
     " failures INTEGER NOT NULL, total_failures INTEGER NOT NULL, lock_count INTEGER NOT NULL,"
     " locked_until INTEGER NOT NULL, operator_needed INTEGER NOT NULL"
     ") STRICT, WITHOUT ROWID;"

     "CREATE TABLE devices ("
     " account BLOB NOT NULL REFERENCES accounts ON DELETE CASCADE,"
     " key BLOB NOT NULL CHECK (length(key) = 32),"
     " first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
     " PRIMARY KEY (account, key)"
     ") STRICT, WITHOUT ROWID;"

     "CREATE TABLE sessions ("
     " id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),"
     " account BLOB NOT NULL REFERENCES accounts ON DELETE CASCADE,"
     " device_id TEXT NOT NULL, device_key BLOB NOT NULL CHECK (length(device_key) = 32),"
     " created INTEGER NOT NULL, last_activity INTEGER NOT NULL, expires_max INTEGER NOT NULL,"
     " end_reason INTEGER NOT NULL, ended INTEGER NOT NULL,"
     " risk REAL NOT NULL, level INTEGER NOT NULL, mpin_required INTEGER NOT NULL"
     ") STRICT;"
     "CREATE INDEX sessions_account ON sessions (account);"
     "CREATE INDEX sessions_live ON sessions (account, created, id) WHERE end_reason = 0;"
     "CREATE INDEX sessions_ended ON sessions (ended) WHERE end_reason <> 0;"

     "CREATE TABLE refresh_tokens ("
     " hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),"
     " family BLOB NOT NULL CHECK (length(family) = 16),"
     " session BLOB NOT NULL REFERENCES sessions ON DELETE CASCADE,"
     " created INTEGER NOT NULL, expires INTEGER NOT NULL, used INTEGER NOT NULL"
     ") STRICT, WITHOUT ROWID;"
     "CREATE INDEX refresh_family ON refresh_tokens (family);"
     "CREATE INDEX refresh_session ON refresh_tokens (session);"
     "CREATE INDEX refresh_expires ON refresh_tokens (expires);"

     "CREATE TABLE security_events ("
     " seq INTEGER PRIMARY KEY CHECK (seq > 0),"
     " at INTEGER NOT NULL, kind TEXT NOT NULL,"
     " account BLOB NOT NULL, session BLOB NOT NULL, detail TEXT NOT NULL,"
     " prev BLOB NOT NULL CHECK (length(prev) = 32), hash BLOB NOT NULL CHECK (length(hash) = 32)"
     ") STRICT;"
     "CREATE TRIGGER security_events_keep BEFORE DELETE ON security_events"
     " BEGIN SELECT RAISE(ABORT, 'append only'); END;"
     "CREATE TRIGGER security_events_fixed BEFORE UPDATE ON security_events"
     " BEGIN SELECT RAISE(ABORT, 'append only'); END;"

     "CREATE TABLE meta ("
     " key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL"
     ") STRICT, WITHOUT ROWID;"},

    {"decisions, profiles, labels, models",
     "CREATE TABLE decisions ("
     " id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),"
     " session BLOB NOT NULL CHECK (length(session) = 16),"
     " account BLOB NOT NULL REFERENCES accounts ON DELETE CASCADE,"
     " at INTEGER NOT NULL, action TEXT NOT NULL, amount TEXT NOT NULL, currency TEXT NOT NULL,"
     " beneficiary_new INTEGER NOT NULL, decision INTEGER NOT NULL, risk REAL NOT NULL,"
     " level INTEGER NOT NULL, reasons TEXT NOT NULL,"
     " mpin_passed_at INTEGER NOT NULL, retry_used INTEGER NOT NULL"
     ") STRICT;"
     "CREATE INDEX decisions_account ON decisions (account);"
     "CREATE INDEX decisions_session ON decisions (session, at);"
     "CREATE INDEX decisions_at ON decisions (at);"

     "CREATE TABLE profiles ("
     " account BLOB NOT NULL REFERENCES accounts ON DELETE CASCADE,"
     " context TEXT NOT NULL, version INTEGER NOT NULL, updated INTEGER NOT NULL,"
     " content BLOB NOT NULL CHECK (length(content) <= 65536),"
     " PRIMARY KEY (account, context)"
     ") STRICT;"

     "CREATE TABLE labels ("
     " number INTEGER PRIMARY KEY,"
     " account BLOB NOT NULL REFERENCES accounts ON DELETE CASCADE,"
     " session BLOB NOT NULL CHECK (length(session) = 16),"
     " at INTEGER NOT NULL, label TEXT NOT NULL, source TEXT NOT NULL"
     ") STRICT;"
     "CREATE INDEX labels_account ON labels (account);"

     "CREATE TABLE models ("
     " version TEXT NOT NULL PRIMARY KEY, created INTEGER NOT NULL, active INTEGER NOT NULL,"
     " digest BLOB NOT NULL CHECK (length(digest) = 32), content BLOB NOT NULL"
     ") STRICT;"},

    /* Nothing was ever written into the table of before. 4294967296: until nothing replaces it. */
    {"profiles in parts and revisions",
     "DROP TABLE profiles;"
     "CREATE TABLE profiles ("
     " account BLOB NOT NULL PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,"
     " revision INTEGER NOT NULL, oldest INTEGER NOT NULL, saved INTEGER NOT NULL"
     ") STRICT, WITHOUT ROWID;"

     "CREATE TABLE profile_parts ("
     " account BLOB NOT NULL REFERENCES accounts ON DELETE CASCADE,"
     " name TEXT NOT NULL, revision INTEGER NOT NULL, until INTEGER NOT NULL,"
     " closed INTEGER NOT NULL, damaged INTEGER NOT NULL,"
     " content BLOB NOT NULL CHECK (length(content) <= 4096),"
     " CHECK (revision < until)"
     ") STRICT;"
     "CREATE UNIQUE INDEX profile_parts_span ON profile_parts (account, until, name, revision);"},

    /* A token that was good is the newest of a family that begins as it does. Those spent before are still
     * recognised until they expire, and then go in batches: there may be millions. */
    {"families of refresh tokens",
     "CREATE TABLE refresh_families ("
     " session BLOB NOT NULL PRIMARY KEY REFERENCES sessions ON DELETE CASCADE,"
     " family BLOB NOT NULL UNIQUE CHECK (length(family) = 32),"
     " newest BLOB NOT NULL CHECK (length(newest) = 32), expires INTEGER NOT NULL"
     ") STRICT, WITHOUT ROWID;"
     "CREATE INDEX refresh_families_expires ON refresh_families (expires);"
     "INSERT OR IGNORE INTO refresh_families (session, family, newest, expires)"
     " SELECT session, hash, hash, expires FROM refresh_tokens WHERE used = 0;"
     "DELETE FROM refresh_tokens WHERE used = 0;"},

    {"bounded devices", "ALTER TABLE accounts ADD COLUMN had_device INTEGER NOT NULL DEFAULT 0;"
                        "UPDATE accounts SET had_device = 1"
                        " WHERE EXISTS (SELECT 1 FROM devices WHERE devices.account = accounts.id);"
                        "CREATE INDEX devices_stalest ON devices (account, last_seen);"
                        "CREATE INDEX devices_seen ON devices (last_seen);"},

    /* Whoever learnt on a device goes on. 0: no MPIN was passed on it. */
    {"proved devices", "ALTER TABLE devices ADD COLUMN proved INTEGER NOT NULL DEFAULT 0;"
                       "UPDATE devices SET proved = max(first_seen, 1);"},
};

unsigned sqlite_migrate_newest(void)
{
    return (unsigned)ARRAY_LEN(steps);
}

/* The first number of the first row. */
static err_t ask(const struct seat *seat, const char *text, int64_t *out)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(seat->db, text, -1, &statement, NULL);
    if (code != SQLITE_OK) {
        return seat_err(seat, code);
    }
    code = sqlite3_step(statement);
    const int64_t number = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    (void)sqlite3_finalize(statement);
    if (code != SQLITE_ROW) {
        return seat_err(seat, code);
    }
    *out = number;
    return ERR_OK;
}

/* Which step the database stands at; refuses what is not ours to change. */
static err_t stand(const struct seat *seat, unsigned *out, char why[STORE_WHY_BYTES])
{
    int64_t objects = 0;
    int64_t id = 0;
    int64_t number = 0;
    TRY(ask(seat, "SELECT count(*) FROM sqlite_schema", &objects));
    TRY(ask(seat, "PRAGMA application_id", &id));
    if (objects == 0 && id == 0) {
        *out = 0;
        return ERR_OK;
    }
    if (id != OUR_ID) {
        (void)snprintf(why, STORE_WHY_BYTES, "the database belongs to another program");
        return err_new(ERR_STORAGE);
    }
    TRY(ask(seat, "SELECT coalesce(max(number), 0) FROM migrations", &number));
    if (number < 1 || number > (int64_t)ARRAY_LEN(steps)) {
        (void)snprintf(why, STORE_WHY_BYTES,
                       "the database is of version %lld, this program knows 1 to %zu: use a newer "
                       "program, or restore a backup",
                       (long long)number, ARRAY_LEN(steps));
        return err_new(ERR_STORAGE);
    }
    *out = (unsigned)number;
    return ERR_OK;
}

err_t sqlite_migrate_known(const struct seat *seat, char why[STORE_WHY_BYTES])
{
    unsigned number = 0;
    const err_t e = stand(seat, &number, why);
    if (failed(e) && why[0] == '\0') {
        (void)snprintf(why, STORE_WHY_BYTES, "the database cannot be read: %s",
                       sqlite3_errmsg(seat->db));
    }
    return e;
}

static err_t record(const struct seat *seat, unsigned number, wall_t at)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(seat->db,
                                  "INSERT INTO migrations (number, name, applied) VALUES (?, ?, ?)",
                                  -1, &statement, NULL);
    if (code == SQLITE_OK) {
        (void)sqlite3_bind_int64(statement, 1, number);
        (void)sqlite3_bind_text(statement, 2, steps[number - 1].name, -1, SQLITE_STATIC);
        (void)sqlite3_bind_int64(statement, 3, at.ms);
        code = sqlite3_step(statement);
    }
    (void)sqlite3_finalize(statement);
    return code == SQLITE_DONE ? ERR_OK : seat_err(seat, code);
}

/* One step inside an open transaction; `done` when there is none left. */
static err_t take_step(const struct seat *seat, const struct clock *clock, unsigned upto,
                       bool *done, char why[STORE_WHY_BYTES])
{
    unsigned number = 0;
    TRY(stand(seat, &number, why)); /* under the write lock: another process may be at it too */
    *done = number >= upto;
    if (*done) {
        return ERR_OK;
    }
    TRY(seat_run(seat, steps[number].text));
    TRY(record(seat, number + 1, clock_wall(clock)));
    return ERR_OK;
}

err_t sqlite_migrate(const struct seat *seat, const struct clock *clock, unsigned upto,
                     char why[STORE_WHY_BYTES])
{
    MUST(upto <= ARRAY_LEN(steps));
    bool done = false;
    err_t e = ERR_OK;
    while (!done && !failed(e)) {
        e = seat_run(seat, "BEGIN IMMEDIATE");
        e = failed(e) ? e : take_step(seat, clock, upto, &done, why);
        e = failed(e) ? e : seat_run(seat, "COMMIT");
        if (failed(e) && sqlite3_get_autocommit(seat->db) == 0) {
            (void)sqlite3_exec(seat->db, "ROLLBACK", NULL, NULL, NULL);
        }
    }
    if (failed(e) && why[0] == '\0') {
        (void)snprintf(why, STORE_WHY_BYTES, "the database cannot be brought up to date: %s",
                       sqlite3_errmsg(seat->db));
    }
    return e;
}
