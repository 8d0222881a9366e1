#include "feedwatch/store/tests/pg_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

#include "feedwatch/store/postgres/pg_wait.hpp"

namespace feedwatch::store {
namespace {

constexpr const char* programs = "/usr/lib/postgresql/15/bin/";

std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(fd);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

/// Between two looks at another process.
void pause() {
  PgWait wait;
  static_cast<void>(wait.wait(-1, 0, PgWait::in(2ms)));
}

}  // namespace

bool PgServer::installed() {
  return ::access((std::string(programs) + "postgres").c_str(), X_OK) == 0;
}

PgServer& PgServer::shared() {
  static PgServer server;
  return server;
}

PgServer::PgServer(std::vector<std::string> settings)
    : data_(dir_.path() / "data"), settings_(std::move(settings)), port_(free_port()) {
  if (::getuid() == 0) {
    const passwd* user = ::getpwnam("postgres");
    if (user == nullptr) throw std::runtime_error("there is no user postgres");
    user_ = user->pw_uid;
    group_ = user->pw_gid;
    if (::chown(dir_.path().c_str(), user_, group_) != 0) throw std::runtime_error("chown");
  }
  run({"initdb", "-D", data_.string(), "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8",
       "--locale=C.UTF-8"});
  start();
}

PgServer::~PgServer() {
  if (is_up()) kill();
}

/// A child that dies with us.
pid_t PgServer::spawn(const std::vector<std::string>& command) const {
  std::vector<std::string> words = command;
  words[0] = programs + words[0];
  std::vector<char*> args;
  for (std::string& word : words) args.push_back(word.data());
  args.push_back(nullptr);
  const std::string log = (dir_.path() / "log").string();
  const pid_t child = ::fork();
  if (child != 0) return child;
  if (user_ != 0 && (::setgid(group_) != 0 || ::setuid(user_) != 0)) ::_exit(1);
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);  // NOLINT: POSIX open
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  ::execv(args[0], args.data());
  ::_exit(1);
}

void PgServer::run(const std::vector<std::string>& command) const {
  int status = 0;
  const pid_t child = spawn(command);
  if (::waitpid(child, &status, 0) != child || status != 0) {
    throw std::runtime_error(command[0] + " failed, see " + (dir_.path() / "log").string());
  }
}

void PgServer::start() {
  std::vector<std::string> command{"postgres", "-D", data_.string(), "-p", std::to_string(port_)};
  std::vector<std::string> settings{"listen_addresses=127.0.0.1",
                                    "unix_socket_directories=" + dir_.path().string(),
                                    "fsync=off",
                                    "synchronous_commit=on",
                                    "full_page_writes=off",
                                    "max_connections=20"};
  settings.insert(settings.end(), settings_.begin(), settings_.end());
  for (const std::string& each : settings) {
    command.emplace_back("-c");
    command.push_back(each);
  }
  pid_ = spawn(command);
  for (int i = 0; i < 15'000; ++i) {
    if (PQping(url("postgres").c_str()) == PQPING_OK) return;
    pause();
  }
  throw std::runtime_error("PostgreSQL does not come up, see " + (dir_.path() / "log").string());
}

std::vector<pid_t> PgServer::processes() const {
  std::vector<pid_t> found{pid_};
  const std::string task = "/proc/" + std::to_string(pid_) + "/task";
  std::ifstream in(task + "/" + std::to_string(pid_) + "/children");
  for (pid_t child = 0; in >> child;) found.push_back(child);
  return found;
}

void PgServer::signal_all(int signal) const {
  for (const pid_t each : processes()) ::kill(each, signal);
}

void PgServer::stop() {
  ::kill(pid_, SIGINT);  // "fast"
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void PgServer::kill() {
  const std::vector<pid_t> all = processes();
  for (const pid_t each : all) ::kill(each, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  // Its children are not ours to wait for; a new server needs them gone.
  for (const pid_t each : all) {
    while (::kill(each, 0) == 0) pause();
  }
  pid_ = -1;
}

void PgServer::suspend() {
  signal_all(SIGSTOP);
}

void PgServer::resume() {
  signal_all(SIGCONT);
}

void PgServer::write(const std::string& file, const std::string& text, mode_t mode) {
  const std::filesystem::path path = data_ / file;
  std::ofstream(path) << text;
  if (::chmod(path.c_str(), mode) != 0) throw std::runtime_error("chmod");
  if (user_ != 0 && ::chown(path.c_str(), user_, group_) != 0) throw std::runtime_error("chown");
}

void PgServer::reload() {
  ask("postgres", "SELECT pg_reload_conf()");
}

std::string PgServer::url(const std::string& database) const {
  return "postgresql://postgres@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string PgServer::create_database() {
  const std::string name = "t" + std::to_string(++databases_);
  ask("postgres", "CREATE DATABASE " + name);
  return name;
}

std::string PgServer::ask(const std::string& database, const std::string& sql) const {
  const std::unique_ptr<PGconn, void (*)(PGconn*)> connection(PQconnectdb(url(database).c_str()),
                                                              &PQfinish);
  const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQexec(connection.get(), sql.c_str()),
                                                              &PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    throw std::runtime_error(PQerrorMessage(connection.get()));
  }
  return PQntuples(result.get()) == 0 ? std::string{} : PQgetvalue(result.get(), 0, 0);
}

}  // namespace feedwatch::store
