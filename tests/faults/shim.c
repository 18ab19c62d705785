/* Lets calls fail: preloaded into a node, told by a control file which call below which folder fails and how.
 *
 * DOSEBOOK_SHIM_CONTROL names a file of 64 bytes that is mapped: see struct control. DOSEBOOK_SHIM_FOLDER is the folder
 * below which calls count. A failing fsync can also take back what was written since the last one that succeeded, as a
 * kernel does that has thrown the dirty pages away: what a program reads afterwards is what is on the disk. So does a power
 * cut, with all files and folders: it leaves what an fsync has confirmed, and nothing else. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, RENAME = 4, TRUNCATE = 8, OPEN = 16, READ = 32 };

struct control {
    uint32_t armed;    /* the kinds of calls that count; 0: none */
    uint32_t position; /* how many of them succeed first */
    uint32_t times;    /* how many fail then */
    uint32_t error;    /* with which errno */
    uint32_t lose;     /* whether a failing fsync takes back what it should have kept */
    uint32_t seen;     /* how many have counted */
    uint32_t failed;   /* how many have failed */
    uint32_t power;    /* whether the power may be cut */
    uint32_t cut;      /* it is: 1, nothing is left of what no fsync has confirmed; 2, of half of the files */
    uint32_t undone;   /* how many changes have been taken back */
};

static struct control *control;
static char folder[PATH_MAX];
static size_t folder_length;

static void *wait_for_cut(void *);

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("DOSEBOOK_SHIM_CONTROL"), *below = getenv("DOSEBOOK_SHIM_FOLDER");
    if (!path || !below || !realpath(below, folder)) return;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *mapped = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    folder_length = strlen(folder);
    if (mapped == MAP_FAILED) return;
    control = mapped;
    pthread_t waiting;
    if (control->power) pthread_create(&waiting, NULL, wait_for_cut, NULL);
}

static int is_below(const char *path) {
    return !strncmp(path, folder, folder_length) && (path[folder_length] == '/' || !path[folder_length]);
}

static int path_counts(int at, const char *path) {
    char whole[2 * PATH_MAX], base[PATH_MAX];
    if (path[0] == '/') return is_below(path);
    if (at == AT_FDCWD) {
        if (!getcwd(base, sizeof base)) return 0;
    } else {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", at);
        ssize_t length = readlink(link, base, sizeof base - 1);
        if (length < 0) return 0;
        base[length] = 0;
    }
    snprintf(whole, sizeof whole, "%s/%s", base, path);
    return is_below(whole);
}

static int file_counts(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_below(path);
}

static int counts(uint32_t kind) {
    return control && (__atomic_load_n(&control->armed, __ATOMIC_ACQUIRE) & kind);
}

/* Whether this call, which counts, fails. */
static int fails(void) {
    uint32_t number = __atomic_fetch_add(&control->seen, 1, __ATOMIC_ACQ_REL);
    if (number < control->position || number - control->position >= control->times) return 0;
    __atomic_fetch_add(&control->failed, 1, __ATOMIC_ACQ_REL);
    errno = (int)control->error;
    return 1;
}

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

/* What a power cut or a failed fsync undoes: a change of a file that no fsync has confirmed, the youngest first. */
struct change {
    struct change *next;
    uint64_t number;
    dev_t device;
    ino_t file;        /* whose bytes changed; 0 for a change of a folder */
    int descriptor;    /* of that file, shared by all of its changes */
    off_t offset, size; /* where they changed, and how large it was */
    size_t length;
    char *bytes;       /* what was there; or the path that has come */
    char *from;        /* where it came from; none if it was made */
};
static struct change *changes;
static uint64_t changed;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Held for reading by every call that changes something, for writing while the power is cut. */
static pthread_rwlock_t power = PTHREAD_RWLOCK_INITIALIZER;

static int tracks(void) {
    return control && (control->power || (counts(SYNC) && control->lose));
}

static void add(struct change *change) {
    pthread_mutex_lock(&lock);
    change->number = ++changed;
    change->next = changes;
    changes = change;
    for (struct change *other = change->next; other && change->file && change->descriptor < 0; other = other->next)
        if (other->file == change->file && other->device == change->device) change->descriptor = other->descriptor;
    pthread_mutex_unlock(&lock);
}

/* A change of bytes that is about to happen. */
static void note_bytes(int fd, off_t offset, size_t length) {
    struct stat found;
    if (fstat(fd, &found) || !S_ISREG(found.st_mode)) return;
    struct change *change = calloc(1, sizeof *change);
    change->device = found.st_dev, change->file = found.st_ino, change->descriptor = -1;
    change->offset = offset, change->size = found.st_size, change->bytes = malloc(length ? length : 1);
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int own = REAL(open64)(link, O_RDWR | O_CLOEXEC);
    ssize_t there = REAL(pread64)(own, change->bytes, length, offset);
    change->length = there > 0 ? (size_t)there : 0;
    add(change);
    if (change->descriptor < 0) change->descriptor = own;
    else close(own);
}

static char *whole(int at, const char *path) {
    char folded[2 * PATH_MAX], base[PATH_MAX], link[64] = "/proc/self/cwd";
    if (path[0] == '/') return strdup(path);
    if (at != AT_FDCWD) snprintf(link, sizeof link, "/proc/self/fd/%d", at);
    ssize_t length = readlink(link, base, sizeof base - 1);
    base[length > 0 ? length : 0] = 0;
    snprintf(folded, sizeof folded, "%s/%s", base, path);
    return strdup(folded);
}

/* A change of a folder that has happened: a path has come. */
static void note_path(char *path, char *from) {
    struct change *change = calloc(1, sizeof *change);
    change->bytes = path, change->from = from, change->descriptor = -1;
    add(change);
}

static void undo(struct change *change) {
    control->undone++;
    if (change->file) {
        if (REAL(pwrite64)(change->descriptor, change->bytes, change->length, change->offset) < 0) abort();
        if (REAL(ftruncate64)(change->descriptor, change->size)) abort();
    } else if (change->from) {
        REAL(rename)(change->bytes, change->from);
    } else {
        char lost[PATH_MAX + 64];
        snprintf(lost, sizeof lost, "%s/../lost-%d-%llu", folder, getpid(), (unsigned long long)change->number);
        REAL(rename)(change->bytes, lost);
    }
}

/* Forgets, or undoes, what has changed up to a number in a file, or among the names of a folder. */
static void settle(int fd, uint64_t until, int undone) {
    struct stat found;
    int saved = errno;
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0 || fstat(fd, &found)) return;
    path[length] = 0;
    pthread_mutex_lock(&lock);
    int descriptor = -1, left = 0;
    for (struct change **at = &changes; *at;) {
        struct change *change = *at;
        int same = change->file ? change->file == found.st_ino && change->device == found.st_dev
                                : S_ISDIR(found.st_mode) && !strncmp(change->bytes, path, length) &&
                                      change->bytes[length] == '/' && !strchr(change->bytes + length + 1, '/');
        if (!same || change->number > until) {
            left |= same;
            at = &change->next;
            continue;
        }
        if (change->file) descriptor = change->descriptor;
        if (undone && change->file) undo(change);
        *at = change->next;
        free(change->bytes), free(change->from), free(change);
    }
    /* Closing a database would take away the locks of SQLite. */
    if (descriptor >= 0 && !left && !strstr(path, ".sqlite")) close(descriptor);
    pthread_mutex_unlock(&lock);
    errno = saved;
}

/* Waits for the power to be cut: then what no fsync has confirmed is gone, of all files or of every other one. */
static void *wait_for_cut(void *none) {
    (void)none;
    while (!__atomic_load_n(&control->cut, __ATOMIC_ACQUIRE)) usleep(500);
    pthread_rwlock_wrlock(&power);
    for (struct change *change = changes; change; change = change->next)
        if (control->cut == 1 || (change->file / 2 + control->position) % 2) undo(change);
    _exit(137);
}

static void begin(void) {
    if (control && control->power) pthread_rwlock_rdlock(&power);
}
static void end(void) {
    int saved = errno;
    if (control && control->power) pthread_rwlock_unlock(&power);
    errno = saved;
}

/* What precedes a write: whether it fails. */
static int before_write(int fd, off_t offset, size_t length) {
    if (!control || !(control->armed || control->power) || !file_counts(fd)) return 0;
    if (counts(WRITE) && fails()) return 1;
    if (tracks()) note_bytes(fd, offset < 0 ? lseek(fd, 0, SEEK_CUR) : offset, length);
    return 0;
}

static int before_append(int fd, size_t length) {
    struct stat found;
    int flags = fcntl(fd, F_GETFL);
    int at_end = flags >= 0 && (flags & O_APPEND) && !fstat(fd, &found);
    return before_write(fd, at_end ? found.st_size : -1, length);
}

/* One call that changes something, all of it before or after a power cut. */
#define CALL(type, failing, call) \
    begin(); \
    type outcome = (failing) ? -1 : (call); \
    end(); \
    return outcome

ssize_t write(int fd, const void *bytes, size_t length) {
    CALL(ssize_t, before_append(fd, length), REAL(write)(fd, bytes, length));
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
    CALL(ssize_t, before_write(fd, offset, length), REAL(pwrite)(fd, bytes, length, offset));
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
    CALL(ssize_t, before_write(fd, offset, length), REAL(pwrite64)(fd, bytes, length, offset));
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
    size_t length = 0;
    for (int part = 0; part < count; part++) length += parts[part].iov_len;
    CALL(ssize_t, before_append(fd, length), REAL(writev)(fd, parts, count));
}

static int fails_to_read(int fd) { return counts(READ) && file_counts(fd) && fails(); }

ssize_t read(int fd, void *bytes, size_t length) {
    return fails_to_read(fd) ? -1 : REAL(read)(fd, bytes, length);
}
ssize_t pread(int fd, void *bytes, size_t length, off_t offset) {
    return fails_to_read(fd) ? -1 : REAL(pread)(fd, bytes, length, offset);
}
ssize_t pread64(int fd, void *bytes, size_t length, off64_t offset) {
    return fails_to_read(fd) ? -1 : REAL(pread64)(fd, bytes, length, offset);
}

static int synced(int fd, int (*sync)(int)) {
    if (!tracks() && !counts(SYNC)) return sync(fd);
    if (!file_counts(fd)) return sync(fd);
    uint64_t until = __atomic_load_n(&changed, __ATOMIC_ACQUIRE);
    if (counts(SYNC) && fails()) {
        settle(fd, until, control->lose);
        return -1;
    }
    int outcome = sync(fd);
    if (!outcome) settle(fd, until, 0);
    return outcome;
}
int fsync(int fd) { CALL(int, 0, synced(fd, REAL(fsync))); }
int fdatasync(int fd) { CALL(int, 0, synced(fd, REAL(fdatasync))); }

static int before_truncate(int fd, off_t length) {
    struct stat found;
    if (!control || !(control->armed || control->power) || !file_counts(fd)) return 0;
    if (counts(TRUNCATE) && fails()) return 1;
    if (tracks() && !fstat(fd, &found))
        note_bytes(fd, length, found.st_size > length ? (size_t)(found.st_size - length) : 0);
    return 0;
}
int ftruncate(int fd, off_t length) {
    CALL(int, before_truncate(fd, length), REAL(ftruncate)(fd, length));
}
int ftruncate64(int fd, off64_t length) {
    CALL(int, before_truncate(fd, length), REAL(ftruncate64)(fd, length));
}

/* What follows the coming of a path: its outcome. */
static int come(int outcome, int at, const char *path, int from_at, const char *from) {
    if (outcome >= 0 && control && control->power && path_counts(at, path))
        note_path(whole(at, path), from ? whole(from_at, from) : NULL);
    return outcome;
}
static int fails_to_come(uint32_t kind, int at, const char *path) {
    return counts(kind) && path_counts(at, path) && fails();
}

int rename(const char *from, const char *to) {
    CALL(int, fails_to_come(RENAME, AT_FDCWD, to), come(REAL(rename)(from, to), AT_FDCWD, to, AT_FDCWD, from));
}
int renameat(int from_at, const char *from, int to_at, const char *to) {
    CALL(int, fails_to_come(RENAME, to_at, to), come(REAL(renameat)(from_at, from, to_at, to), to_at, to, from_at, from));
}
int link(const char *from, const char *to) {
    CALL(int, fails_to_come(RENAME, AT_FDCWD, to), come(REAL(link)(from, to), AT_FDCWD, to, AT_FDCWD, NULL));
}
int linkat(int from_at, const char *from, int to_at, const char *to, int flags) {
    CALL(int, fails_to_come(RENAME, to_at, to),
         come(REAL(linkat)(from_at, from, to_at, to, flags), to_at, to, AT_FDCWD, NULL));
}
int mkdir(const char *path, mode_t mode) {
    CALL(int, fails_to_come(OPEN, AT_FDCWD, path), come(REAL(mkdir)(path, mode), AT_FDCWD, path, AT_FDCWD, NULL));
}

/* Opens, unless that is to fail: only to write. A file that is made is a change of its folder. */
static int opened(int at, const char *path, int flags, mode_t mode) {
    if ((flags & O_ACCMODE) != O_RDONLY && fails_to_come(OPEN, at, path)) return -1;
    int made = control && control->power && (flags & O_CREAT) && faccessat(at, path, F_OK, 0);
    int fd = REAL(openat64)(at, path, flags, mode);
    return made ? come(fd, at, path, AT_FDCWD, NULL) : fd;
}
#define MODE(flags) \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
        va_list more; \
        va_start(more, flags); \
        mode = va_arg(more, mode_t); \
        va_end(more); \
    }
int open(const char *path, int flags, ...) {
    MODE(flags)
    CALL(int, 0, opened(AT_FDCWD, path, flags, mode));
}
int open64(const char *path, int flags, ...) {
    MODE(flags)
    CALL(int, 0, opened(AT_FDCWD, path, flags, mode));
}
int openat(int at, const char *path, int flags, ...) {
    MODE(flags)
    CALL(int, 0, opened(at, path, flags, mode));
}
int openat64(int at, const char *path, int flags, ...) {
    MODE(flags)
    CALL(int, 0, opened(at, path, flags, mode));
}
