/* Every page is read as a whole and checked, by read and by memory mapping, each time that SQLite
 * asks for it: what it has in its cache it does not ask for again.
 *
 * A damaged page is SQLITE_CORRUPT and not SQLITE_IOERR_DATA: an input/output error would end the
 * transaction of whoever met it, so that a reader's next statements saw another state of the file,
 * and a writer's were committed one by one.
 *
 * The first page is also read in pieces (the header, before there is a lock): these are not
 * checked, as another process may be writing there. It is read whole before it is used.
 *
 * A frame of the log is a header of 24 bytes and a page (https://sqlite.org/walformat.html). The
 * header has a checksum of SQLite's own, which includes the page and goes on from the frame before;
 * only recovery after a crash looks at it. SQLite makes it before it writes either, so when a sum
 * goes into the page the header is made again. The pages of the log have their sums so that any
 * SQLite can move them into the file.
 *
 * Files opened here are one thread's at a time, as their handles are. */
#include "schema/db/db_pages.h"

#include <pthread.h>
#include <string.h>

#include "schema/base/hash64.h"
#include "schema/db/db_shm.h"

#ifndef SQLITE_IOCAP_SUBPAGE_READ
#define SQLITE_IOCAP_SUBPAGE_READ 0x00008000 /* since SQLite 3.48 */
#endif

enum {
    SUMMED_BYTES = DB_PAGE_BYTES - DB_PAGE_SUM_BYTES,
    HEADER_BYTES = 24, /* as much of the file's as is looked at */
    LOG_HEADER_BYTES = 32,
    LOG_HEADER_CHAIN = 24, /* where its checksum is, from which the first frame goes on */
    FRAME_HEADER_BYTES = 24,
    FRAME_CHAIN = 16, /* where a frame's checksum is */
    FRAME_BYTES = FRAME_HEADER_BYTES + DB_PAGE_BYTES,
};

/* What the next frame of a log goes on from. Nobody else writes while the locks stay as they are.
 */
struct chain {
    sqlite3_int64 at; /* of that frame; 0: not known */
    uint64_t n_locks;
    bool is_big; /* words are taken as big-endian */
    uint32_t sums[2];
};

struct pages_file {
    sqlite3_file base;
    sqlite3_file *real;    /* behind this struct, in the same memory */
    struct pages_file *db; /* of a log, its database; of a database, itself */
    bool has_sums;         /* of a database */
    int64_t damaged;       /* of a database: see db_pages_damaged */
    uint64_t n_locks;      /* of a database: how often a lock of its log was taken or dropped */
    /* Of a log: the header written last, and where; -1 when its page has been written. */
    sqlite3_int64 header_at;
    unsigned char header[FRAME_HEADER_BYTES];
    struct chain chain;
};

static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    bool is_registered;
} pages;

static uint32_t get_be32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void put_be32(unsigned char *at, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (unsigned char)(value >> (24 - 8 * i));
    }
}

static void sum_of_page(const unsigned char *page, int64_t number,
                        unsigned char out_sum[DB_PAGE_SUM_BYTES])
{
    uint64_t sum = hash64_page(span_of(page, SUMMED_BYTES), (uint64_t)number);
    for (int i = 0; i < DB_PAGE_SUM_BYTES; i++) {
        out_sum[i] = (unsigned char)(sum >> 8 * i);
    }
}

static int check_page(struct pages_file *f, const unsigned char *page, int64_t number)
{
    unsigned char sum[DB_PAGE_SUM_BYTES];
    sum_of_page(page, number, sum);
    if (memcmp(sum, page + SUMMED_BYTES, sizeof sum) == 0) {
        return SQLITE_OK;
    }
    f->db->damaged = number;
    return SQLITE_CORRUPT;
}

static struct pages_file *pages_of(sqlite3_file *file)
{
    return (struct pages_file *)file;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return pages_of(file)->real;
}

static int real_read(struct pages_file *f, void *bytes, int size, sqlite3_int64 at)
{
    return f->real->pMethods->xRead(f->real, bytes, size, at);
}

static int real_write(struct pages_file *f, const void *bytes, int size, sqlite3_int64 at)
{
    return f->real->pMethods->xWrite(f->real, bytes, size, at);
}

static bool is_page(int size, sqlite3_int64 at)
{
    return size == DB_PAGE_BYTES && at % DB_PAGE_BYTES == 0;
}

static bool is_frame_header(int size, sqlite3_int64 at)
{
    return size == FRAME_HEADER_BYTES && at >= LOG_HEADER_BYTES &&
           (at - LOG_HEADER_BYTES) % FRAME_BYTES == 0;
}

static bool is_frame_page(int size, sqlite3_int64 at)
{
    return size == DB_PAGE_BYTES && at > LOG_HEADER_BYTES &&
           (at - LOG_HEADER_BYTES) % FRAME_BYTES == FRAME_HEADER_BYTES;
}

/* A page of which the file has a part only was cut. SQLite takes what is missing for zeros. */
static int check_short(struct pages_file *f, sqlite3_int64 at)
{
    sqlite3_int64 size = 0;
    int rc = f->real->pMethods->xFileSize(f->real, &size);
    if (rc == SQLITE_OK && size > at) {
        f->db->damaged = at / DB_PAGE_BYTES + 1;
        return SQLITE_CORRUPT;
    }
    return rc == SQLITE_OK ? SQLITE_IOERR_SHORT_READ : rc;
}

/* Part of a page: SQLite may read long values past its cache. */
static int read_part(struct pages_file *f, void *bytes, int size, sqlite3_int64 at)
{
    unsigned char page[DB_PAGE_BYTES];
    sqlite3_int64 begin = at / DB_PAGE_BYTES * DB_PAGE_BYTES;
    if (begin == 0 || at + size > begin + DB_PAGE_BYTES) {
        return real_read(f, bytes, size, at);
    }
    int rc = real_read(f, page, sizeof page, begin);
    rc = rc == SQLITE_IOERR_SHORT_READ ? check_short(f, begin) : rc;
    rc = rc == SQLITE_OK ? check_page(f, page, begin / DB_PAGE_BYTES + 1) : rc;
    if (rc == SQLITE_OK) {
        memcpy(bytes, page + (at - begin), (size_t)size);
    }
    return rc;
}

static int read_frame_page(struct pages_file *f, void *bytes, sqlite3_int64 at)
{
    unsigned char frame[FRAME_BYTES];
    int rc = real_read(f, frame, sizeof frame, at - FRAME_HEADER_BYTES);
    memcpy(bytes, frame + FRAME_HEADER_BYTES, DB_PAGE_BYTES);
    return rc == SQLITE_OK ? check_page(f, bytes, get_be32(frame)) : rc;
}

static int pages_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 at)
{
    struct pages_file *f = pages_of(file);
    if (!f->db->has_sums) {
        return real_read(f, bytes, size, at);
    }
    if (f->db != f) {
        return is_frame_page(size, at) ? read_frame_page(f, bytes, at)
                                       : real_read(f, bytes, size, at);
    }
    if (!is_page(size, at)) {
        return read_part(f, bytes, size, at);
    }
    int rc = real_read(f, bytes, size, at);
    if (rc == SQLITE_IOERR_SHORT_READ) {
        return check_short(f, at);
    }
    return rc == SQLITE_OK ? check_page(f, bytes, at / DB_PAGE_BYTES + 1) : rc;
}

static int pages_fetch(sqlite3_file *file, sqlite3_int64 at, int size, void **out_page)
{
    struct pages_file *f = pages_of(file);
    int rc = f->real->pMethods->xFetch(f->real, at, size, out_page);
    if (rc != SQLITE_OK || !*out_page || !f->has_sums || !is_page(size, at)) {
        return rc;
    }
    rc = check_page(f, *out_page, at / DB_PAGE_BYTES + 1);
    if (rc != SQLITE_OK) {
        (void)f->real->pMethods->xUnfetch(f->real, at, *out_page);
        *out_page = NULL;
    }
    return rc;
}

static uint32_t word_at(const unsigned char *at, bool is_big)
{
    uint32_t word = get_be32(at);
    return is_big ? word : __builtin_bswap32(word);
}

static void chain_add(struct chain *chain, const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i += 8) {
        chain->sums[0] += word_at(bytes + i, chain->is_big) + chain->sums[1];
        chain->sums[1] += word_at(bytes + i + 4, chain->is_big) + chain->sums[0];
    }
}

static int chain_read(struct pages_file *f, sqlite3_int64 at)
{
    unsigned char magic[4];
    unsigned char before[8];
    sqlite3_int64 before_at =
        at == LOG_HEADER_BYTES ? LOG_HEADER_CHAIN : at - FRAME_BYTES + FRAME_CHAIN;
    int rc = real_read(f, magic, sizeof magic, 0);
    rc = rc == SQLITE_OK ? real_read(f, before, sizeof before, before_at) : rc;
    if (rc == SQLITE_OK) {
        f->chain = (struct chain){.at = at,
                                  .n_locks = f->db->n_locks,
                                  .is_big = magic[3] & 1,
                                  .sums = {get_be32(before), get_be32(before + 4)}};
    }
    return rc;
}

/* The frame's own checksum, which goes on from what is before it in the file. */
static int chain_frame(struct pages_file *f, unsigned char frame[FRAME_BYTES], sqlite3_int64 at)
{
    bool is_known = f->chain.at == at && f->chain.n_locks == f->db->n_locks;
    int rc = is_known ? SQLITE_OK : chain_read(f, at);
    if (rc != SQLITE_OK) {
        return rc;
    }
    chain_add(&f->chain, frame, 8);
    chain_add(&f->chain, frame + FRAME_HEADER_BYTES, DB_PAGE_BYTES);
    put_be32(frame + FRAME_CHAIN, f->chain.sums[0]);
    put_be32(frame + FRAME_CHAIN + 4, f->chain.sums[1]);
    f->chain.at = at + FRAME_BYTES;
    return SQLITE_OK;
}

/* Of a frame that is written over SQLite makes the header again by itself, from what is in the
 * file, before it commits. */
static int write_frame_page(struct pages_file *f, const void *bytes, sqlite3_int64 at)
{
    unsigned char frame[FRAME_BYTES];
    unsigned char *page = frame + FRAME_HEADER_BYTES;
    sqlite3_int64 frame_at = at - FRAME_HEADER_BYTES;
    bool is_new = f->header_at == frame_at;
    int rc = SQLITE_OK;
    if (is_new) {
        memcpy(frame, f->header, FRAME_HEADER_BYTES);
    } else {
        rc = real_read(f, frame, FRAME_HEADER_BYTES, frame_at);
    }
    f->header_at = -1;
    if (rc != SQLITE_OK) {
        return rc;
    }
    memcpy(page, bytes, DB_PAGE_BYTES);
    sum_of_page(page, get_be32(frame), page + SUMMED_BYTES);
    if (!is_new) {
        f->chain.at = 0;
        return real_write(f, page, DB_PAGE_BYTES, at);
    }
    rc = chain_frame(f, frame, frame_at);
    rc = rc == SQLITE_OK ? real_write(f, frame, sizeof frame, frame_at) : rc;
    f->chain.at = rc == SQLITE_OK ? f->chain.at : 0;
    return rc;
}

static int pages_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at)
{
    struct pages_file *f = pages_of(file);
    if (!f->db->has_sums) {
        return real_write(f, bytes, size, at);
    }
    if (f->db == f && is_page(size, at)) {
        unsigned char page[DB_PAGE_BYTES];
        memcpy(page, bytes, sizeof page);
        sum_of_page(page, at / DB_PAGE_BYTES + 1, page + SUMMED_BYTES);
        return real_write(f, page, sizeof page, at);
    }
    if (f->db != f && is_frame_page(size, at)) {
        return write_frame_page(f, bytes, at);
    }
    if (f->db != f && is_frame_header(size, at)) {
        memcpy(f->header, bytes, sizeof f->header);
        f->header_at = at;
    }
    if (f->db != f && at != f->chain.at) {
        f->chain.at = 0;
    }
    return real_write(f, bytes, size, at);
}

/* Frames are never written in pieces: with what SQLite takes every disk for when nothing else is
 * configured, it does not fill up sectors. */
static int pages_traits(sqlite3_file *file)
{
    int traits = real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
    return (traits & ~SQLITE_IOCAP_SUBPAGE_READ) | SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int pages_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out)
{
    return db_shm_map(real_of(file), region, size, extend, out);
}

static int pages_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int pages_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int pages_sync(sqlite3_file *file, int flags)
{
    return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int pages_size(sqlite3_file *file, sqlite3_int64 *out_size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), out_size);
}

static int pages_lock(sqlite3_file *file, int lock)
{
    return real_of(file)->pMethods->xLock(real_of(file), lock);
}

static int pages_unlock(sqlite3_file *file, int lock)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), lock);
}

static int pages_reserved(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int pages_control(sqlite3_file *file, int op, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), op, argument);
}

static int pages_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int pages_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    pages_of(file)->n_locks++;
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void pages_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int pages_shm_unmap(sqlite3_file *file, int delete)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), delete);
}

static int pages_unfetch(sqlite3_file *file, sqlite3_int64 at, void *page)
{
    return real_of(file)->pMethods->xUnfetch(real_of(file), at, page);
}

/* One for each version of the real file's methods: what those lack, these do not have. */
#define METHODS(version)                                                                           \
    {                                                                                              \
        .iVersion = (version), .xClose = pages_close, .xRead = pages_read, .xWrite = pages_write,  \
        .xTruncate = pages_truncate, .xSync = pages_sync, .xFileSize = pages_size,                 \
        .xLock = pages_lock, .xUnlock = pages_unlock, .xCheckReservedLock = pages_reserved,        \
        .xFileControl = pages_control, .xSectorSize = pages_sector,                                \
        .xDeviceCharacteristics = pages_traits, .xShmMap = pages_shm_map,                          \
        .xShmLock = pages_shm_lock, .xShmBarrier = pages_shm_barrier,                              \
        .xShmUnmap = pages_shm_unmap, .xFetch = pages_fetch, .xUnfetch = pages_unfetch,            \
    }
static const sqlite3_io_methods pages_methods[] = {METHODS(1), METHODS(2), METHODS(3)};
enum { VERSIONS = sizeof pages_methods / sizeof pages_methods[0] };

/* An empty file gets sums. */
static bool header_has_sums(struct pages_file *f)
{
    unsigned char header[HEADER_BYTES];
    sqlite3_int64 size = 0;
    if (f->real->pMethods->xFileSize(f->real, &size) != SQLITE_OK || size == 0) {
        return size == 0;
    }
    return real_read(f, header, sizeof header, 0) == SQLITE_OK &&
           (header[16] << 8 | header[17]) == DB_PAGE_BYTES && header[20] == DB_PAGE_SUM_BYTES;
}

static int pages_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
                      int *out_flags)
{
    (void)vfs;
    if (!path || !(flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL))) {
        return pages.real->xOpen(pages.real, path, file, flags, out_flags);
    }
    struct pages_file *f = pages_of(file);
    *f = (struct pages_file){.real = (sqlite3_file *)(f + 1), .header_at = -1};
    int rc = pages.real->xOpen(pages.real, path, f->real, flags, out_flags);
    if (f->real->pMethods) {
        int version = f->real->pMethods->iVersion;
        f->base.pMethods = &pages_methods[(version < VERSIONS ? version : VERSIONS) - 1];
    }
    bool is_log = flags & SQLITE_OPEN_WAL;
    f->db = is_log ? pages_of(sqlite3_database_file_object(path)) : f;
    f->has_sums = rc == SQLITE_OK && !is_log && header_has_sums(f);
    return rc;
}

/* All but the opening of files is the real VFS's own. */
static void register_once(void)
{
    pages.real = sqlite3_vfs_find(NULL);
    if (pages.real) {
        pages.vfs = *pages.real;
        pages.vfs.zName = DB_PAGES_VFS;
        pages.vfs.pNext = NULL;
        pages.vfs.szOsFile += (int)sizeof(struct pages_file);
        pages.vfs.xOpen = pages_open;
        pages.is_registered = sqlite3_vfs_register(&pages.vfs, 0) == SQLITE_OK;
    }
}

bool db_pages_register(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    return pthread_once(&once, register_once) == 0 && pages.is_registered;
}

int db_pages_configure(sqlite3 *db)
{
    char pragma[64];
    int reserved = DB_PAGE_SUM_BYTES;
    (void)sqlite3_snprintf(sizeof pragma, pragma, "PRAGMA page_size=%d", DB_PAGE_BYTES);
    int rc = sqlite3_exec(db, pragma, NULL, NULL, NULL);
    return rc == SQLITE_OK ? sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved)
                           : rc;
}

static struct pages_file *file_of(sqlite3 *db)
{
    sqlite3_file *file = NULL;
    int rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    bool is_ours = rc == SQLITE_OK && file && file->pMethods && file->pMethods->xRead == pages_read;
    return is_ours ? pages_of(file) : NULL;
}

bool db_pages_has_sums(sqlite3 *db)
{
    const struct pages_file *f = file_of(db);
    return f && f->has_sums;
}

int64_t db_pages_damaged(sqlite3 *db)
{
    const struct pages_file *f = file_of(db);
    return f ? f->damaged : 0;
}
