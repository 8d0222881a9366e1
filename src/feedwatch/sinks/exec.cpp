#include "feedwatch/sinks/exec.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

#include "feedwatch/sinks/webhook.hpp"

namespace feedwatch::sinks {
namespace {

using Status = SinkResult::Status;
using Steady = std::chrono::steady_clock;

constexpr int try_later = 75;  // EX_TEMPFAIL
constexpr std::chrono::milliseconds step{50};

class File {
 public:
  explicit File(int fd = -1) : fd_(fd) {}
  ~File() { close(); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return fd_; }
  void reset(int fd) {
    close();
    fd_ = fd;
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

SinkResult failed(Status status, std::string detail) {
  return {.status = status, .detail = std::move(detail), .retry_after = {}};
}

/// Where its output goes, and nothing of ours but its standard input.
class Plumbing {
 public:
  explicit Plumbing(int input) {
    posix_spawn_file_actions_init(&files_);
    posix_spawn_file_actions_adddup2(&files_, input, STDIN_FILENO);
    for (const int out : {STDOUT_FILENO, STDERR_FILENO}) {
      posix_spawn_file_actions_addopen(&files_, out, "/dev/null", O_WRONLY, 0);
    }
    posix_spawn_file_actions_addclosefrom_np(&files_, STDERR_FILENO + 1);
    posix_spawnattr_init(&how_);
    posix_spawnattr_setpgroup(&how_, 0);
    sigset_t none{};
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&how_, &none);
    sigset_t reset{};
    sigemptyset(&reset);
    sigaddset(&reset, SIGPIPE);
    posix_spawnattr_setsigdefault(&how_, &reset);
    posix_spawnattr_setflags(
        &how_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Plumbing() {
    posix_spawn_file_actions_destroy(&files_);
    posix_spawnattr_destroy(&how_);
  }
  Plumbing(const Plumbing&) = delete;
  Plumbing& operator=(const Plumbing&) = delete;

  int start(pid_t& pid, std::vector<std::string> command, std::vector<std::string> environment) {
    const auto pointers = [](std::vector<std::string>& texts) {
      std::vector<char*> list(texts.size() + 1, nullptr);
      std::ranges::transform(texts, list.begin(), [](std::string& text) { return text.data(); });
      return list;
    };
    return ::posix_spawn(&pid, command.front().c_str(), &files_, &how_, pointers(command).data(),
                         pointers(environment).data());
  }

 private:
  posix_spawn_file_actions_t files_{};
  posix_spawnattr_t how_{};
};

/// A child until it has ended: fed, watched, and killed with its group if it must be.
class Child {
 public:
  Child(pid_t pid, std::string_view text) : pid_(pid), text_(text) {}

  SinkResult attend(File& input, Steady::time_point deadline, const std::stop_token& stop) {
    const File ended(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    while (Steady::now() < deadline && !stop.stop_requested()) {  // clock-ok: a child's time-out
      std::array<pollfd, 2> events{{{.fd = ended.get(), .events = POLLIN, .revents = 0},
                                    {.fd = input.get(), .events = POLLOUT, .revents = 0}}};
      ::poll(events.data(), events.size(), static_cast<int>(step.count()));
      if (events[1].revents != 0) feed(input);
      if (const auto status = reap(WNOHANG)) return judge(*status);
    }
    ::kill(-pid_, SIGKILL);
    (void)reap(0);
    return failed(Status::retry, "killed: it took too long");
  }

 private:
  /// What the pipe takes; its end when there is no more, or when nobody reads.
  void feed(File& input) {
    const ssize_t written = ::write(input.get(), text_.data(), text_.size());
    if (written > 0) text_.remove_prefix(static_cast<std::size_t>(written));
    if (text_.empty() || (written < 0 && errno != EAGAIN && errno != EINTR)) input.close();
  }

  std::optional<int> reap(int options) const {
    int status = 0;
    while (true) {
      const pid_t found = ::waitpid(pid_, &status, options);
      if (found == pid_) return status;
      if (found == 0) return std::nullopt;
      if (errno != EINTR) return W_EXITCODE(1, 0);  // somebody else has waited for it
    }
  }

  static SinkResult judge(int status) {
    if (WIFSIGNALED(status)) {
      return failed(Status::failed, fmt::format("killed by signal {}", WTERMSIG(status)));
    }
    const int code = WEXITSTATUS(status);
    if (code == 0) return failed(Status::delivered, "");
    return failed(code == try_later ? Status::retry : Status::failed,
                  fmt::format("exit status {}", code));
  }

  pid_t pid_;
  std::string_view text_;
};

/// A write to a pipe nobody reads is an error here, not the end of the process.
void ignore_broken_pipes() {
  sigset_t pipe{};
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
}

SinkResult run(const ExecOptions& options, const std::string& key, const std::string& body,
               const std::stop_token& stop) {
  ignore_broken_pipes();
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed(Status::retry, std::strerror(errno));
  File theirs(ends[0]);
  File ours(ends[1]);
  ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
  pid_t pid = 0;
  const int error = Plumbing(theirs.get())
                        .start(pid, options.command,
                               {"PATH=/usr/local/bin:/usr/bin:/bin", "FEEDWATCH_KEY=" + key});
  if (error != 0) return failed(Status::failed, std::strerror(error));
  theirs.close();
  const auto deadline = Steady::now() + options.timeout;  // clock-ok: a child's time-out
  return Child(pid, body).attend(ours, deadline, stop);
}

}  // namespace

ExecSink::ExecSink(ExecOptions options, Mailbox& mailbox)
    : options_(std::make_shared<const ExecOptions>(std::move(options))), worker_(mailbox) {}

void ExecSink::deliver(const Notification& notification, Done done) {
  worker_.run([options = options_, key = one_line(notification.id),
               body = webhook_body(notification, options_->name, options_->speaker)](
                  const std::stop_token& stop) { return run(*options, key, body, stop); },
              std::move(done));
}

}  // namespace feedwatch::sinks
