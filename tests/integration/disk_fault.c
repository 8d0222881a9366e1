/* Preloaded into the program under test: writes, syncs and reads of files whose path begins with
 * what FEEDWATCH_FAULT_FILE names fail with the error it names ("ERRNO PATH"); without that file
 * nothing does. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int fault_of(int fd) {
  const char* const plan = getenv("FEEDWATCH_FAULT_FILE");
  const int saved = errno;
  const int file = plan ? open(plan, O_RDONLY | O_CLOEXEC) : -1;
  char text[1024] = {0}, link[64], path[1024] = {0};
  int code = 0, length = 0;
  if (file >= 0) {
    ssize_t (*real)(int, void*, size_t) = dlsym(RTLD_NEXT, "read");
    const ssize_t size = real(file, text, sizeof text - 1);
    close(file);
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (size <= 0 || sscanf(text, "%d %n", &code, &length) != 1 ||
        readlink(link, path, sizeof path - 1) < 0 ||
        strncmp(path, text + length, strlen(text + length)) != 0) {
      code = 0;
    }
  }
  errno = code != 0 ? code : saved;
  return code;
}

#define FAULTY(result, name, parameters, arguments)           \
  result name parameters {                                    \
    result(*real) parameters = dlsym(RTLD_NEXT, #name);       \
    return fault_of(fd) != 0 ? (result) - 1 : real arguments; \
  }

FAULTY(ssize_t, write, (int fd, const void* bytes, size_t size), (fd, bytes, size))
FAULTY(ssize_t, pwrite, (int fd, const void* bytes, size_t size, off_t at), (fd, bytes, size, at))
FAULTY(ssize_t, pwrite64, (int fd, const void* bytes, size_t size, off64_t at),
       (fd, bytes, size, at))
FAULTY(int, fsync, (int fd), (fd))
FAULTY(int, fdatasync, (int fd), (fd))
FAULTY(int, ftruncate, (int fd, off_t size), (fd, size))
FAULTY(int, ftruncate64, (int fd, off64_t size), (fd, size))
