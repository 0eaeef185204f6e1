// bin/promfold of the tarball: becomes lib/node, with the program in lib/promfold and the arguments
// it was given. It finds both from its own place, so that the folder can be anywhere.
//
// Not a script: images without a shell have none to run it. And static, so that it runs where there
// is no glibc, and says so, where Node itself would only be "not found".

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

// The unwinder in the static library of GCC 12 asks glibc 2.35 for this. Nothing is thrown here.
extern "C" int _dl_find_object(void* /*address*/, void* /*found*/) { return -1; }

namespace {

constexpr char kNode[] = "/lib/node";
constexpr char kProgram[] = "/lib/promfold/dist/bundle/promfold.js";

// The folder above bin/, without its last slash. Without /proc it is taken from the path that was
// started.
bool FindRoot(char* root) {
  const ssize_t length = readlink("/proc/self/exe", root, PATH_MAX - 1);
  if (length > 0) {
    root[length] = '\0';
  } else {
    const char* started = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
    if (started == nullptr || realpath(started, root) == nullptr) return false;
  }
  for (int parts = 0; parts < 2; ++parts) {
    char* slash = strrchr(root, '/');
    if (slash == nullptr) return false;
    *slash = '\0';
  }
  return true;
}

}  // namespace

int main(int count, char** given) {
  static char root[PATH_MAX];
  if (!FindRoot(root)) {
    fprintf(stderr, "promfold: cannot find its own folder: mount /proc, or start it by its path\n");
    return 2;
  }
  static char node[PATH_MAX + sizeof kNode];
  static char program[PATH_MAX + sizeof kProgram];
  snprintf(node, sizeof node, "%s%s", root, kNode);
  snprintf(program, sizeof program, "%s%s", root, kProgram);

  char** arguments = static_cast<char**>(calloc(static_cast<size_t>(count) + 2, sizeof(char*)));
  if (arguments == nullptr) return 2;
  arguments[0] = node;
  arguments[1] = program;
  for (int i = 1; i < count; ++i) arguments[i + 1] = given[i];
  execv(node, arguments);

  // The file is there, and what the kernel does not find is its loader.
  const int error = errno;
  if (error == ENOENT && access(node, X_OK) == 0) {
    fprintf(stderr,
            "promfold: expected glibc, which this system does not have (Alpine has musl); use an "
            "image of Debian, Ubuntu or RHEL, or build promfold from source\n");
  } else {
    fprintf(stderr, "promfold: cannot run %s: %s; unpack the whole tarball\n", node,
            strerror(error));
  }
  return 2;
}
