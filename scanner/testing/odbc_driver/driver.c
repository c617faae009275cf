/* An ODBC driver that misbehaves on command: for tests of what a scan does when a driver dies, hangs, leaks or lies.
 *
 * It serves an invented catalog: TABLES tables in a database named "double", two columns each, one row each. Keys of the
 * connection string say what goes wrong, and where:
 *   MODE   well (nothing), crash (SIGSEGV), abort, sleep, leak, garbage (UTF-16 that is none), overlong (a length beyond
 *          the buffer), truncate (answers end at LIMIT rows without a word), refuse (an error with STATE)
 *   AT     connect, tables, columns, keys, procedures, execute, fetch, or any (the default: tables)
 *   ROW    the row in whose fetch it happens, from 1, for AT=fetch
 *   ONCE   a file: once it is there nothing goes wrong any more; the first mishap makes it
 *   SLEEP  seconds of one sleep, 3600 by default; signals do not end it, as they do not end a driver's own wait
 *   LEAK   megabytes lost at each call
 *   LOG    a file that gets a line for each call
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <sql.h>
#include <sqlext.h>

typedef struct {
    char mode[32], at[32], state[8], once[512], log[512];
    long tables, limit, row, sleep_s, leak_mb;
} Settings;

typedef struct Connection {
    Settings told;
    char state[8], words[256];
} Connection;

typedef enum { NOTHING, LIST_TABLES, LIST_COLUMNS, LIST_KEYS, LIST_ROUTINES, LIST_TYPES, ROWS } Kind;

typedef struct {
    Connection *connection;
    Kind kind;
    long at, end;
    char only[256], types[256];
    int offset[32];
    char state[8], words[256];
} Statement;

static const char *const tables_columns[] = {"TABLE_CAT", "TABLE_SCHEM", "TABLE_NAME", "TABLE_TYPE", "REMARKS"};
static const char *const columns_columns[] = {
    "TABLE_CAT", "TABLE_SCHEM", "TABLE_NAME", "COLUMN_NAME", "DATA_TYPE", "TYPE_NAME", "COLUMN_SIZE", "BUFFER_LENGTH",
    "DECIMAL_DIGITS", "NUM_PREC_RADIX", "NULLABLE", "REMARKS", "COLUMN_DEF", "SQL_DATA_TYPE", "SQL_DATETIME_SUB",
    "CHAR_OCTET_LENGTH", "ORDINAL_POSITION", "IS_NULLABLE"};
static const char *const other_columns[] = {"ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT"};

static int width(Kind kind) {
    switch (kind) {
    case LIST_TABLES: return 5;
    case LIST_COLUMNS: return 18;
    case LIST_KEYS: return 6;
    case LIST_ROUTINES: return 8;
    case LIST_TYPES: return 3;
    case ROWS: return 2;
    default: return 0;
    }
}

static int is_number(Kind kind, int column) {
    if (kind == LIST_COLUMNS) return column == 5 || column == 7 || (column >= 8 && column <= 11) || (column >= 14 && column <= 17);
    if (kind == LIST_TYPES) return column != 1;
    return kind == ROWS && column == 1;
}

/* Text of a cell; NULL for SQL's NULL. */
static const char *cell(Statement *s, long row, int column, char *room, size_t size) {
    long tables = s->connection->told.tables;
    switch (s->kind) {
    case LIST_TABLES:
        if (column == 1) return "double";
        if (column == 3) { snprintf(room, size, "table_%06ld", row); return room; }
        if (column == 4) return row % 10 == 9 ? "VIEW" : "TABLE";
        return NULL;
    case LIST_COLUMNS:
        if (column == 1) return "double";
        if (column == 3) { snprintf(room, size, "table_%06ld", row / 2); return room; }
        if (column == 4) return row % 2 ? "name" : "id";
        if (column == 5) return row % 2 ? "12" : "4";
        if (column == 6) return row % 2 ? "VARCHAR" : "INTEGER";
        if (column == 7) return row % 2 ? "80" : "10";
        if (column == 11) return row % 2 ? "1" : "0";
        if (column == 17) return row % 2 ? "2" : "1";
        return NULL;
    case ROWS:
        if (column == 1) { snprintf(room, size, "%ld", row + tables); return room; }
        return "a row";
    default:
        return NULL;
    }
}

static void note(const Settings *told, const char *call) {
    if (!told->log[0]) return;
    FILE *file = fopen(told->log, "a");
    if (file == NULL) return;
    fprintf(file, "%d %s\n", (int)getpid(), call);
    fclose(file);
}

static int is_mode(const Settings *told, const char *mode) { return strcasecmp(told->mode, mode) == 0; }

static int is_place(const Settings *told, const char *at) {
    return strcasecmp(told->at, at) == 0 || strcasecmp(told->at, "any") == 0;
}

/* Go wrong here if that was asked for; 1 where the call is to fail. */
static int mishap(const Settings *told, const char *at) {
    note(told, at);
    if (!is_place(told, at)) return 0;
    if (told->once[0]) {
        if (access(told->once, F_OK) == 0) return 0;
        FILE *file = fopen(told->once, "w");
        if (file != NULL) fclose(file);
    }
    if (is_mode(told, "crash")) { volatile int *nowhere = NULL; *nowhere = 1; }
    if (is_mode(told, "abort")) abort();
    if (is_mode(told, "sleep")) {
        struct timespec left = {told->sleep_s, 0};
        while (nanosleep(&left, &left) != 0) { }
    }
    if (is_mode(told, "leak")) {
        for (long n = 0; n < told->leak_mb; n++) {
            char *lost = malloc(1 << 20);
            if (lost == NULL) { note(told, "no memory left"); break; }
            memset(lost, 'x', 1 << 20);
        }
    }
    return is_mode(told, "refuse");
}

static SQLRETURN refuse(Statement *s) {
    snprintf(s->state, sizeof s->state, "%s", s->connection->told.state);
    snprintf(s->words, sizeof s->words, "[double] refused as it was told to");
    return SQL_ERROR;
}

static void setting(const char *text, const char *key, char *room, size_t size) {
    size_t length = strlen(key);
    for (const char *at = text; *at;) {
        const char *end = strchr(at, ';');
        if (end == NULL) end = at + strlen(at);
        if (strncasecmp(at, key, length) == 0 && at[length] == '=') {
            const char *value = at + length + 1;
            size_t n = (size_t)(end - value) < size - 1 ? (size_t)(end - value) : size - 1;
            memcpy(room, value, n);
            room[n] = '\0';
            return;
        }
        at = *end ? end + 1 : end;
    }
}

static long number(const char *text, const char *key, long otherwise) {
    char room[32] = "";
    setting(text, key, room, sizeof room);
    return room[0] ? strtol(room, NULL, 10) : otherwise;
}

SQLRETURN SQL_API SQLAllocHandle(SQLSMALLINT type, SQLHANDLE parent, SQLHANDLE *made) {
    if (type == SQL_HANDLE_STMT) {
        Statement *s = calloc(1, sizeof *s);
        s->connection = parent;
        *made = s;
    } else {
        *made = calloc(1, type == SQL_HANDLE_DBC ? sizeof(Connection) : 64);
    }
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLFreeHandle(SQLSMALLINT type, SQLHANDLE handle) {
    (void)type;
    free(handle);
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLSetEnvAttr(SQLHENV e, SQLINTEGER a, SQLPOINTER v, SQLINTEGER n) { (void)e; (void)a; (void)v; (void)n; return SQL_SUCCESS; }
SQLRETURN SQL_API SQLSetConnectAttr(SQLHDBC c, SQLINTEGER a, SQLPOINTER v, SQLINTEGER n) { (void)c; (void)a; (void)v; (void)n; return SQL_SUCCESS; }
SQLRETURN SQL_API SQLGetConnectAttr(SQLHDBC c, SQLINTEGER a, SQLPOINTER v, SQLINTEGER n, SQLINTEGER *l) {
    (void)c; (void)a; (void)n;
    if (v != NULL) *(SQLUINTEGER *)v = 0;
    if (l != NULL) *l = sizeof(SQLUINTEGER);
    return SQL_SUCCESS;
}
SQLRETURN SQL_API SQLSetStmtAttr(SQLHSTMT s, SQLINTEGER a, SQLPOINTER v, SQLINTEGER n) { (void)s; (void)a; (void)v; (void)n; return SQL_SUCCESS; }
SQLRETURN SQL_API SQLGetStmtAttr(SQLHSTMT s, SQLINTEGER a, SQLPOINTER v, SQLINTEGER n, SQLINTEGER *l) {
    (void)a; (void)n;
    if (v != NULL) *(SQLPOINTER *)v = s; /* the implicit descriptors: any handle will do, nobody looks inside */
    if (l != NULL) *l = sizeof(SQLPOINTER);
    return SQL_SUCCESS;
}
SQLRETURN SQL_API SQLEndTran(SQLSMALLINT t, SQLHANDLE h, SQLSMALLINT c) { (void)t; (void)h; (void)c; return SQL_SUCCESS; }
SQLRETURN SQL_API SQLDisconnect(SQLHDBC c) { (void)c; return SQL_SUCCESS; }
SQLRETURN SQL_API SQLCancel(SQLHSTMT s) { (void)s; return SQL_SUCCESS; }
SQLRETURN SQL_API SQLCloseCursor(SQLHSTMT h) { ((Statement *)h)->kind = NOTHING; return SQL_SUCCESS; }
SQLRETURN SQL_API SQLMoreResults(SQLHSTMT h) { (void)h; return SQL_NO_DATA; }
SQLRETURN SQL_API SQLRowCount(SQLHSTMT h, SQLLEN *n) { (void)h; *n = -1; return SQL_SUCCESS; }

SQLRETURN SQL_API SQLFreeStmt(SQLHSTMT h, SQLUSMALLINT option) {
    if (option == SQL_DROP) free(h);
    else if (option == SQL_CLOSE) ((Statement *)h)->kind = NOTHING;
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLDriverConnect(SQLHDBC handle, SQLHWND window, SQLCHAR *in, SQLSMALLINT in_length, SQLCHAR *out,
                                   SQLSMALLINT out_size, SQLSMALLINT *out_length, SQLUSMALLINT completion) {
    Connection *c = handle;
    char text[4096];
    (void)window; (void)completion;
    size_t n = in_length == SQL_NTS ? strlen((char *)in) : (size_t)in_length;
    if (n >= sizeof text) n = sizeof text - 1;
    memcpy(text, in, n);
    text[n] = '\0';
    snprintf(c->told.mode, sizeof c->told.mode, "well");
    snprintf(c->told.at, sizeof c->told.at, "tables");
    snprintf(c->told.state, sizeof c->told.state, "HY000");
    setting(text, "MODE", c->told.mode, sizeof c->told.mode);
    setting(text, "AT", c->told.at, sizeof c->told.at);
    setting(text, "STATE", c->told.state, sizeof c->told.state);
    setting(text, "ONCE", c->told.once, sizeof c->told.once);
    setting(text, "LOG", c->told.log, sizeof c->told.log);
    c->told.tables = number(text, "TABLES", 20);
    c->told.limit = number(text, "LIMIT", 0);
    c->told.row = number(text, "ROW", 1);
    c->told.sleep_s = number(text, "SLEEP", 3600);
    c->told.leak_mb = number(text, "LEAK", 64);
    if (out != NULL && out_size > 0) snprintf((char *)out, (size_t)out_size, "%s", text);
    if (out_length != NULL) *out_length = (SQLSMALLINT)n;
    if (mishap(&c->told, "connect")) {
        snprintf(c->state, sizeof c->state, "%s", c->told.state);
        snprintf(c->words, sizeof c->words, "[double] refused as it was told to");
        return SQL_ERROR;
    }
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLGetDiagRec(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT record, SQLCHAR *state, SQLINTEGER *native,
                                SQLCHAR *words, SQLSMALLINT size, SQLSMALLINT *length) {
    const char *its_state = type == SQL_HANDLE_STMT ? ((Statement *)handle)->state : type == SQL_HANDLE_DBC ? ((Connection *)handle)->state : "";
    const char *its_words = type == SQL_HANDLE_STMT ? ((Statement *)handle)->words : type == SQL_HANDLE_DBC ? ((Connection *)handle)->words : "";
    if (record != 1 || !its_state[0]) return SQL_NO_DATA;
    if (state != NULL) snprintf((char *)state, 6, "%s", its_state);
    if (native != NULL) *native = 1;
    if (words != NULL && size > 0) snprintf((char *)words, (size_t)size, "%s", its_words);
    if (length != NULL) *length = (SQLSMALLINT)strlen(its_words);
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLGetDiagField(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT record, SQLSMALLINT field,
                                  SQLPOINTER value, SQLSMALLINT size, SQLSMALLINT *length) {
    (void)type; (void)handle; (void)record; (void)field;
    if (value != NULL && size > 0) *(char *)value = '\0';
    if (length != NULL) *length = 0;
    return SQL_NO_DATA;
}

SQLRETURN SQL_API SQLGetInfo(SQLHDBC c, SQLUSMALLINT what, SQLPOINTER value, SQLSMALLINT size, SQLSMALLINT *length) {
    const char *text = NULL;
    (void)c;
    switch (what) {
    case SQL_DBMS_NAME: text = "Double"; break;
    case SQL_DBMS_VER: text = "01.00.0000"; break;
    case SQL_DRIVER_NAME: text = "libdouble.so"; break;
    case SQL_DRIVER_VER: text = "01.00.0000"; break;
    case SQL_DRIVER_ODBC_VER: text = "03.00"; break;
    case SQL_IDENTIFIER_QUOTE_CHAR: text = "\""; break;
    case SQL_DESCRIBE_PARAMETER: case SQL_NEED_LONG_DATA_LEN: text = "N"; break;
    case SQL_CURSOR_COMMIT_BEHAVIOR: case SQL_CURSOR_ROLLBACK_BEHAVIOR: case SQL_TXN_CAPABLE:
        if (value != NULL) *(SQLUSMALLINT *)value = 0;
        if (length != NULL) *length = sizeof(SQLUSMALLINT);
        return SQL_SUCCESS;
    default:
        if (value != NULL && size >= 4) memset(value, 0, 4);
        if (length != NULL) *length = 4;
        return SQL_SUCCESS;
    }
    if (value != NULL && size > 0) snprintf(value, (size_t)size, "%s", text);
    if (length != NULL) *length = (SQLSMALLINT)strlen(text);
    return SQL_SUCCESS;
}

static SQLRETURN start(SQLHSTMT handle, Kind kind, const char *at, long rows) {
    Statement *s = handle;
    s->state[0] = '\0';
    s->kind = kind;
    s->at = -1;
    s->end = rows;
    if (mishap(&s->connection->told, at)) { s->kind = NOTHING; return refuse(s); }
    if (is_mode(&s->connection->told, "truncate") && s->connection->told.limit > 0 && s->end > s->connection->told.limit)
        s->end = s->connection->told.limit;
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLTables(SQLHSTMT h, SQLCHAR *a, SQLSMALLINT al, SQLCHAR *b, SQLSMALLINT bl, SQLCHAR *c, SQLSMALLINT cl, SQLCHAR *d, SQLSMALLINT dl) {
    (void)a; (void)al; (void)b; (void)bl; (void)c; (void)cl; (void)d; (void)dl;
    return start(h, LIST_TABLES, "tables", ((Statement *)h)->connection->told.tables);
}

SQLRETURN SQL_API SQLColumns(SQLHSTMT h, SQLCHAR *a, SQLSMALLINT al, SQLCHAR *b, SQLSMALLINT bl, SQLCHAR *c, SQLSMALLINT cl, SQLCHAR *d, SQLSMALLINT dl) {
    (void)a; (void)al; (void)b; (void)bl; (void)c; (void)cl; (void)d; (void)dl;
    return start(h, LIST_COLUMNS, "columns", 2 * ((Statement *)h)->connection->told.tables);
}

SQLRETURN SQL_API SQLPrimaryKeys(SQLHSTMT h, SQLCHAR *a, SQLSMALLINT al, SQLCHAR *b, SQLSMALLINT bl, SQLCHAR *c, SQLSMALLINT cl) {
    (void)a; (void)al; (void)b; (void)bl; (void)c; (void)cl;
    return start(h, LIST_KEYS, "keys", 0);
}

SQLRETURN SQL_API SQLProcedures(SQLHSTMT h, SQLCHAR *a, SQLSMALLINT al, SQLCHAR *b, SQLSMALLINT bl, SQLCHAR *c, SQLSMALLINT cl) {
    (void)a; (void)al; (void)b; (void)bl; (void)c; (void)cl;
    return start(h, LIST_ROUTINES, "procedures", 0);
}

SQLRETURN SQL_API SQLGetTypeInfo(SQLHSTMT h, SQLSMALLINT type) {
    Statement *s = h;
    (void)type;
    s->kind = LIST_TYPES;
    s->at = -1;
    s->end = 0;
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLExecDirect(SQLHSTMT h, SQLCHAR *sql, SQLINTEGER n) {
    (void)sql; (void)n;
    return start(h, ROWS, "execute", 1);
}

SQLRETURN SQL_API SQLPrepare(SQLHSTMT h, SQLCHAR *sql, SQLINTEGER n) { (void)h; (void)sql; (void)n; return SQL_SUCCESS; }
SQLRETURN SQL_API SQLExecute(SQLHSTMT h) { return start(h, ROWS, "execute", 1); }
SQLRETURN SQL_API SQLNumParams(SQLHSTMT h, SQLSMALLINT *n) { (void)h; *n = 0; return SQL_SUCCESS; }

SQLRETURN SQL_API SQLNumResultCols(SQLHSTMT h, SQLSMALLINT *n) {
    *n = (SQLSMALLINT)width(((Statement *)h)->kind);
    return SQL_SUCCESS;
}

static const char *heading(Kind kind, int column) {
    if (kind == LIST_TABLES) return tables_columns[column - 1];
    if (kind == LIST_COLUMNS) return columns_columns[column - 1];
    return other_columns[column - 1];
}

SQLRETURN SQL_API SQLDescribeCol(SQLHSTMT h, SQLUSMALLINT column, SQLCHAR *name, SQLSMALLINT size, SQLSMALLINT *length,
                                 SQLSMALLINT *type, SQLULEN *wide, SQLSMALLINT *digits, SQLSMALLINT *nullable) {
    Statement *s = h;
    const char *text = heading(s->kind, column);
    if (name != NULL && size > 0) snprintf((char *)name, (size_t)size, "%s", text);
    if (length != NULL) *length = (SQLSMALLINT)strlen(text);
    if (type != NULL) *type = is_number(s->kind, column) ? SQL_INTEGER : SQL_WVARCHAR;
    if (wide != NULL) *wide = is_number(s->kind, column) ? 10 : 128;
    if (digits != NULL) *digits = 0;
    if (nullable != NULL) *nullable = SQL_NULLABLE;
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLColAttribute(SQLHSTMT h, SQLUSMALLINT column, SQLUSMALLINT what, SQLPOINTER text, SQLSMALLINT size, SQLSMALLINT *length, SQLLEN *value) {
    (void)h; (void)column; (void)what;
    if (text != NULL && size > 0) *(char *)text = '\0';
    if (length != NULL) *length = 0;
    if (value != NULL) *value = 0;
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLFetch(SQLHSTMT h) {
    Statement *s = h;
    if (++s->at >= s->end) return SQL_NO_DATA;
    memset(s->offset, 0, sizeof s->offset);
    if (s->at + 1 == s->connection->told.row && mishap(&s->connection->told, "fetch")) return refuse(s);
    return SQL_SUCCESS;
}

SQLRETURN SQL_API SQLFetchScroll(SQLHSTMT h, SQLSMALLINT how, SQLLEN n) { (void)how; (void)n; return SQLFetch(h); }

SQLRETURN SQL_API SQLGetData(SQLHSTMT h, SQLUSMALLINT column, SQLSMALLINT type, SQLPOINTER value, SQLLEN size, SQLLEN *length) {
    Statement *s = h;
    const Settings *told = &s->connection->told;
    char room[64];
    const char *text = cell(s, s->at, column, room, sizeof room);
    if (text == NULL) { *length = SQL_NULL_DATA; return SQL_SUCCESS; }
    if (type == SQL_C_LONG || type == SQL_C_SLONG || type == SQL_C_ULONG) {
        *(int32_t *)value = (int32_t)strtol(text, NULL, 10);
        *length = 4;
        return SQL_SUCCESS;
    }
    if (type == SQL_C_SBIGINT || type == SQL_C_UBIGINT) {
        *(int64_t *)value = strtol(text, NULL, 10);
        *length = 8;
        return SQL_SUCCESS;
    }
    uint16_t wide[80];
    size_t n = 0;
    for (; text[n]; n++) wide[n] = (unsigned char)text[n];
    int third = s->kind == LIST_TABLES && column == 3 && s->at % 3 == 1;
    if (is_mode(told, "garbage") && third) wide[0] = 0xD800; /* half of a character, with no other half */
    if (is_mode(told, "overlong") && third) {
        /* Says that far more follows than ever comes. */
        size_t bytes = 2 * n < (size_t)size - 2 ? 2 * n : (size_t)size - 2;
        memcpy(value, wide, bytes);
        ((uint16_t *)value)[bytes / 2] = 0;
        *length = (SQLLEN)1 << 40;
        return SQL_SUCCESS_WITH_INFO;
    }
    if (type == SQL_C_BINARY) { /* as drivers give wide text then: its bytes, with nothing behind them */
        size_t bytes = 2 * n < (size_t)size ? 2 * n : (size_t)size;
        memcpy(value, wide, bytes);
        *length = (SQLLEN)(2 * n);
        return SQL_SUCCESS;
    }
    if (type == SQL_C_CHAR) {
        size_t bytes = n < (size_t)size - 1 ? n : (size_t)size - 1;
        memcpy(value, text, bytes);
        ((char *)value)[bytes] = '\0';
        *length = (SQLLEN)n;
        return SQL_SUCCESS;
    }
    size_t bytes = 2 * n < (size_t)size - 2 ? 2 * n : (size_t)size - 2;
    memcpy(value, wide, bytes);
    ((uint16_t *)value)[bytes / 2] = 0;
    *length = (SQLLEN)(2 * n);
    return SQL_SUCCESS;
}
