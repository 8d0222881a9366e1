#pragma once

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>

/// Runs code where the kernel kills whoever calls it: the proof that a path makes no system call
/// and, if asked, reads no clock. Sanitizers make calls of their own: skip there.
namespace feedwatch::testing {

enum class Clocks : std::uint8_t {
  may_be_read,  ///< without a system call, through the vDSO
  forbidden,    ///< the processor's time stamp counter, which the vDSO needs, is forbidden too
};

/// From now on the kernel kills this process at any system call but the one that ends it. (Not the
/// strict mode of seccomp: that always forbids the time stamp counter too, which is no call.)
inline bool forbid_system_calls() {
  constexpr auto kill = static_cast<std::uint32_t>(SECCOMP_RET_KILL_PROCESS);
  constexpr auto allow = static_cast<std::uint32_t>(SECCOMP_RET_ALLOW);
  sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, allow),
      BPF_STMT(BPF_RET | BPF_K, kill),
  };
  const sock_fprog program{.len = std::size(rules), .filter = rules};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/// How the action ended in a child that may do nothing but compute.
struct Confined {
  bool possible = false;  ///< this kernel or processor cannot forbid it
  bool returned_true = false;
  int signal = 0;  ///< that killed it: SIGSYS = a system call, SIGSEGV = a clock; 0 = none
};

inline Confined run_confined(const std::function<bool()>& action,
                             Clocks clocks = Clocks::may_be_read) {
  constexpr int impossible = 77;
  const pid_t child = ::fork();
  if (child == 0) {
    const bool blind = clocks == Clocks::may_be_read || ::prctl(PR_SET_TSC, PR_TSC_SIGSEGV) == 0;
    if (!blind || !forbid_system_calls()) ::_exit(impossible);
    ::_exit(action() ? 0 : 1);
  }
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  Confined ended;
  ended.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  ended.possible = !WIFEXITED(status) || WEXITSTATUS(status) != impossible;
  ended.returned_true = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return ended;
}

}  // namespace feedwatch::testing
