/* Lets writes fail: preloaded into a node, told by a control file which call below which folder fails and how.
 *
 * DOSEBOOK_SHIM_CONTROL names a file of 64 bytes that is mapped: see struct control. DOSEBOOK_SHIM_FOLDER is the folder
 * below which calls count. A failing fsync can also take back what was written since the last one that succeeded, as a
 * kernel does that has thrown the dirty pages away: what a program reads afterwards is what is on the disk. */
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

enum { WRITE = 1, SYNC = 2, RENAME = 4, TRUNCATE = 8, OPEN = 16 };

struct control {
    uint32_t armed;    /* the kinds of calls that count; 0: none */
    uint32_t position; /* how many of them succeed first */
    uint32_t times;    /* how many fail then */
    uint32_t error;    /* with which errno */
    uint32_t lose;     /* whether a failing fsync takes back what it should have kept */
    uint32_t seen;     /* how many have counted */
    uint32_t failed;   /* how many have failed */
};

static struct control *control;
static char folder[PATH_MAX];
static size_t folder_length;

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("DOSEBOOK_SHIM_CONTROL"), *below = getenv("DOSEBOOK_SHIM_FOLDER");
    if (!path || !below || !realpath(below, folder)) return;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *mapped = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    folder_length = strlen(folder);
    if (mapped != MAP_FAILED) control = mapped;
}

static int is_below(const char *path) {
    return strncmp(path, folder, folder_length) == 0 && path[folder_length] == '/';
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

/* What was in a file before it was written to, since its last fsync: the youngest first. */
struct before {
    struct before *next;
    dev_t device;
    ino_t file;
    off_t offset, size;
    size_t length;
    char bytes[];
};
static struct before *unsynced;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void remember(int fd, off_t offset, size_t length) {
    struct stat found;
    if (fstat(fd, &found) || !S_ISREG(found.st_mode)) return;
    struct before *before = malloc(sizeof *before + length);
    if (!before) return;
    *before = (struct before){.device = found.st_dev, .file = found.st_ino, .offset = offset, .size = found.st_size};
    ssize_t there = REAL(pread64)(fd, before->bytes, length, offset);
    before->length = there > 0 ? (size_t)there : 0;
    pthread_mutex_lock(&lock);
    before->next = unsynced;
    unsynced = before;
    pthread_mutex_unlock(&lock);
}

/* Forgets, or takes back, what was written to a file since its last fsync. */
static void settle(int fd, int take_back) {
    struct stat found;
    if (fstat(fd, &found)) return;
    int saved = errno;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int again = take_back && unsynced ? REAL(open64)(link, O_RDWR | O_CLOEXEC) : -1;
    pthread_mutex_lock(&lock);
    for (struct before **at = &unsynced; *at;) {
        struct before *before = *at;
        if (before->device != found.st_dev || before->file != found.st_ino) {
            at = &before->next;
            continue;
        }
        if (again >= 0) {
            if (REAL(pwrite64)(again, before->bytes, before->length, before->offset) < 0) abort();
            if (REAL(ftruncate64)(again, before->size)) abort();
        }
        *at = before->next;
        free(before);
    }
    pthread_mutex_unlock(&lock);
    if (again >= 0) close(again);
    errno = saved;
}

/* What precedes a write: whether it fails. */
static int before_write(int fd, off_t offset, size_t length) {
    if (!control || !control->armed || !file_counts(fd)) return 0;
    if (counts(WRITE) && fails()) return 1;
    if (counts(SYNC) && control->lose) remember(fd, offset < 0 ? lseek(fd, 0, SEEK_CUR) : offset, length);
    return 0;
}

static int before_append(int fd, size_t length) {
    struct stat found;
    int flags = fcntl(fd, F_GETFL);
    int at_end = flags >= 0 && (flags & O_APPEND) && !fstat(fd, &found);
    return before_write(fd, at_end ? found.st_size : -1, length);
}

ssize_t write(int fd, const void *bytes, size_t length) {
    return before_append(fd, length) ? -1 : REAL(write)(fd, bytes, length);
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
    return before_write(fd, offset, length) ? -1 : REAL(pwrite)(fd, bytes, length, offset);
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
    return before_write(fd, offset, length) ? -1 : REAL(pwrite64)(fd, bytes, length, offset);
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
    size_t length = 0;
    for (int part = 0; part < count; part++) length += parts[part].iov_len;
    return before_append(fd, length) ? -1 : REAL(writev)(fd, parts, count);
}

/* What precedes an fsync: whether it fails. */
static int before_sync(int fd) {
    if (!counts(SYNC) || !file_counts(fd)) return 0;
    int failing = fails();
    settle(fd, failing && control->lose);
    return failing;
}
int fsync(int fd) { return before_sync(fd) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return before_sync(fd) ? -1 : REAL(fdatasync)(fd); }

int ftruncate(int fd, off_t length) {
    return counts(TRUNCATE) && file_counts(fd) && fails() ? -1 : REAL(ftruncate)(fd, length);
}
int ftruncate64(int fd, off64_t length) {
    return counts(TRUNCATE) && file_counts(fd) && fails() ? -1 : REAL(ftruncate64)(fd, length);
}

int rename(const char *from, const char *to) {
    return counts(RENAME) && path_counts(AT_FDCWD, to) && fails() ? -1 : REAL(rename)(from, to);
}
int renameat(int from_at, const char *from, int to_at, const char *to) {
    return counts(RENAME) && path_counts(to_at, to) && fails() ? -1 : REAL(renameat)(from_at, from, to_at, to);
}
int link(const char *from, const char *to) {
    return counts(RENAME) && path_counts(AT_FDCWD, to) && fails() ? -1 : REAL(link)(from, to);
}
int linkat(int from_at, const char *from, int to_at, const char *to, int flags) {
    return counts(RENAME) && path_counts(to_at, to) && fails() ? -1 : REAL(linkat)(from_at, from, to_at, to, flags);
}
int mkdir(const char *path, mode_t mode) {
    return counts(OPEN) && path_counts(AT_FDCWD, path) && fails() ? -1 : REAL(mkdir)(path, mode);
}

/* Whether opening fails: only to write. */
static int before_open(int at, const char *path, int flags) {
    return (flags & O_ACCMODE) != O_RDONLY && counts(OPEN) && path_counts(at, path) && fails();
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
    return before_open(AT_FDCWD, path, flags) ? -1 : REAL(open)(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    MODE(flags)
    return before_open(AT_FDCWD, path, flags) ? -1 : REAL(open64)(path, flags, mode);
}
int openat(int at, const char *path, int flags, ...) {
    MODE(flags)
    return before_open(at, path, flags) ? -1 : REAL(openat)(at, path, flags, mode);
}
int openat64(int at, const char *path, int flags, ...) {
    MODE(flags)
    return before_open(at, path, flags) ? -1 : REAL(openat64)(at, path, flags, mode);
}
