#include "tests/bench/ingest/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <fstream>
#include <stdexcept>

#include "tests/bench/clocks.hpp"

namespace feedwatch::bench::ingest {
namespace {

[[noreturn]] void become(const std::vector<std::string>& command, int core, int output) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  stay_on_core(core);
  dup2(output, STDOUT_FILENO);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

}  // namespace

void stay_on_core(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<std::size_t>(core), &cores);
  sched_setaffinity(0, sizeof cores, &cores);
}

void leave_core() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  for (std::size_t i = 0; i < CPU_SETSIZE; ++i) CPU_SET(i, &cores);
  sched_setaffinity(0, sizeof cores, &cores);
}

Child::Child(const std::vector<std::string>& command, int core) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  said_ = net::Fd(ends[0]);
  const net::Fd output(ends[1]);
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("no process");
  if (pid_ == 0) become(command, core, output.get());
}

Child::~Child() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

Duration Child::cpu() const {
  clockid_t clock{};
  if (clock_getcpuclockid(pid_, &clock) != 0) throw std::runtime_error("the client has ended");
  return read(clock);
}

double Child::anonymous_mb() const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  for (std::string word; status >> word;) {
    double kilobytes = 0;
    if (word == "RssAnon:" && status >> kilobytes) return kilobytes / 1e3;
  }
  throw std::runtime_error("the client has ended");
}

std::string Child::line(Duration patience) const {
  const Duration limit = wall_now() + patience;
  std::string text;
  while (wall_now() < limit) {
    pollfd watched{.fd = said_.get(), .events = POLLIN, .revents = 0};
    if (poll(&watched, 1, 100) <= 0) continue;
    char c = 0;
    if (::read(said_.get(), &c, 1) != 1) break;
    if (c == '\n') return text;
    text.push_back(c);
  }
  throw std::runtime_error("the client said nothing");
}

Folder::Folder() {
  std::string pattern = std::filesystem::temp_directory_path() / "feedwatch-ingest-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = pattern;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace feedwatch::bench::ingest
